"""Parts of the launch region where the peer has copies alone, and nothing is replicated to it."""

from __future__ import annotations

from collections.abc import Iterable

from ...layers import (
    ApiDomain,
    CidrPlan,
    DnsRecord,
    GlobalTable,
    RegionalBucket,
)
from ...layers import Network as NetworkLayer
from .. import parameters as given
from . import both, launch
from .composition import Part, Region
from .facts import CustomerKey, JoinedNetwork, ParentZone, PeerFoundation, TransactionsTable


class Rebuilt(Part):
    """The template that rebuilds this launch in the peer: the peer keeps where it lies."""

    hands = (given.RESTORE_TEMPLATE,)

    def add(self, region: Region) -> Iterable[object]:
        region.hand({given.RESTORE_TEMPLATE: "templates/@restore@.json"})
        return ()


class Network(Part):
    """The network here. The peer gets one when it is rebuilt; its range is kept for it."""

    gives = (NetworkLayer, JoinedNetwork)

    asks = (given.ZONES, given.NAT_PER_ZONE)

    def add(self, region: Region) -> Iterable[object]:
        return make_network(region, cidr=region.need(CidrPlan).cidr)


class Table(Part):
    """The transactions table, in this region alone."""

    gives = (GlobalTable, TransactionsTable)

    def add(self, region: Region) -> Iterable[object]:
        table = GlobalTable(
            region.stack,
            "Table",
            suffix=region.suffix,
            key=region.need(CustomerKey).key,
            deletion_protection=False,  # the delete guard's, once all is up
        )
        region.output("TableName", table.table_name, "The transactions table")
        return table, TransactionsTable(table.table)


class Documents(Part):
    """The documents' bucket, in this region alone."""

    gives = (RegionalBucket,)

    def add(self, region: Region) -> Iterable[object]:
        key = region.need(CustomerKey).key
        documents = RegionalBucket(region.stack, "Documents", suffix=region.suffix, key=key)
        region.output("BucketName", documents.bucket.bucket_name, f"The documents in {region.here}")
        there = both.bucket_name(region, where=region.other)
        region.output("PeerBucketName", there, "Where documents are restored to in the peer region")
        yield documents


class Dns(Part):
    """The name of the one API there is; a restore changes where it leads."""

    gives = (DnsRecord,)

    def add(self, region: Region) -> Iterable[object]:
        zone = region.need(ParentZone)
        dns = DnsRecord(
            region.stack,
            "Dns",
            suffix=region.suffix,
            zone_id=zone.id,
            zone_name=zone.name,
            endpoint=region.need(ApiDomain).endpoint,
        )
        region.output("Url", dns.url, "The API's name; none without a zone")
        yield dns


class Backup(launch.Backup):
    """The plan, once there is a vault in each region."""

    after = PeerFoundation


def make_network(region: Region, *, cidr: str) -> tuple[NetworkLayer, JoinedNetwork]:
    """A network that is joined to no other."""
    network = NetworkLayer(
        region.stack,
        "Network",
        suffix=region.suffix,
        cidr=cidr,
        peer_cidr=None,
        key=region.need(CustomerKey).key,
        nat_per_zone=region.value(given.NAT_PER_ZONE),
        zones=region.value(given.ZONES),
    )
    region.output("VpcId", network.vpc_id, f"The network in {region.here}")
    joined = JoinedNetwork(
        vpc_id=network.vpc_id,
        private_subnet_ids=network.private_subnet_ids,
        isolated_subnet_ids=network.isolated_subnet_ids,
        function_security_group_id=network.function_security_group_id,
        other_range=None,
    )
    return network, joined
