"""Parts of the launch region alone. Those that bring up other regions are in ``pair``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import aws_cdk as cdk

from ... import names
from ...layers import (
    BackupPlan,
    BackupVault,
    CidrPlan,
    GlobalDatabase,
    GlobalTable,
    LedgerAccess,
    MultiRegionKey,
    ReplicatedBucket,
)
from ...layers import Network as NetworkLayer
from ...layers.kms import arn_in
from .. import parameters as given
from ..guard import DeleteGuard, GuardedStores
from ..template import ASSET_BUCKET_PREFIX, CONTENT
from ..update_guard import UpdateGuard
from . import both
from .composition import LaunchRegion, Part, Region
from .facts import (
    CustomerKey,
    JoinedNetwork,
    PeerFoundation,
    PeerWorkload,
    TransactionsTable,
)


@dataclass(frozen=True)
class Regions(Part):
    """The pair of regions, and what each is in this tier, as a tenant is told.

    Args:
        launch: What the launch region is.
        peer: What the peer is.
    """

    launch: str
    peer: str
    hands = (given.ASSET_BUCKET_PREFIX, given.LAUNCH_REGION, given.VOTES_REGION)

    asks = (given.PEER_REGION,)

    def add(self, region: Region) -> Iterable[object]:
        region.hand(
            {
                given.ASSET_BUCKET_PREFIX: ASSET_BUCKET_PREFIX,
                given.LAUNCH_REGION: region.name,
                given.VOTES_REGION: region.other,
            }
        )
        region.output("Region", region.name, self.launch)
        region.output("PeerRegionName", region.other, self.peer)
        return ()

    def fixed(self, region: Region) -> Mapping[str, str]:
        return {names.SUFFIX_PARAMETER: region.suffix, given.PEER_REGION.name: region.other}


class Key(Part):
    """The customer key, which has a replica in the peer."""

    gives = (CustomerKey, MultiRegionKey)
    hands = (given.PRIMARY_KEY_ARN, given.KEY_ID)

    def add(self, region: Region) -> Iterable[object]:
        made = MultiRegionKey(region.stack, "Key", suffix=region.suffix)
        elsewhere = arn_in(region.stack, region=region.other, key_id=made.key_id)
        region.hand({given.PRIMARY_KEY_ARN: made.key.key_arn, given.KEY_ID: made.key_id})
        region.output("KeyArn", made.key.key_arn, f"The customer key in {region.here}")
        region.output("PeerKeyArn", elsewhere, "The customer key in the peer region")
        return CustomerKey(made.key, made.key_id, elsewhere), made


class UpdateGuarded(Part):
    """The guard that an update meets first."""

    gives = (UpdateGuard, GuardedStores)

    def add(self, region: Region) -> Iterable[object]:
        assert isinstance(region, LaunchRegion)
        key = region.need(CustomerKey)
        stores = GuardedStores.of(
            suffix=region.suffix, region=region.name, peer_region=region.other
        )
        guard = UpdateGuard(
            region.stack,
            "UpdateGuard",
            suffix=region.suffix,
            peer_region=region.other,
            key=key.key,
            content=CONTENT,
            fixed=region.fixed(),
            parameters={row.name: region.value(row) for row in region.parameters},
            global_cluster=stores.global_cluster,
            recovery_table=stores.recovery_table,
            key_id=key.key_id,
        )
        return guard, stores


class Ranges(Part):
    """The address ranges of both regions, apart from each other."""

    gives = (CidrPlan,)
    hands = (given.RANGE, given.LAUNCH_RANGE)

    asks = (given.CIDR, given.PEER_CIDR, given.ZONES)

    def add(self, region: Region) -> Iterable[object]:
        ranges = CidrPlan(
            region.stack,
            "Ranges",
            suffix=region.suffix,
            key=region.need(CustomerKey).key,
            peer_region=region.other,
            cidr=region.value(given.CIDR),
            peer_cidr=region.value(given.PEER_CIDR),
            zones=region.value(given.ZONES),
        )
        region.hand({given.RANGE: ranges.peer_cidr, given.LAUNCH_RANGE: ranges.cidr})
        yield ranges

    def fixed(self, region: Region) -> Mapping[str, str]:
        return {row.name: region.value(row) for row in self.asks}


class Network(Part):
    """The launch region's network."""

    gives = (NetworkLayer, JoinedNetwork)
    hands = (given.LAUNCH_VPC_ID,)

    asks = (given.ZONES, given.NAT_PER_ZONE)

    def add(self, region: Region) -> Iterable[object]:
        ranges = region.need(CidrPlan)
        network = NetworkLayer(
            region.stack,
            "Network",
            suffix=region.suffix,
            cidr=ranges.cidr,
            peer_cidr=ranges.peer_cidr,
            key=region.need(CustomerKey).key,
            nat_per_zone=region.value(given.NAT_PER_ZONE),
            zones=region.value(given.ZONES),
        )
        region.hand({given.LAUNCH_VPC_ID: network.vpc_id})
        region.output("VpcId", network.vpc_id, f"The network in {region.here}")
        joined = JoinedNetwork(
            vpc_id=network.vpc_id,
            private_subnet_ids=network.private_subnet_ids,
            isolated_subnet_ids=network.isolated_subnet_ids,
            function_security_group_id=network.function_security_group_id,
            other_range=ranges.peer_cidr,
        )
        return network, joined


Alarms, Api, Domain, State, Voter = both.Alarms, both.Api, both.Domain, both.State, both.Voter


class Vault(both.Vault):
    """The backup vault here; the peer has one of the same name."""

    def add(self, region: Region) -> Iterable[object]:
        for vault in super().add(region):
            assert isinstance(vault, BackupVault)
            region.output(
                "VaultName", vault.name, "The backup vault, the same name in both regions"
            )
            yield vault


class Table(Part):
    """The transactions table, with a replica in the peer."""

    gives = (GlobalTable, TransactionsTable)

    def add(self, region: Region) -> Iterable[object]:
        key = region.need(CustomerKey)
        table = GlobalTable(
            region.stack,
            "Table",
            suffix=region.suffix,
            key=key.key,
            peer_region=region.other,
            peer_key_arn=key.elsewhere,
            deletion_protection=False,  # the delete guard's, once all is up
        )
        table.node.add_dependency(region.need(PeerFoundation).stack_set)
        region.output(
            "TableName", table.table_name, "The transactions table, the same in both regions"
        )
        return table, TransactionsTable(table.table)


class Documents(Part):
    """The documents' bucket, which replicates to the peer's."""

    gives = (ReplicatedBucket,)

    def add(self, region: Region) -> Iterable[object]:
        key = region.need(CustomerKey)
        documents = ReplicatedBucket(
            region.stack,
            "Documents",
            suffix=region.suffix,
            key=key.key,
            peer_region=region.other,
            peer_key_arn=key.elsewhere,
        )
        documents.node.add_dependency(region.need(PeerFoundation).stack_set)
        region.output("BucketName", documents.bucket.bucket_name, f"The documents in {region.here}")
        there = both.bucket_name(region, where=region.other)
        region.output("PeerBucketName", there, "The documents in the peer region")
        yield documents


class Database(Part):
    """The global database and its writer."""

    gives = (GlobalDatabase, LedgerAccess)
    hands = (given.WRITER_ENDPOINT,)

    asks = (given.MIN_CAPACITY, given.MAX_CAPACITY)

    def add(self, region: Region) -> Iterable[object]:
        key, joined = region.need(CustomerKey), region.need(JoinedNetwork)
        database = GlobalDatabase(
            region.stack,
            "Database",
            suffix=region.suffix,
            key=key.key,
            peer_region=region.other,
            peer_key_arn=key.elsewhere,
            vpc_id=joined.vpc_id,
            private_subnet_ids=joined.private_subnet_ids[:2],  # which are always there
            isolated_subnet_ids=joined.isolated_subnet_ids,
            client_security_group_id=joined.function_security_group_id,
            peer_cidr=joined.other_range,
            min_capacity=region.number(given.MIN_CAPACITY),
            max_capacity=region.number(given.MAX_CAPACITY),
            deletion_protection=False,  # the delete guard's, once all is up
        )
        database.set_up.node.add_dependency(region.need(NetworkLayer).ready)
        database.node.add_dependency(region.need(PeerFoundation).stack_set)
        region.hand({given.WRITER_ENDPOINT: database.writer_endpoint})
        writer, readers = database.writer_endpoint, database.reader_endpoint
        region.output("WriterEndpoint", writer, "The database's writer, wherever it is")
        region.output("ReaderEndpoint", readers, "The database's readers here")
        return database, both.ledger_access(database, joined)


class Zone(both.Zone):
    """The zone that the API's name goes into: its id and its name are given together, or neither is."""

    def add(self, region: Region) -> Iterable[object]:
        values = [region.value(row) for row in self.asks]
        empty = [cdk.Fn.condition_equals(value, "") for value in values]
        full = [cdk.Fn.condition_not(each) for each in empty]
        cdk.CfnRule(
            region.stack,
            "WholeZone",
            assertions=[
                cdk.CfnRuleAssertion(
                    assert_=cdk.Fn.condition_or(
                        cdk.Fn.condition_and(*empty), cdk.Fn.condition_and(*full)
                    ),
                    assert_description="ZoneId and ZoneName belong together: give both, or neither",
                )
            ],
        )
        return super().add(region)


class Backup(both.Backup):
    """The plan, once there is a vault in each region."""

    after: ClassVar[type[PeerFoundation | PeerWorkload]] = PeerWorkload

    def add(self, region: Region) -> Iterable[object]:
        after = region.need(BackupVault), region.need(self.after).stack_set
        for plan in super().add(region):
            assert isinstance(plan, BackupPlan)
            plan.node.add_dependency(*after)
            yield plan


class DeleteGuarded(Part):
    """The guard that a deletion meets first; it comes last, and both guards see all that is there."""

    gives = (DeleteGuard,)

    asks = (given.DELETION_PROTECTION, given.ON_TERMINATION)

    def add(self, region: Region) -> Iterable[object]:
        key = region.need(CustomerKey)
        guard = DeleteGuard(
            region.stack,
            "Guard",
            suffix=region.suffix,
            peer_region=region.other,
            key=key.key,
            key_id=key.key_id,
            content=CONTENT,
            stores=region.need(GuardedStores),
            deletion_protection=region.value(given.DELETION_PROTECTION),
            on_termination=region.value(given.ON_TERMINATION),
        )
        everything = region.stack.node.children
        region.need(UpdateGuard).before(everything, besides=[region.need(MultiRegionKey)])
        yield guard


GROUND = (Zone(), Key(), UpdateGuarded(), Ranges(), Network())
"""What all else in the launch region stands on, and the guard in front of it."""
STORES = (Vault(), Table(), Documents(), Database(), State())
"""Where the data is, and what is known of who writes it."""
WATCHED = (Domain(), Voter())
"""The API's name in this region, and the look at whether it answers."""
