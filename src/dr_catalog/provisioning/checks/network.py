"""The network and the peering, asked of EC2."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .model import Check, Launch, check

KINDS, ZONES = ("public", "private", "isolated"), (2, 3)
ENDPOINTS = {
    "dynamodb": "Gateway",
    "s3": "Gateway",
    "kms": "Interface",
    "logs": "Interface",
    "monitoring": "Interface",
    "secretsmanager": "Interface",
}


def vpc(launch: Launch, region: str) -> Iterator[Check]:
    """Subnets, ways out and endpoints; flow logs; the peering, with routes from this side."""
    ec2, told = launch.client("ec2", region), launch.told("vpc", region)
    vpc_id, cidr = told["vpc-id"], told["cidr"]
    mine: dict[str, Any] = {"Filters": [{"Name": "vpc-id", "Values": [vpc_id]}]}
    subnets = ec2.describe_subnets(**mine)["Subnets"]
    kinds = [
        tag["Value"].split("-")[-2]
        for subnet in subnets
        for tag in subnet["Tags"]
        if tag["Key"] == "Name"
    ]
    gateways = [
        each
        for each in ec2.describe_nat_gateways()["NatGateways"]
        if each["VpcId"] == vpc_id and each["State"] == "available"
    ]
    endpoints = {
        each["ServiceName"].rpartition(".")[2]: each["VpcEndpointType"]
        for each in ec2.describe_vpc_endpoints(**mine)["VpcEndpoints"]
    }
    zones = len({subnet["AvailabilityZone"] for subnet in subnets})
    (network,) = ec2.describe_vpcs(VpcIds=[vpc_id])["Vpcs"]
    yield check(
        "vpc",
        vpc_id,
        region,
        {
            cidr: network["CidrBlock"] == cidr,
            f"{', '.join(KINDS)} subnets in {zones} zones": zones in ZONES
            and sorted(kinds) == sorted(KINDS * zones),
            f"{len(gateways)} NAT": len(gateways) in (1, zones),
            f"endpoints for {', '.join(ENDPOINTS)}": endpoints == ENDPOINTS,
            "flow logs": [
                (each["FlowLogStatus"], each["TrafficType"])
                for each in ec2.describe_flow_logs(
                    Filters=[{"Name": "resource-id", "Values": [vpc_id]}]
                )["FlowLogs"]
            ]
            == [("ACTIVE", "ALL")],
        },
    )
    if launch.has_copies_alone:
        return
    there = launch.told("vpc", launch.other(region))
    peering_id = told["peering-id"]
    (connection,) = ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[peering_id])[
        "VpcPeeringConnections"
    ]
    routed = {
        table["RouteTableId"]
        for table in ec2.describe_route_tables(**mine)["RouteTables"]
        for route in table["Routes"]
        if route.get("DestinationCidrBlock") == there["cidr"]
        and route.get("VpcPeeringConnectionId") == peering_id
    }
    yield check(
        "vpc",
        peering_id,
        region,
        {
            connection["Status"]["Code"]: connection["Status"]["Code"] == "active",
            f"routes to {there['cidr']}": routed == set(told["route-table-ids"].split(",")),
            "the same connection from both sides": there["peering-id"] == peering_id,
        },
    )
