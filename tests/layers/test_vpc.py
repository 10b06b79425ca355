"""Seed row "VPC": no peering; one fixed CIDR for every suffix."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from .reading import Template, of_type, only, text

REGIONS = ["primary", "foundation"]


def test_seed_vpc_ranges_are_given_out_for_both_regions_at_once(
    templates: Mapping[str, Template],
) -> None:
    plan = only(templates["primary"], "Custom::DrCidrPlan")["Properties"]
    assert plan["Cidr"] == {"Ref": "Cidr"}
    assert plan["PeerCidr"] == {"Ref": "PeerCidr"}
    cidr = only(templates["primary"], "AWS::EC2::VPC")["Properties"]["CidrBlock"]
    assert text(templates["primary"], cidr) == "<DrCidrPlan.Cidr>"


def test_seed_vpc_the_peer_asks_for_a_peering_and_both_sides_have_routes(
    templates: Mapping[str, Template],
) -> None:
    request = only(templates["foundation"], "AWS::EC2::VPCPeeringConnection")["Properties"]
    assert request["PeerVpcId"] == {"Ref": "LaunchVpcId"}
    assert request["PeerRegion"] == {"Ref": "LaunchRegion"}
    for role in REGIONS:
        routes = [
            each["Properties"]
            for each in of_type(templates[role], "AWS::EC2::Route")
            if "VpcPeeringConnectionId" in each["Properties"]
        ]
        # Three private route tables and the isolated one.
        assert len({str(each["RouteTableId"]) for each in routes}) == 4


@pytest.mark.parametrize("role", REGIONS)
def test_three_zones_of_public_private_and_isolated_subnets(
    templates: Mapping[str, Template], role: str
) -> None:
    subnets = of_type(templates[role], "AWS::EC2::Subnet")
    zones = [str(each["Properties"]["AvailabilityZone"]) for each in subnets]
    assert len(subnets) == 9
    assert len(set(zones)) == 3
    assert not [each for each in subnets if each["Properties"]["MapPublicIpOnLaunch"]]


@pytest.mark.parametrize("role", REGIONS)
def test_one_nat_gateway_or_one_a_zone(templates: Mapping[str, Template], role: str) -> None:
    gateways = of_type(templates[role], "AWS::EC2::NatGateway")
    conditional = [each for each in gateways if "Condition" in each]
    assert (len(gateways), len(conditional)) == (3, 2)
    in_each, in_three = (
        {"Fn::Equals": [{"Ref": name}, value]}
        for name, value in (("NatPerZone", "true"), ("Zones", "3"))
    )
    assert [templates[role]["Conditions"][each["Condition"]] for each in conditional] == [
        in_each,
        {"Fn::And": [in_each, in_three]},
    ]


@pytest.mark.parametrize("role", REGIONS)
def test_the_last_zone_is_made_only_where_there_is_one(
    templates: Mapping[str, Template], role: str
) -> None:
    template = templates[role]
    (last_zone,) = [
        name
        for name, each in template["Conditions"].items()
        if each == {"Fn::Equals": [{"Ref": "Zones"}, "3"]}
    ]
    subnets = of_type(template, "AWS::EC2::Subnet")
    zones = [each["Properties"]["AvailabilityZone"]["Fn::Select"][0] for each in subnets]
    assert sorted(zones) == sorted([0, 1, 2] * 3)
    for subnet, zone in zip(subnets, zones, strict=True):
        assert subnet.get("Condition") == (last_zone if zone == 2 else None)
    # Whoever is given subnets or tables is given those of two zones then, and none is named twice.
    told = {
        text(template, each["Properties"]["Name"]).rpartition("/")[2]: each["Properties"]["Value"]
        for each in of_type(template, "AWS::SSM::Parameter")
    }
    for name, all_of_them in (
        ("private-subnet-ids", 3),
        ("isolated-subnet-ids", 3),
        ("route-table-ids", 4),
    ):
        condition, three, two = told[name]["Fn::If"]
        assert condition == last_zone
        assert len(three["Fn::Join"][1]) == all_of_them
        assert two["Fn::Join"][1] == three["Fn::Join"][1][:-1]


@pytest.mark.parametrize("role", REGIONS)
def test_services_are_reached_without_the_internet(
    templates: Mapping[str, Template], role: str
) -> None:
    endpoints = of_type(templates[role], "AWS::EC2::VPCEndpoint")
    reached = {
        text(templates[role], each["Properties"]["ServiceName"]).rpartition("<Region>.")[2]
        for each in endpoints
    }
    assert reached >= {"s3", "dynamodb", "kms", "secretsmanager", "monitoring", "logs"}


@pytest.mark.parametrize("role", REGIONS)
def test_flow_logs_are_kept_encrypted(templates: Mapping[str, Template], role: str) -> None:
    assert only(templates[role], "AWS::EC2::FlowLog")["Properties"]["TrafficType"] == "ALL"
    groups = {
        text(templates[role], each["Properties"]["LogGroupName"]): each["Properties"]
        for each in of_type(templates[role], "AWS::Logs::LogGroup")
    }
    assert "KmsKeyId" in groups["/dr/<EnvironmentSuffix>/flow-logs"]


@pytest.mark.parametrize("role", REGIONS)
def test_no_group_lets_the_internet_in(templates: Mapping[str, Template], role: str) -> None:
    for group in of_type(templates[role], "AWS::EC2::SecurityGroup"):
        for rule in group["Properties"].get("SecurityGroupIngress", []):
            assert rule.get("CidrIp") != "0.0.0.0/0"
