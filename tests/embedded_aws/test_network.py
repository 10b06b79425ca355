"""Networks of two regions: made by stacks, read back from EC2, and gone in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .stack_runner import Runner

HOME, PEER = "us-east-1", "us-west-2"


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def attribute(name: str, of: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [of, name]}


def resource(kind: str, depends: str = "", **properties: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"Type": f"AWS::EC2::{kind}", "Properties": properties}
    return {**made, "DependsOn": depends} if depends else made


def zone(number: int) -> dict[str, Any]:
    return {"Fn::Select": [number, {"Fn::GetAZs": ""}]}


def block(number: int) -> dict[str, Any]:
    return {"Fn::Select": [number, {"Fn::Cidr": [attribute("CidrBlock", "Vpc"), 6, 8]}]}


def network() -> dict[str, Any]:
    """A VPC with a public and a private subnet in each of three zones."""
    resources = {
        "Vpc": resource(
            "VPC",
            CidrBlock=ref("Cidr"),
            EnableDnsSupport=True,
            EnableDnsHostnames=True,
            Tags=[{"Key": "Name", "Value": "dr"}],
        ),
        "Internet": resource("InternetGateway"),
        "Attachment": resource(
            "VPCGatewayAttachment", VpcId=ref("Vpc"), InternetGatewayId=ref("Internet")
        ),
        "PublicTable": resource("RouteTable", VpcId=ref("Vpc")),
        "PrivateTable": resource("RouteTable", VpcId=ref("Vpc")),
        "PublicRoute": resource(
            "Route",
            depends="Attachment",
            RouteTableId=ref("PublicTable"),
            DestinationCidrBlock="0.0.0.0/0",
            GatewayId=ref("Internet"),
        ),
        "Address": resource("EIP", depends="Attachment", Domain="vpc"),
        "Nat": resource(
            "NatGateway",
            depends="PublicRoute",
            SubnetId=ref("Public0"),
            AllocationId=attribute("AllocationId", "Address"),
            Tags=[{"Key": "Name", "Value": "nat"}],
        ),
        "PrivateRoute": resource(
            "Route",
            RouteTableId=ref("PrivateTable"),
            DestinationCidrBlock="0.0.0.0/0",
            NatGatewayId=ref("Nat"),
        ),
        "Group": resource(
            "SecurityGroup",
            GroupDescription="Endpoints",
            VpcId=ref("Vpc"),
            SecurityGroupIngress=[
                {"IpProtocol": "tcp", "FromPort": 443, "ToPort": "443", "CidrIp": ref("Cidr")}
            ],
        ),
    }
    for number in range(3):
        for offset, kind in ((0, "Public"), (3, "Private")):
            resources[f"{kind}{number}"] = resource(
                "Subnet",
                VpcId=ref("Vpc"),
                CidrBlock=block(number + offset),
                AvailabilityZone=zone(number),
            )
            resources[f"{kind}Association{number}"] = resource(
                "SubnetRouteTableAssociation",
                SubnetId=ref(f"{kind}{number}"),
                RouteTableId=ref(f"{kind}Table"),
            )
    return resources


def options(cidr: str, *names: str) -> dict[str, Any]:
    return {
        "Template": {
            "Parameters": {"Cidr": {"Type": "String"}},
            "Outputs": {name: {"Value": ref(name)} for name in names},
        },
        "Parameters": [{"ParameterKey": "Cidr", "ParameterValue": cidr}],
    }


NAMES = ("Vpc", "Public0", "Private0", "PrivateTable", "PublicTable", "Nat", "Address", "Group")


@pytest.fixture
def home(account: str, runner: Callable[..., Runner]) -> Runner:
    return runner(account=account, region=HOME)


@pytest.fixture
def peer(account: str, runner: Callable[..., Runner]) -> Runner:
    return runner(account=account, region=PEER)


@pytest.fixture
def ec2(account: str, client: Callable[..., Any]) -> Callable[..., Any]:
    return lambda region=HOME: client("ec2", account=account, region=region)


def only(answer: dict[str, Any], key: str) -> dict[str, Any]:
    (found,) = answer[key]
    made: dict[str, Any] = found
    return made


def test_a_network_comes_up_and_goes(home: Runner, ec2: Callable[..., Any]) -> None:
    made = home.create("net", network(), **options("10.20.0.0/16", *NAMES))
    assert made.status == "CREATE_COMPLETE", made.reasons
    ids = made.outputs
    subnets = ec2().describe_subnets(Filters=[{"Name": "vpc-id", "Values": [ids["Vpc"]]}])
    assert sorted((each["CidrBlock"], each["AvailabilityZone"]) for each in subnets["Subnets"]) == [
        (f"10.20.{number}.0/24", f"{HOME}{'abcabc'[number]}") for number in range(6)
    ]
    dns = ec2().describe_vpc_attribute(VpcId=ids["Vpc"], Attribute="enableDnsHostnames")
    assert dns["EnableDnsHostnames"]["Value"] is True

    gateway = only(ec2().describe_nat_gateways(NatGatewayIds=[ids["Nat"]]), "NatGateways")
    assert (gateway["State"], gateway["VpcId"]) == ("available", ids["Vpc"])
    address = only(gateway, "NatGatewayAddresses")
    assert (address["PublicIp"], address["PrivateIp"]) == (ids["Address"], "10.20.0.10")
    held = only(ec2().describe_addresses(AllocationIds=[address["AllocationId"]]), "Addresses")
    assert held["AssociationId"].startswith("eipassoc-")

    tables = ec2().describe_route_tables(RouteTableIds=[ids["PrivateTable"]])
    table = only(tables, "RouteTables")
    assert {r["DestinationCidrBlock"]: r.get("NatGatewayId") for r in table["Routes"]} == {
        "10.20.0.0/16": None,
        "0.0.0.0/0": ids["Nat"],
    }
    assert len(table["Associations"]) == 3
    group = only(ec2().describe_security_groups(GroupIds=[ids["Group"]]), "SecurityGroups")
    rule = only(group, "IpPermissions")
    assert (rule["FromPort"], rule["IpRanges"]) == (443, [{"CidrIp": "10.20.0.0/16"}])

    assert home.delete("net").status == "DELETE_COMPLETE"
    assert ids["Vpc"] not in [vpc["VpcId"] for vpc in ec2().describe_vpcs()["Vpcs"]]
    assert ec2().describe_addresses()["Addresses"] == []
    gateway = only(ec2().describe_nat_gateways(NatGatewayIds=[ids["Nat"]]), "NatGateways")
    assert gateway["State"] == "deleted"


def vpc(cidr: str = "10.0.0.0/16", **more: Any) -> dict[str, Any]:
    return {"Vpc": resource("VPC", CidrBlock=cidr, **more)}


OUT = {"Outputs": {"Vpc": {"Value": ref("Vpc")}}}


def peered(vpc_id: str, region: str, **more: Any) -> dict[str, Any]:
    return {
        "Peering": resource(
            "VPCPeeringConnection",
            VpcId=ref("Vpc"),
            PeerVpcId=vpc_id,
            PeerRegion=region,
            Tags=[{"Key": "Name", "Value": "pair"}],
            **more,
        )
    }


def test_two_regions_are_peered(home: Runner, peer: Runner, ec2: Callable[..., Any]) -> None:
    other = home.create("home", vpc("10.1.0.0/16"), Template=OUT).outputs["Vpc"]
    there = {
        **vpc("10.2.0.0/16"),
        **peered(other, HOME),
        "Table": resource("RouteTable", VpcId=ref("Vpc")),
        "Route": resource(
            "Route",
            RouteTableId=ref("Table"),
            DestinationCidrBlock="10.1.0.0/16",
            VpcPeeringConnectionId=ref("Peering"),
        ),
    }
    outputs = {name: {"Value": ref(name)} for name in ("Peering", "Table", "Vpc")}
    made = peer.create("peer", there, Template={"Outputs": outputs})
    assert made.status == "CREATE_COMPLETE", made.reasons
    identifier = made.outputs["Peering"]
    for region in (HOME, PEER):
        found = ec2(region).describe_vpc_peering_connections(VpcPeeringConnectionIds=[identifier])
        connection = only(found, "VpcPeeringConnections")
        assert connection["Status"]["Code"] == "active"
        assert connection["RequesterVpcInfo"]["CidrBlock"] == "10.2.0.0/16"
        assert connection["RequesterVpcInfo"]["Region"] == PEER
        assert connection["AccepterVpcInfo"]["CidrBlock"] == "10.1.0.0/16"
        assert connection["AccepterVpcInfo"]["VpcId"] == other
    tables = ec2(PEER).describe_route_tables(RouteTableIds=[made.outputs["Table"]])
    routes = only(tables, "RouteTables")["Routes"]
    assert identifier in [route.get("VpcPeeringConnectionId") for route in routes]

    back = {
        **vpc("10.1.0.0/16"),
        "Table": resource("RouteTable", VpcId=ref("Vpc")),
        "Return": resource(
            "Route",
            RouteTableId=ref("Table"),
            DestinationCidrBlock="10.2.0.0/16",
            VpcPeeringConnectionId=identifier,
        ),
    }
    assert home.update("home", back, Template=OUT).status == "UPDATE_COMPLETE"
    assert peer.delete("peer").status == "DELETE_COMPLETE"
    for region in (HOME, PEER):
        found = ec2(region).describe_vpc_peering_connections(VpcPeeringConnectionIds=[identifier])
        assert only(found, "VpcPeeringConnections")["Status"]["Code"] == "deleted"


@pytest.mark.parametrize(("cidr", "known"), [("10.1.128.0/20", True), ("10.2.0.0/16", False)])
def test_a_peering_that_can_not_be(home: Runner, peer: Runner, cidr: str, known: bool) -> None:
    other = home.create("home", vpc("10.1.0.0/16"), Template=OUT).outputs["Vpc"]
    made = peer.create("peer", {**vpc(cidr), **peered(other if known else "vpc-none", HOME)})
    assert made.status == "ROLLBACK_COMPLETE"
    assert "incorrect VPC-ID, Account ID, or overlapping CIDR range" in made.reasons[-1]


def endpoints() -> dict[str, Any]:
    return {
        **vpc(EnableDnsHostnames=True, EnableDnsSupport=True),
        "Table": resource("RouteTable", VpcId=ref("Vpc")),
        "One": resource(
            "Subnet", VpcId=ref("Vpc"), CidrBlock="10.0.0.0/24", AvailabilityZone=zone(0)
        ),
        "Two": resource(
            "Subnet", VpcId=ref("Vpc"), CidrBlock="10.0.1.0/24", AvailabilityZone=zone(1)
        ),
        "Group": resource("SecurityGroup", VpcId=ref("Vpc"), GroupDescription="Endpoints"),
        "Client": resource("SecurityGroup", VpcId=ref("Vpc"), GroupDescription="Functions"),
        "FromClient": resource(
            "SecurityGroupIngress",
            GroupId=ref("Group"),
            IpProtocol="tcp",
            FromPort=443,
            ToPort=443,
            SourceSecurityGroupId=ref("Client"),
            Description="HTTPS",
        ),
        "ToGroup": resource(
            "SecurityGroupEgress",
            GroupId=ref("Client"),
            IpProtocol="tcp",
            FromPort=443,
            ToPort=443,
            DestinationSecurityGroupId=ref("Group"),
        ),
        "Table0": resource(
            "SubnetRouteTableAssociation", SubnetId=ref("One"), RouteTableId=ref("Table")
        ),
        "S3": resource(
            "VPCEndpoint",
            VpcId=ref("Vpc"),
            ServiceName={"Fn::Sub": "com.amazonaws.${AWS::Region}.s3"},
            VpcEndpointType="Gateway",
            RouteTableIds=[ref("Table")],
        ),
        "Kms": resource(
            "VPCEndpoint",
            VpcId=ref("Vpc"),
            ServiceName={"Fn::Sub": "com.amazonaws.${AWS::Region}.kms"},
            VpcEndpointType="Interface",
            PrivateDnsEnabled=True,
            SubnetIds=[ref("One")],
            SecurityGroupIds=[ref("Group")],
            PolicyDocument={"Version": "2012-10-17", "Statement": []},
        ),
        "Logs": resource(
            "FlowLog",
            ResourceId=ref("Vpc"),
            ResourceType="VPC",
            TrafficType="ALL",
            LogGroupName="/dr/demo/flow-logs",
            DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/dr-flow",
            MaxAggregationInterval=60,
        ),
    }


ENDPOINT_NAMES = (
    "Vpc",
    "One",
    "Two",
    "Table",
    "Group",
    "Client",
    "S3",
    "Kms",
    "Logs",
    "FromClient",
)


def test_endpoints_rules_and_flow_logs(peer: Runner, ec2: Callable[..., Any]) -> None:
    outputs = {name: {"Value": ref(name)} for name in ENDPOINT_NAMES}
    made = peer.create("net", endpoints(), Template={"Outputs": outputs})
    assert made.status == "CREATE_COMPLETE", made.reasons
    ids, there = made.outputs, ec2(PEER)
    kms = only(there.describe_vpc_endpoints(VpcEndpointIds=[ids["Kms"]]), "VpcEndpoints")
    assert (kms["VpcEndpointType"], kms["PrivateDnsEnabled"]) == ("Interface", True)
    assert kms["ServiceName"] == f"com.amazonaws.{PEER}.kms"
    assert (kms["SubnetIds"], kms["Groups"][0]["GroupId"]) == ([ids["One"]], ids["Group"])
    assert f"kms.{PEER}.amazonaws.com" in [entry["DnsName"] for entry in kms["DnsEntries"]]
    assert "Statement" in kms["PolicyDocument"]
    table = only(there.describe_route_tables(RouteTableIds=[ids["Table"]]), "RouteTables")
    assert ids["S3"] in [route.get("GatewayId") for route in table["Routes"]]
    log = only(there.describe_flow_logs(FlowLogIds=[ids["Logs"]]), "FlowLogs")
    assert (log["ResourceId"], log["LogGroupName"]) == (ids["Vpc"], "/dr/demo/flow-logs")
    assert (log["MaxAggregationInterval"], log["FlowLogStatus"]) == (60, "ACTIVE")
    assert log["DeliverLogsPermissionArn"].endswith("role/dr-flow")
    rules = there.describe_security_group_rules(SecurityGroupRuleIds=[ids["FromClient"]])
    rule = only(rules, "SecurityGroupRules")
    assert rule["ReferencedGroupInfo"]["GroupId"] == ids["Client"]
    assert (rule["Description"], rule["IsEgress"]) == ("HTTPS", False)

    changed = endpoints()
    changed["Kms"]["Properties"] |= {"SubnetIds": [ref("Two")], "PrivateDnsEnabled": False}
    changed["Logs"]["Properties"]["TrafficType"] = "REJECT"
    changed["FromClient"]["Properties"]["FromPort"] = 80
    changed["Table0"]["Properties"]["SubnetId"] = ref("Two")
    del changed["ToGroup"]
    again = peer.update("net", changed, Template={"Outputs": outputs})
    assert again.status == "UPDATE_COMPLETE", again.reasons
    assert again.outputs["Kms"] == ids["Kms"]
    assert again.outputs["Logs"] != ids["Logs"]
    kms = only(there.describe_vpc_endpoints(VpcEndpointIds=[ids["Kms"]]), "VpcEndpoints")
    assert (kms["SubnetIds"], kms["PrivateDnsEnabled"]) == ([ids["Two"]], False)
    groups = there.describe_security_groups(GroupIds=[ids["Group"], ids["Client"]])
    by_id = {group["GroupId"]: group for group in groups["SecurityGroups"]}
    assert [p["FromPort"] for p in by_id[ids["Group"]]["IpPermissions"]] == [80]
    assert [p["IpProtocol"] for p in by_id[ids["Client"]]["IpPermissionsEgress"]] == ["-1"]
    table = only(there.describe_route_tables(RouteTableIds=[ids["Table"]]), "RouteTables")
    assert [each["SubnetId"] for each in table["Associations"]] == [ids["Two"]]

    assert peer.delete("net").status == "DELETE_COMPLETE"
    assert there.describe_vpc_endpoints()["VpcEndpoints"] == []
    assert there.describe_flow_logs()["FlowLogs"] == []


SUBNET = {"VpcId": ref("Vpc"), "CidrBlock": "10.0.0.0/24"}
NAT = {"SubnetId": ref("One"), "AllocationId": attribute("AllocationId", "Address")}
PARTS = {
    "One": resource("Subnet", **SUBNET),
    "Address": resource("EIP"),
    "Table": resource("RouteTable", VpcId=ref("Vpc")),
    "Internet": resource("InternetGateway"),
    "Group": resource("SecurityGroup", VpcId=ref("Vpc"), GroupDescription="Group"),
}
RULE = {
    "GroupId": ref("Group"),
    "IpProtocol": "tcp",
    "FromPort": 1,
    "ToPort": 1,
    "CidrIp": "10.0.0.0/8",
}
INTERFACE = {
    "VpcId": ref("Vpc"),
    "VpcEndpointType": "Interface",
    "ServiceName": f"com.amazonaws.{HOME}.kms",
}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (resource("VPC", CidrBlock="10.0.0.0/8"), "The CIDR '10.0.0.0/8' is invalid."),
        (
            resource("Subnet", **SUBNET, depends="One"),
            "The CIDR '10.0.0.0/24' conflicts with another subnet",
        ),
        (resource("Subnet", **{**SUBNET, "CidrBlock": "10.1.0.0/24"}), "'10.1.0.0/24' is invalid"),
        (
            resource(
                "Subnet", **{**SUBNET, "CidrBlock": "10.0.9.0/24"}, AvailabilityZone="us-west-2a"
            ),
            "Value (us-west-2a) for parameter availabilityZone is invalid",
        ),
        (resource("NatGateway", **NAT), "has no Internet gateway attached"),
        (
            resource(
                "Route",
                RouteTableId=ref("Table"),
                DestinationCidrBlock="0.0.0.0/0",
                GatewayId=ref("Internet"),
            ),
            "belong to different networks",
        ),
        (
            resource(
                "Route",
                RouteTableId=ref("Table"),
                DestinationCidrBlock="0.0.0.0/0",
                NatGatewayId="nat-none",
            ),
            "The natGateway ID 'nat-none' does not exist",
        ),
        (
            resource("SecurityGroup", VpcId=ref("Vpc"), GroupDescription="The group's"),
            "for parameter GroupDescription is invalid",
        ),
        (
            resource("VPCEndpoint", **INTERFACE, PrivateDnsEnabled=True),
            "requires both enableDnsSupport and enableDnsHostnames",
        ),
        (
            resource("VPCEndpoint", **{**INTERFACE, "ServiceName": "com.amazonaws.us-east-1.none"}),
            "The Vpc Endpoint Service 'com.amazonaws.us-east-1.none' does not exist",
        ),
        (
            resource("FlowLog", ResourceId=ref("Vpc"), ResourceType="VPC", LogGroupName="/a"),
            "DeliverLogsPermissionArn can't be empty",
        ),
        (resource("VPC", CidrBlock="10.0.0.0/16", Ipv4NetmaskLength=16), "Ipv4NetmaskLength"),
        (resource("EIP", PublicIpv4Pool="x"), "Encountered unsupported property PublicIpv4Pool"),
    ],
)
def test_what_ec2_refuses(home: Runner, wrong: dict[str, Any], message: str) -> None:
    made = home.create("net", {**vpc(), **PARTS, "Wrong": wrong})
    assert made.status == "ROLLBACK_COMPLETE"
    assert message in " ".join(made.reasons)


def test_a_rule_is_there_once(home: Runner) -> None:
    twice = {
        **vpc(),
        **PARTS,
        "A": resource("SecurityGroupIngress", **RULE),
        "B": resource("SecurityGroupIngress", **RULE),
    }
    made = home.create("net", twice)
    assert made.status == "ROLLBACK_COMPLETE"
    expected = 'the specified rule "peer: 10.0.0.0/8, TCP, from port: 1, to port: 1, ALLOW"'
    assert expected in " ".join(made.reasons)


def test_what_is_depended_on_stays(home: Runner, account: str, client: Callable[..., Any]) -> None:
    outputs = {"Template": {"Outputs": {name: {"Value": ref(name)} for name in ("Vpc", "Group")}}}
    made = home.create("net", {**vpc(), **PARTS}, **outputs)
    inside = {
        "Other": resource("SecurityGroup", VpcId=made.outputs["Vpc"], GroupDescription="Other"),
        "Rule": resource(
            "SecurityGroupIngress",
            GroupId=ref("Other"),
            IpProtocol="-1",
            SourceSecurityGroupId=made.outputs["Group"],
        ),
    }
    assert home.create("inside", inside).status == "CREATE_COMPLETE"
    stuck = home.delete("net")
    assert stuck.status == "DELETE_FAILED"
    assert f"resource {made.outputs['Group']} has a dependent object" in " ".join(stuck.reasons)
    assert home.delete("inside").status == "DELETE_COMPLETE"
    assert home.delete("net").status == "DELETE_COMPLETE"
