"""The network: one in each region, their ranges apart, peered with routes both ways."""

from __future__ import annotations

from ..layers import CidrPlan, Network, PeeringRequest, PeeringReturn
from ..tiers import parameters as given
from ..tiers.template import TierTemplate
from .layer import Half, Launch, Layer, Needs, key_of


def _primary(launch: Launch) -> None:
    stack, zones = launch.stack, launch.stack.value(given.ZONES)
    nat_per_zone = stack.value(given.NAT_PER_ZONE)
    ranges = CidrPlan(
        stack,
        "Ranges",
        suffix=launch.suffix,
        key=launch.key,
        peer_region=launch.peer_region,
        cidr=stack.value(given.CIDR),
        peer_cidr=stack.value(given.PEER_CIDR),
        zones=zones,
    )
    network = Network(
        stack,
        "Network",
        suffix=launch.suffix,
        cidr=ranges.cidr,
        peer_cidr=ranges.peer_cidr,
        key=launch.key,
        nat_per_zone=nat_per_zone,
        zones=zones,
    )
    foundation = launch.bring_up(
        "foundation",
        {
            given.KEY_ID: launch.key_id,
            given.LAUNCH_REGION: launch.region,
            given.LAUNCH_VPC_ID: network.vpc_id,
            given.LAUNCH_RANGE: ranges.cidr,
            given.RANGE: ranges.peer_cidr,
            given.ZONES: zones,
            given.NAT_PER_ZONE: nat_per_zone,
        },
    )
    there = launch.own_there("peering-id", "vpc-id", after=foundation)
    PeeringReturn(
        stack,
        "Peering",
        suffix=launch.suffix,
        peering_id=there["peering-id"],
        peer_cidr=ranges.peer_cidr,
        route_tables=network.route_tables,
    )
    launch.output("VpcId", network.vpc_id, "The network in the launch region")
    launch.output("PeerVpcId", there["vpc-id"], "The network in the peer region")


def _peer(stack: TierTemplate) -> None:
    launch_range = stack.value(given.LAUNCH_RANGE)
    network = Network(
        stack,
        "Network",
        suffix=stack.suffix,
        cidr=stack.value(given.RANGE),
        peer_cidr=launch_range,
        key=key_of(stack),
        nat_per_zone=stack.value(given.NAT_PER_ZONE),
        zones=stack.value(given.ZONES),
    )
    PeeringRequest(
        stack,
        "Peering",
        suffix=stack.suffix,
        vpc_id=network.vpc_id,
        route_tables=network.route_tables,
        peer_vpc_id=stack.value(given.LAUNCH_VPC_ID),
        peer_region=stack.value(given.LAUNCH_REGION),
        peer_cidr=launch_range,
    )


LAYER = Layer(
    name="vpc",
    description="Network: one in each region, peered",
    needs=(Needs("kms", launch=("key-arn",), peer=("key-arn",)),),
    parameters=(given.CIDR, given.PEER_CIDR, given.ZONES, given.NAT_PER_ZONE),
    primary=_primary,
    halves={
        "foundation": Half(
            (
                given.KEY_ID,
                given.LAUNCH_REGION,
                given.LAUNCH_VPC_ID,
                given.LAUNCH_RANGE,
                given.RANGE,
                given.ZONES,
                given.NAT_PER_ZONE,
            ),
            _peer,
        )
    },
)
