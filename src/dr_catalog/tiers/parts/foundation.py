"""Parts of the peer region's foundation: what the launch region's data needs there first."""

from __future__ import annotations

from collections.abc import Iterable

import aws_cdk as cdk

from ...layers import Network as NetworkLayer
from ...layers import PeeringRequest, ReplicaBucket, ReplicaKey
from .. import parameters as given
from . import both
from .composition import Part, Region
from .facts import CustomerKey

Vault = both.Vault


class Key(Part):
    """The replica of the launch region's customer key."""

    gives = (CustomerKey,)
    keeps = "key"

    asks = (given.PRIMARY_KEY_ARN, given.LAUNCH_REGION)

    def add(self, region: Region) -> Iterable[object]:
        launch_key_arn = region.value(given.PRIMARY_KEY_ARN)
        made = ReplicaKey(region.stack, "Key", suffix=region.suffix, primary_key_arn=launch_key_arn)
        region.output("KeyArn", made.key.key_arn, f"The customer key in {region.here}")
        key_id = cdk.Fn.select(1, cdk.Fn.split("/", launch_key_arn))
        yield CustomerKey(made.key, key_id, launch_key_arn)


class Network(Part):
    """The peer's network, peered with the launch region's."""

    gives = (NetworkLayer,)

    asks = (
        given.LAUNCH_VPC_ID,
        given.LAUNCH_RANGE,
        given.RANGE,
        given.ZONES,
        given.NAT_PER_ZONE,
    )

    def add(self, region: Region) -> Iterable[object]:
        launch_range = region.value(given.LAUNCH_RANGE)
        network = NetworkLayer(
            region.stack,
            "Network",
            suffix=region.suffix,
            cidr=region.value(given.RANGE),
            peer_cidr=launch_range,
            key=region.need(CustomerKey).key,
            nat_per_zone=region.value(given.NAT_PER_ZONE),
            zones=region.value(given.ZONES),
        )
        PeeringRequest(
            region.stack,
            "Peering",
            suffix=region.suffix,
            vpc_id=network.vpc_id,
            route_tables=network.route_tables,
            peer_vpc_id=region.value(given.LAUNCH_VPC_ID),
            peer_region=region.other,
            peer_cidr=launch_range,
        )
        region.output("VpcId", network.vpc_id, f"The network in {region.here}")
        yield network


class Documents(Part):
    """The bucket that the launch region's replicates to."""

    gives = (ReplicaBucket,)
    keeps = "bucket"

    def add(self, region: Region) -> Iterable[object]:
        key = region.need(CustomerKey).key
        documents = ReplicaBucket(region.stack, "Documents", suffix=region.suffix, key=key)
        region.output("BucketName", documents.bucket.bucket_name, f"The documents in {region.here}")
        yield documents


GROUND = (Key(), Network(), Vault(), Documents())
"""What all data of the launch region needs in the peer."""
