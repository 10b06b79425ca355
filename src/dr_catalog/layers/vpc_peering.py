"""The two regions' networks made one: a peering connection asked for in the peer, routes on both sides.

The peer asks, because its template comes up when the launch region's network is there; the two are of
one account, so CloudFormation accepts in the other region with the same rights. The connection's id
is told through SSM, and the launch region adds its own routes with it. Neither side needs the other's
names: Aurora's endpoints resolve in public DNS to private addresses.

See https://docs.aws.amazon.com/vpc/latest/peering/what-is-vpc-peering.html
"""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Construct, DependencyGroup

from ._network import RouteTable
from ._parameters import publish


class PeeringRequest(Construct):
    """The peer half: the connection, and this region's routes to the launch region's network.

    Args:
        suffix: The environment suffix.
        vpc_id: This region's VPC.
        route_tables: Those whose subnets reach the other network.
        peer_vpc_id: The launch region's VPC, of the same account.
        peer_region: The launch region.
        peer_cidr: The launch region's range.

    Attributes:
        peering_id: The connection, also in SSM as ``peering-id``.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        vpc_id: str,
        route_tables: Sequence[RouteTable],
        peer_vpc_id: str,
        peer_region: str,
        peer_cidr: str,
    ) -> None:
        super().__init__(scope, construct_id)
        connection = ec2.CfnVPCPeeringConnection(
            self, "Connection", vpc_id=vpc_id, peer_vpc_id=peer_vpc_id, peer_region=peer_region
        )
        cdk.Tags.of(connection).add("Name", f"dr-{suffix}")
        self.peering_id = connection.attr_id
        _routes(self, route_tables, peer_cidr=peer_cidr, peering_id=self.peering_id)
        publish(self, suffix=suffix, layer="vpc", values={"peering-id": self.peering_id})


class PeeringReturn(Construct):
    """The primary half: the launch region's routes back, once the connection is there.

    Args:
        suffix: The environment suffix.
        peering_id: The connection, read from the peer's SSM.
        peer_cidr: The peer's range.
        route_tables: Those whose subnets reach the other network.

    Attributes:
        ready: The routes of the first two zones: depend on it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        peering_id: str,
        peer_cidr: str,
        route_tables: Sequence[RouteTable],
    ) -> None:
        super().__init__(scope, construct_id)
        routes = _routes(self, route_tables, peer_cidr=peer_cidr, peering_id=peering_id)
        self.ready = DependencyGroup(*(each for each in routes if not each.cfn_options.condition))
        publish(self, suffix=suffix, layer="vpc", values={"peering-id": peering_id})


def _routes(
    scope: Construct, route_tables: Sequence[RouteTable], *, peer_cidr: str, peering_id: str
) -> list[ec2.CfnRoute]:
    routes = []
    for number, table in enumerate(route_tables, start=1):
        route = ec2.CfnRoute(
            scope,
            f"Route{number}",
            route_table_id=table.id,
            destination_cidr_block=peer_cidr,
            vpc_peering_connection_id=peering_id,
        )
        if table.condition is not None:
            route.cfn_options.condition = table.condition
        routes.append(route)
    return routes
