"""Parts of the peer region's workload: what stands on the launch region's data, and what recovers it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_kms as kms

from ... import names
from ...layers import (
    ControlMetric,
    GlobalDatabaseReader,
    GlobalTableReplica,
    LedgerAccess,
    Monitoring,
    Recovered,
    RecoveredDatabase,
    RecoveryState,
    RestoredDatabase,
    RestoreTesting,
    ReverseReplication,
    Traffic,
    TransactionApi,
)
from ...layers import Recovery as RecoveryLayer
from ...layers.compute import STATUS_INDEX
from ...layers.kms import arn_in
from .. import parameters as given
from . import both
from .composition import Part, Region
from .facts import CustomerKey, JoinedNetwork, ParentZone, TransactionsTable

Alarms, Api, Backup, Domain, State, Zone = (
    both.Alarms,
    both.Api,
    both.Backup,
    both.Domain,
    both.State,
    both.Zone,
)


class Key(Part):
    """The customer key, which the foundation made."""

    gives = (CustomerKey,)

    asks = (given.LAUNCH_REGION, given.KEY_ID)

    def add(self, region: Region) -> Iterable[object]:
        stack, key_id = region.stack, region.value(given.KEY_ID)
        here = kms.Key.from_key_arn(stack, "Key", arn_in(stack, region=region.name, key_id=key_id))
        yield CustomerKey(here, key_id, arn_in(stack, region=region.other, key_id=key_id))


class Network(Part):
    """The network, which the foundation made."""

    gives = (JoinedNetwork,)

    asks = (
        given.LAUNCH_RANGE,
        given.VPC_ID,
        given.PRIVATE_SUBNET_IDS,
        given.ISOLATED_SUBNET_IDS,
        given.FUNCTION_SECURITY_GROUP_ID,
    )

    def add(self, region: Region) -> Iterable[object]:
        yield JoinedNetwork(
            vpc_id=region.value(given.VPC_ID),
            private_subnet_ids=region.values(given.PRIVATE_SUBNET_IDS),
            isolated_subnet_ids=region.values(given.ISOLATED_SUBNET_IDS),
            function_security_group_id=region.value(given.FUNCTION_SECURITY_GROUP_ID),
            other_range=region.value(given.LAUNCH_RANGE),
        )


class Table(Part):
    """The transactions table's replica."""

    gives = (TransactionsTable,)

    def add(self, region: Region) -> Iterable[object]:
        key = region.need(CustomerKey).key
        table = GlobalTableReplica(region.stack, "Table", suffix=region.suffix, key=key).table
        region.output("TableName", table.table_name, "The transactions table's replica")
        yield TransactionsTable(table)


@dataclass(frozen=True)
class Reader(Part):
    """The secondary cluster of the global database.

    Args:
        with_instance: Whether an instance reads from it; without one it follows in its storage alone.
    """

    with_instance: bool = True
    gives = (GlobalDatabaseReader, LedgerAccess)
    keeps = "database"

    asks = (given.WRITER_ENDPOINT, given.MIN_CAPACITY, given.MAX_CAPACITY)

    def add(self, region: Region) -> Iterable[object]:
        joined = region.need(JoinedNetwork)
        database = GlobalDatabaseReader(
            region.stack,
            "Database",
            suffix=region.suffix,
            key=region.need(CustomerKey).key,
            vpc_id=joined.vpc_id,
            isolated_subnet_ids=joined.isolated_subnet_ids,
            client_security_group_id=joined.function_security_group_id,
            peer_cidr=joined.other_range,
            writer_endpoint=region.value(given.WRITER_ENDPOINT),
            min_capacity=region.number(given.MIN_CAPACITY),
            max_capacity=region.number(given.MAX_CAPACITY),
            deletion_protection=False,  # the delete guard's, once all is up
            with_instance=self.with_instance,
        )
        readers = database.reader_endpoint
        region.output("ReaderEndpoint", readers, f"The database's readers in {region.here}")
        return database, both.ledger_access(database, joined)


class Documents(Part):
    """The rule that replicates documents back to the launch region."""

    gives = (ReverseReplication,)
    asks = (given.ASSET_BUCKET_PREFIX,)

    def add(self, region: Region) -> Iterable[object]:
        key = region.need(CustomerKey)
        yield ReverseReplication(
            region.stack,
            "Documents",
            suffix=region.suffix,
            key=key.key,
            peer_region=region.other,
            peer_key_arn=key.elsewhere,
        )


class Control(Part):
    """The metric that the records follow."""

    gives = (ControlMetric,)

    asks = (given.ASSET_BUCKET_PREFIX, given.SERVING_REGIONS)

    def add(self, region: Region) -> Iterable[object]:
        yield ControlMetric(
            region.stack,
            "Control",
            suffix=region.suffix,
            key=region.need(CustomerKey).key,
            launch_region=region.other,
            zone_id=region.need(ParentZone).id,
            serving=region.value(given.SERVING_REGIONS),
            topics=[region.need(Monitoring).topic],
        )


class RestoreTest(Part):
    """The weekly test that the copies can be restored."""

    gives = (RestoreTesting,)

    def add(self, region: Region) -> Iterable[object]:
        key = region.need(CustomerKey)
        yield RestoreTesting(
            region.stack,
            "Testing",
            suffix=region.suffix,
            key=key.key,
            source_key_arn=key.elsewhere,
            database=RestoredDatabase(
                subnet_group=names.LEDGER.of(suffix=region.suffix),
                security_group_id=region.need(GlobalDatabaseReader).security_group_id,
            ),
        )


class Voter(both.Voter):
    """The peer's own probe of the launch region."""

    asks = (given.ASSET_BUCKET_PREFIX, given.LAUNCH_ENDPOINT)

    def votes(self, region: Region) -> str:
        return region.name

    def launch_endpoint(self, region: Region) -> str:
        return region.value(given.LAUNCH_ENDPOINT)


@dataclass(frozen=True)
class Recovery(Part):
    """What notices that the launch region is down, and moves the writer and the traffic.

    Args:
        rpo_seconds: Seconds of writes that a failover may lose.
        rto_seconds: Seconds from the start of a failover until traffic has moved, where nobody is
            waited for.
        switches_on: Whether it first switches on what is off in the peer.
        both_serve: Whether both regions serve, so that it moves the database's writer alone.
    """

    rpo_seconds: int
    rto_seconds: int
    switches_on: bool = False
    both_serve: bool = False
    gives = (RecoveryLayer,)

    asks = (
        given.ASSET_BUCKET_PREFIX,
        given.LAUNCH_ENDPOINT,
        given.MIN_CAPACITY,
        given.FAILOVER_MODE,
        given.DETECTION_MINUTES,
        given.WITNESS_REGION,
    )

    def add(self, region: Region) -> Iterable[object]:
        key = region.need(CustomerKey)
        recovery = RecoveryLayer(
            region.stack,
            "Recovery",
            suffix=region.suffix,
            key=key.key,
            launch_key_arn=key.elsewhere,
            launch_region=region.other,
            failover_mode=region.value(given.FAILOVER_MODE),
            detection_minutes=region.number(given.DETECTION_MINUTES),
            witness_region=region.value(given.WITNESS_REGION),
            state=region.need(RecoveryState).table,
            topic=region.need(Monitoring).topic,
            recovered=self._recovered(region),
            traffic=_traffic(region),
            placement=region.need(JoinedNetwork).placement,
        )
        arn = recovery.machine_arn
        region.output("StateMachineArn", arn, "What recovers: failover, switchover, failback")
        yield recovery

    def _recovered(self, region: Region) -> Recovered:
        """What a recovery moves between the launch region and the peer, whose template this is."""
        database, api = region.need(GlobalDatabaseReader), region.need(TransactionApi)
        suffix, launch, peer = region.suffix, region.other, region.name
        return Recovered(
            table=names.TABLE.of(suffix=suffix),
            status_index=STATUS_INDEX,
            launch_bucket=both.bucket_name(region, where=launch),
            peer_bucket=both.bucket_name(region, where=peer),
            launch_endpoint=region.value(given.LAUNCH_ENDPOINT),
            peer_endpoint=api.endpoint,
            processor=api.function.function_name,
            rpo_seconds=self.rpo_seconds,
            rto_seconds=self.rto_seconds,
            switches_on=self.switches_on,
            both_serve=self.both_serve,
            database=RecoveredDatabase(
                global_cluster=names.LEDGER.of(suffix=suffix),
                launch_cluster=names.LEDGER_CLUSTER.of(suffix=suffix, region=launch),
                peer_cluster=names.LEDGER_CLUSTER.of(suffix=suffix, region=peer),
                port=database.port,
                database=database.database,
                user=database.user,
                ready_capacity=region.value(given.MIN_CAPACITY),
            ),
        )


def _traffic(region: Region) -> Traffic:
    """What moves traffic, where a zone is given."""
    control = region.need(ControlMetric)
    domain = names.api_domain(suffix=region.suffix, zone_name=region.need(ParentZone).name)

    def where_given(value: str) -> str:
        return cdk.Fn.condition_if(control.zone.logical_id, value, "").to_string()

    return Traffic(
        serving_parameter=where_given(control.parameter),
        control_metric=where_given(control.publisher),
        url=where_given(f"https://{domain}/"),
    )


GROUND = (Key(), Network(), Table())
"""What the database's secondary stands on, and the table beside it."""
AROUND = (
    Documents(),
    Zone(),
    Domain(),
    Alarms("peer"),
    Control(),
    Backup(switched_on=False),
    RestoreTest(),
    Voter(),
)
"""What stands around the API: documents, name, alarms, backup, and the vote on the launch region."""
