"""The transactions table: one DynamoDB global table, a replica in each region of the pair.

``AWS::DynamoDB::GlobalTable`` makes both replicas from the launch region; the peer half only tells
its own region what is there. Encryption, point-in-time recovery and deletion protection are set
for each replica, because nothing is inherited.

See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GlobalTables.html
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct

from .. import names
from ._parameters import publish

STATUS_INDEX = "StatusIndex"
TTL_ATTRIBUTE = "expiresAt"


class GlobalTable(Construct):
    """The primary half: ``dr-transactions-<suffix>`` with a replica in this region and the peer.

    On-demand capacity; keys ``transactionId`` and ``timestamp``; the index ``StatusIndex`` lists by
    ``status``; items with the number attribute ``expiresAt`` (epoch seconds) expire.

    Args:
        suffix: The environment suffix.
        key: The customer key in this region.
        peer_region: The region of the other replica; by default there is none, and what is in the peer
            comes from backups.
        peer_key_arn: The customer key there; a key ARN, since an alias reads as drift.
        deletion_protection: True (default) protects both replicas from the start. False leaves it to
            whoever protects them later: a protected table keeps a stack that failed from rolling back.

    Attributes:
        table: The table in this region.
        table_name: Its name, the same in both regions.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        key: kms.IKey,
        peer_region: str | None = None,
        peer_key_arn: str | None = None,
        deletion_protection: bool = True,
    ) -> None:
        super().__init__(scope, construct_id)
        self.table_name = names.TABLE.of(suffix=suffix)
        self.resource = dynamodb.CfnGlobalTable(
            self,
            "Table",
            table_name=self.table_name,
            billing_mode="PAY_PER_REQUEST",
            attribute_definitions=[
                _attribute(name) for name in ("transactionId", "timestamp", "status")
            ],
            key_schema=[_key("transactionId", "HASH"), _key("timestamp", "RANGE")],
            global_secondary_indexes=[
                dynamodb.CfnGlobalTable.GlobalSecondaryIndexProperty(
                    index_name=STATUS_INDEX,
                    key_schema=[_key("status", "HASH"), _key("timestamp", "RANGE")],
                    projection=dynamodb.CfnGlobalTable.ProjectionProperty(projection_type="ALL"),
                )
            ],
            stream_specification=dynamodb.CfnGlobalTable.StreamSpecificationProperty(
                stream_view_type="NEW_AND_OLD_IMAGES"
            ),
            sse_specification=dynamodb.CfnGlobalTable.SSESpecificationProperty(
                sse_enabled=True, sse_type="KMS"
            ),
            time_to_live_specification=dynamodb.CfnGlobalTable.TimeToLiveSpecificationProperty(
                enabled=True, attribute_name=TTL_ATTRIBUTE
            ),
            replicas=[
                _replica(region, key_arn, suffix, deletion_protection)
                for region, key_arn in (
                    (cdk.Stack.of(self).region, key.key_arn),
                    (peer_region, peer_key_arn),
                )
                if region is not None and key_arn is not None
            ],
        )
        self.resource.apply_removal_policy(cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE)
        self.table: dynamodb.ITable = _table(self, suffix=suffix, key=key)


class GlobalTableReplica(Construct):
    """The peer half: the replica that the primary half made in this region.

    Args:
        suffix: The environment suffix.
        key: The customer key in this region.

    Attributes:
        table: The replica in this region.
    """

    def __init__(self, scope: Construct, construct_id: str, *, suffix: str, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self.table: dynamodb.ITable = _table(self, suffix=suffix, key=key)


def _table(scope: Construct, *, suffix: str, key: kms.IKey) -> dynamodb.ITable:
    name = names.TABLE.of(suffix=suffix)
    arn = cdk.Stack.of(scope).format_arn(service="dynamodb", resource="table", resource_name=name)
    publish(scope, suffix=suffix, layer="dynamodb", values={"table-name": name, "table-arn": arn})
    return dynamodb.Table.from_table_attributes(
        scope, "Imported", table_arn=arn, encryption_key=key, global_indexes=[STATUS_INDEX]
    )


def _attribute(name: str) -> dynamodb.CfnGlobalTable.AttributeDefinitionProperty:
    return dynamodb.CfnGlobalTable.AttributeDefinitionProperty(
        attribute_name=name, attribute_type="S"
    )


def _key(name: str, key_type: str) -> dynamodb.CfnGlobalTable.KeySchemaProperty:
    return dynamodb.CfnGlobalTable.KeySchemaProperty(attribute_name=name, key_type=key_type)


def _replica(
    region: str, key_arn: str, suffix: str, deletion_protection: bool
) -> dynamodb.CfnGlobalTable.ReplicaSpecificationProperty:
    return dynamodb.CfnGlobalTable.ReplicaSpecificationProperty(
        region=region,
        sse_specification=dynamodb.CfnGlobalTable.ReplicaSSESpecificationProperty(
            kms_master_key_id=key_arn
        ),
        point_in_time_recovery_specification=dynamodb.CfnGlobalTable.PointInTimeRecoverySpecificationProperty(
            point_in_time_recovery_enabled=True
        ),
        # Absent, not false: what is switched on later is no drift then.
        deletion_protection_enabled=True if deletion_protection else None,
        tags=[cdk.CfnTag(key="dr:suffix", value=suffix)],  # a stack's tags don't reach replicas
    )
