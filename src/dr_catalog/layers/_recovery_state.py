"""What a region knows of who writes, and in the peer what a recovery has done: one small table.

A table of its own in each region, replicated nowhere: what the peer knows must not wait for the launch
region, and what the old writer believed must not follow by itself. No item is there until a recovery
makes one; without one the launch region writes, in epoch 1.

The table lives and ends with the launch, while nothing is under way: the guards see to that. What a
recovery leaves for later, its evidence, lies with the documents.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-dynamodb-globaltable.html
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct

from .. import names
from ._backup_plan import SWITCH_OFF, SWITCH_TAG
from ._backup_vault import SUFFIX_TAG
from ._parameters import publish

LAYER = "recovery"
ID = "id"


class RecoveryState(Construct):
    """Either half: ``dr-recovery-<suffix>``, on demand, recoverable to any point in time.

    Args:
        suffix: The environment suffix.
        key: The customer key in this region.

    Attributes:
        table: The table.
    """

    def __init__(self, scope: Construct, construct_id: str, *, suffix: str, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        name = names.RECOVERY_STATE.of(suffix=suffix)
        made = dynamodb.CfnGlobalTable(  # of one replica, which is a table of one region
            self,
            "Table",
            table_name=name,
            billing_mode="PAY_PER_REQUEST",
            attribute_definitions=[
                dynamodb.CfnGlobalTable.AttributeDefinitionProperty(
                    attribute_name=ID, attribute_type="S"
                )
            ],
            key_schema=[
                dynamodb.CfnGlobalTable.KeySchemaProperty(attribute_name=ID, key_type="HASH")
            ],
            sse_specification=dynamodb.CfnGlobalTable.SSESpecificationProperty(
                sse_enabled=True, sse_type="KMS"
            ),
            replicas=[
                dynamodb.CfnGlobalTable.ReplicaSpecificationProperty(
                    region=cdk.Stack.of(self).region,
                    sse_specification=dynamodb.CfnGlobalTable.ReplicaSSESpecificationProperty(
                        kms_master_key_id=key.key_arn
                    ),
                    point_in_time_recovery_specification=dynamodb.CfnGlobalTable.PointInTimeRecoverySpecificationProperty(
                        point_in_time_recovery_enabled=True
                    ),
                    tags=[
                        cdk.CfnTag(key=SUFFIX_TAG, value=suffix),
                        cdk.CfnTag(key=SWITCH_TAG, value=SWITCH_OFF),  # recovered by itself
                    ],
                )
            ],
        )
        publish(self, suffix=suffix, layer=LAYER, values={"state-table": made.ref})
        self.table: dynamodb.ITable = dynamodb.Table.from_table_attributes(
            self, "Imported", table_name=made.ref, encryption_key=key
        )
