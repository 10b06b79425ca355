"""Parts of the template that rebuilds a lost launch in its peer: from copies, and from nothing else.

AWS Backup has restored table and documents before. The launch region is not asked for anything here.
"""

from __future__ import annotations

from collections.abc import Iterable

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from ... import names
from ...layers import (
    BackupPlan,
    DatabaseFromSnapshot,
    GlobalTableReplica,
    LedgerAccess,
    RecoveryState,
    TransactionApi,
)
from ...layers import Network as NetworkLayer
from ...layers._function import PythonFunction
from ...layers.dynamodb import TTL_ATTRIBUTE
from ...layers.kms import arn_in
from .. import parameters as given
from .._rights import rds_arn
from . import alone, both
from .composition import Part, Region
from .facts import CustomerKey, JoinedNetwork, TransactionsTable

Alarms, Api, Domain, State, Zone = both.Alarms, both.Api, both.Domain, both.State, both.Zone
TIMEOUT = cdk.Duration.minutes(15)


class Key(Part):
    """The replica of the customer key, which the foundation made; what it is a replica of may be gone."""

    gives = (CustomerKey,)

    asks = (given.KEY_ID,)

    def add(self, region: Region) -> Iterable[object]:
        key_id = region.value(given.KEY_ID)
        arn = arn_in(region.stack, region=region.name, key_id=key_id)
        yield CustomerKey(kms.Key.from_key_arn(region.stack, "Key", arn), key_id, arn)


class Network(Part):
    """The network, in the range that the launch kept for it."""

    gives = (NetworkLayer, JoinedNetwork)

    asks = (given.RANGE, given.ZONES, given.NAT_PER_ZONE)

    def add(self, region: Region) -> Iterable[object]:
        return alone.make_network(region, cidr=region.value(given.RANGE))


class Table(Part):
    """The transactions table, which AWS Backup has restored."""

    gives = (TransactionsTable,)

    def add(self, region: Region) -> Iterable[object]:
        key = region.need(CustomerKey).key
        table = GlobalTableReplica(region.stack, "Table", suffix=region.suffix, key=key).table
        region.output("TableName", table.table_name, "The transactions table")
        yield TransactionsTable(table)


class Database(Part):
    """The cluster, from the copied snapshot."""

    gives = (DatabaseFromSnapshot, LedgerAccess)

    asks = (given.SNAPSHOT, given.MIN_CAPACITY, given.MAX_CAPACITY)

    def add(self, region: Region) -> Iterable[object]:
        joined = region.need(JoinedNetwork)
        database = DatabaseFromSnapshot(
            region.stack,
            "Database",
            suffix=region.suffix,
            key=region.need(CustomerKey).key,
            snapshot=region.value(given.SNAPSHOT),
            vpc_id=joined.vpc_id,
            private_subnet_ids=joined.private_subnet_ids[:2],  # which are always there
            isolated_subnet_ids=joined.isolated_subnet_ids,
            client_security_group_id=joined.function_security_group_id,
            min_capacity=region.number(given.MIN_CAPACITY),
            max_capacity=region.number(given.MAX_CAPACITY),
        )
        database.set_up.node.add_dependency(region.need(NetworkLayer).ready)
        region.output("WriterEndpoint", database.writer_endpoint, "The database's writer")
        return database, both.ledger_access(database, joined)


class Backup(Part):
    """The plan, which works from now on; there is no other region to copy to."""

    gives = (BackupPlan,)

    def add(self, region: Region) -> Iterable[object]:
        key = region.need(CustomerKey).key
        yield BackupPlan(region.stack, "Backup", suffix=region.suffix, key=key, switched_on=True)


class Completed(Part):
    """Last: what no backup holds is put back, the data are protected, and this region writes."""

    def add(self, region: Region) -> Iterable[object]:
        stack, suffix = region.stack, region.suffix
        database, table = region.need(DatabaseFromSnapshot), region.need(TransactionsTable).table
        state = region.need(RecoveryState).table
        function = PythonFunction(
            stack,
            "Completer",
            function_name=names.RESTORED.of(suffix=suffix),
            role_name=names.RESTORED_ROLE.of(suffix=suffix, region=region.name),
            asset="custom_resources",
            handler="restored.handler",
            key=region.need(CustomerKey).key,
            timeout=TIMEOUT,
            statements=[
                iam.PolicyStatement(
                    sid="CompleteTable",
                    actions=[
                        "dynamodb:DescribeTable",
                        "dynamodb:TagResource",
                        "dynamodb:UpdateContinuousBackups",
                        "dynamodb:UpdateTable",
                        "dynamodb:UpdateTimeToLive",
                    ],
                    resources=[table.table_arn],
                ),
                iam.PolicyStatement(
                    sid="ProtectCluster",
                    actions=["rds:DescribeDBClusters", "rds:ModifyDBCluster"],
                    resources=[rds_arn(stack, "cluster", database.cluster_id, region=region.name)],
                ),
                iam.PolicyStatement(
                    sid="SayWhoWrites", actions=["dynamodb:PutItem"], resources=[state.table_arn]
                ),
                _use_key(region),
            ],
        )
        completed = cdk.CustomResource(
            stack,
            "Completed",
            service_token=function.function.function_arn,
            resource_type="Custom::DrRestored",
            properties={
                "Suffix": suffix,
                "TableName": table.table_name,
                "TtlAttribute": TTL_ATTRIBUTE,
                "Cluster": database.cluster_id,
                "StateTable": state.table_name,
            },
        )
        completed.node.add_dependency(
            database, region.need(RecoveryState), region.need(TransactionApi)
        )
        return ()


def _use_key(region: Region) -> iam.PolicyStatement:
    """To write into the state table, which the customer key encrypts."""
    return iam.PolicyStatement(
        sid="UseTableKey",
        actions=["kms:Decrypt", "kms:DescribeKey"],
        resources=[region.need(CustomerKey).key.key_arn],
        conditions={"StringEquals": {"kms:ViaService": f"dynamodb.{region.name}.amazonaws.com"}},
    )
