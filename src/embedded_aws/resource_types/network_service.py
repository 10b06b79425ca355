"""EC2's networking as EC2 answers it: what it refuses, and what ministack forgets of a request.

Each operation of ministack is wrapped: checks go before it, and what its record lacks is added to the
record and to every answer that names it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any
from xml.sax.saxutils import escape

from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2

from ..extension import Response, require

Parameters = Mapping[str, Any]
Operation = Callable[[Parameters], Response]

operations: dict[str, Operation] = require(ec2, "_ACTION_MAP")
vpcs = require(ec2, "_vpcs")
subnets = require(ec2, "_subnets")
security_groups = require(ec2, "_security_groups")
route_tables = require(ec2, "_route_tables")
internet_gateways = require(ec2, "_internet_gateways")
nat_gateways = require(ec2, "_nat_gateways")
addresses = require(ec2, "_addresses")
endpoints = require(ec2, "_vpc_endpoints")
peerings = require(ec2, "_vpc_peering")
flow_logs = require(ec2, "_flow_logs")
gateway_services = require(ec2, "_VPCE_GATEWAY_SERVICES")
interface_services = require(ec2, "_VPCE_INTERFACE_SERVICES")
_error = require(ec2, "_error")
_p = require(ec2, "_p")
_list = require(ec2, "_parse_member_list")
_permissions = require(ec2, "_parse_ip_permissions")
_matches = require(ec2, "_rules_match")
_prefix_list = require(ec2, "_aws_pl_id_from_name")
_now = require(ec2, "_now_ts")
_set_peering_status = require(ec2, "_set_vpc_peering_status")

PEERING_FAILED = "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range"
_PEER = re.compile(r"<vpcId>([^<]+)</vpcId><ownerId>([^<]+)</ownerId><region>([^<]+)</region>")


class Ec2Error(ValueError):
    """EC2 refuses a request; the text is EC2's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def answer(self) -> Response:
        """The error as EC2 sends it."""
        response: Response = _error(self.code, escape(str(self)), 400)
        return response


def install() -> None:
    """Wrap the operations; once, before the server starts."""
    for name, wrap in _WRAPPED.items():
        operations[name] = wrap(operations[name])


def found(store: Mapping[str, Any], identifier: str, code: str, kind: str) -> dict[str, Any]:
    """A record.

    Raises:
        Ec2Error: There is none of this identifier.
    """
    record: dict[str, Any] | None = store.get(identifier)
    if record is None:
        raise Ec2Error(code, f"The {kind} ID '{identifier}' does not exist")
    return record


def vpc(identifier: str) -> dict[str, Any]:
    """A VPC of this account and region."""
    return found(vpcs, identifier, "InvalidVpcID.NotFound", "vpc")


def subnet(identifier: str) -> dict[str, Any]:
    """A subnet of this account and region."""
    return found(subnets, identifier, "InvalidSubnetID.NotFound", "subnet")


def security_group(identifier: str) -> dict[str, Any]:
    """A security group of this account and region."""
    record: dict[str, Any] | None = security_groups.get(identifier)
    if record is None:
        raise Ec2Error("InvalidGroup.NotFound", f"The security group '{identifier}' does not exist")
    return record


def route_table(identifier: str) -> dict[str, Any]:
    """A route table of this account and region."""
    record: dict[str, Any] | None = route_tables.get(identifier)
    if record is None:
        raise Ec2Error(
            "InvalidRouteTableID.NotFound", f"The routeTable ID '{identifier}' does not exist"
        )
    return record


def has_internet_gateway(vpc_id: str) -> bool:
    """Whether an internet gateway is attached to the VPC."""
    return any(
        attachment.get("VpcId") == vpc_id
        for gateway in internet_gateways.values()
        for attachment in gateway.get("Attachments", [])
    )


def live_nat_gateways() -> list[dict[str, Any]]:
    """The NAT gateways that are not deleted."""
    return [each for each in nat_gateways.values() if each["State"] != "deleted"]


def _checked(check: Callable[[Parameters], None]) -> Callable[[Operation], Operation]:
    """The operation behind a check."""

    def wrap(operation: Operation) -> Operation:
        def run(parameters: Parameters) -> Response:
            try:
                check(parameters)
            except Ec2Error as error:
                return error.answer()
            return operation(parameters)

        return run

    return wrap


def _told(
    tag: str, tell: Callable[[str], str], placeholder: str = ""
) -> Callable[[Operation], Operation]:
    """The operation with more in its answer, after each identifier in ``tag``."""

    def wrap(operation: Operation) -> Operation:
        def run(parameters: Parameters) -> Response:
            status, headers, body = operation(parameters)
            text = re.sub(
                rf"<{tag}>([^<]+)</{tag}>",
                lambda match: match[0] + tell(match[1]),
                body.decode().replace(placeholder, "") if placeholder else body.decode(),
            )
            return status, headers, text.encode()

        return run

    return wrap


def _tags(**texts: Any) -> str:
    return "".join(
        f"<{name}>{escape(str(value))}</{name}>" for name, value in texts.items() if value != ""
    )


# --- NAT gateways and addresses ---


def _create_nat_gateway(operation: Operation) -> Operation:
    def run(parameters: Parameters) -> Response:
        try:
            place = subnet(_p(parameters, "SubnetId"))
            address = _free_address(parameters, place["VpcId"])
        except Ec2Error as error:
            return error.answer()
        answer = operation(parameters)
        match = re.search(rb"<natGatewayId>([^<]+)", answer[2])
        assert match is not None
        record = nat_gateways[match[1].decode()]
        first = ipaddress.ip_network(place["CidrBlock"]).network_address
        record["PrivateIp"] = str(first + 9 + len(live_nat_gateways()))
        record["NetworkInterfaceId"] = record["NatGatewayId"].replace("nat-", "eni-")
        if address is not None:
            address["AssociationId"] = record["NatGatewayId"].replace("nat-", "eipassoc-")
            record["PublicIp"] = address["PublicIp"]
        return answer

    return run


def _free_address(parameters: Parameters, vpc_id: str) -> dict[str, Any] | None:
    if (_p(parameters, "ConnectivityType") or "public") == "private":
        return None
    allocation = _p(parameters, "AllocationId")
    if not allocation:
        raise Ec2Error("MissingParameter", "The request must contain the parameter AllocationId")
    address: dict[str, Any] | None = addresses.get(allocation)
    if address is None:
        raise Ec2Error(
            "InvalidAllocationID.NotFound", f"The allocation ID '{allocation}' does not exist"
        )
    if address["AssociationId"]:
        raise Ec2Error(
            "Resource.AlreadyAssociated",
            f"Elastic IP address [{allocation}] is already associated",
        )
    if not has_internet_gateway(vpc_id):
        raise Ec2Error("Gateway.NotAttached", f"Network {vpc_id} has no Internet gateway attached")
    return address


def _delete_nat_gateway(operation: Operation) -> Operation:
    def run(parameters: Parameters) -> Response:
        answer = operation(parameters)
        record = nat_gateways.get(_p(parameters, "NatGatewayId"), {})
        if record.get("AllocationId") in addresses:
            addresses[record["AllocationId"]]["AssociationId"] = None
        return answer

    return run


def _tell_nat_gateway(identifier: str) -> str:
    record = nat_gateways.get(identifier, {})
    if "PrivateIp" not in record:
        return ""
    inner = _tags(
        allocationId=record.get("AllocationId") or "",
        networkInterfaceId=record["NetworkInterfaceId"],
        privateIp=record["PrivateIp"],
        publicIp=record.get("PublicIp", ""),
        isPrimary="true",
        status="succeeded",
    )
    return f"<natGatewayAddressSet><item>{inner}</item></natGatewayAddressSet>"


def _check_release(parameters: Parameters) -> None:
    address = addresses.get(_p(parameters, "AllocationId"))
    if address and address["AssociationId"]:
        raise Ec2Error("InvalidIPAddress.InUse", f"Address '{address['PublicIp']}' is in use.")


# --- Peering ---


def _create_peering(operation: Operation) -> Operation:
    def run(parameters: Parameters) -> Response:
        here, peer = _p(parameters, "VpcId"), _p(parameters, "PeerVpcId")
        owner = _p(parameters, "PeerOwnerId") or get_account_id()
        region = _p(parameters, "PeerRegion") or get_region()
        try:
            own = vpc(here)
        except Ec2Error as error:
            return error.answer()
        for each in peerings.values():
            ends = {each["RequesterVpcInfo"]["VpcId"], each["AccepterVpcInfo"]["VpcId"]}
            if ends == {here, peer} and each["Status"]["Code"] == "active":
                return Ec2Error(
                    "VpcPeeringConnectionAlreadyExists",
                    f"VPC peering connection {each['VpcPeeringConnectionId']} exists already",
                ).answer()
        other = vpcs.get_scoped(owner, region, peer)
        status, headers, body = operation(parameters)
        if other is None or _overlap(own["CidrBlock"], other["CidrBlock"]):
            match = re.search(rb"<vpcPeeringConnectionId>([^<]+)", body)
            assert match is not None
            _set_peering_status(peerings[match[1].decode()], "failed", PEERING_FAILED)
            failed = f"<status><code>failed</code><message>{PEERING_FAILED}</message></status>"
            body = re.sub(rb"<status>.*?</status>", failed.encode(), body)
        return status, headers, body

    return run


def _overlap(one: str, other: str) -> bool:
    return ipaddress.ip_network(one).overlaps(ipaddress.ip_network(other))


def _accept_peering(parameters: Parameters) -> None:
    record = peerings.get(_p(parameters, "VpcPeeringConnectionId"))
    if record and record["Status"]["Code"] not in ("pending-acceptance", "active"):
        raise Ec2Error(
            "InvalidStateTransition",
            f"VPC peering connection {record['VpcPeeringConnectionId']} is "
            f"{record['Status']['Code']} and can't be accepted",
        )


def _with_ranges(operation: Operation) -> Operation:
    """Both sides of a peering with their address ranges."""

    def tell(match: re.Match[str]) -> str:
        record = vpcs.get_scoped(match[2], match[3], match[1])
        if record is None:
            return match[0]
        block = _tags(cidrBlock=record["CidrBlock"])
        return f"{match[0]}{block}<cidrBlockSet><item>{block}</item></cidrBlockSet>"

    def run(parameters: Parameters) -> Response:
        status, headers, body = operation(parameters)
        return status, headers, _PEER.sub(tell, body.decode()).encode()

    return run


# --- Flow logs ---


def _create_flow_logs(operation: Operation) -> Operation:
    def run(parameters: Parameters) -> Response:
        kind = _p(parameters, "LogDestinationType") or "cloud-watch-logs"
        role = _p(parameters, "DeliverLogsPermissionArn")
        try:
            for identifier in _list(parameters, "ResourceId"):
                vpc(identifier) if identifier.startswith("vpc-") else subnet(identifier)
            if kind == "cloud-watch-logs" and not role:
                raise Ec2Error("InvalidParameter", "DeliverLogsPermissionArn can't be empty")
            if not (_p(parameters, "LogGroupName") or _p(parameters, "LogDestination")):
                raise Ec2Error("InvalidParameter", "LogDestination can't be empty")
        except Ec2Error as error:
            return error.answer()
        # ministack calls the tagged kind otherwise than EC2 does.
        renamed = {
            key: ["flow-log"] if value in ("vpc-flow-log", ["vpc-flow-log"]) else value
            for key, value in parameters.items()
        }
        answer = operation(renamed)
        for identifier in re.findall(r"<item>(fl-[^<]+)</item>", answer[2].decode()):
            flow_logs[identifier]["Told"] = {
                "deliverLogsPermissionArn": role,
                "deliverLogsStatus": "SUCCESS",
                "logFormat": _p(parameters, "LogFormat"),
                "logGroupName": _p(parameters, "LogGroupName"),
                "maxAggregationInterval": _p(parameters, "MaxAggregationInterval") or "600",
            }
        return answer

    return run


def _tell_flow_log(identifier: str) -> str:
    return _tags(**flow_logs.get(identifier, {}).get("Told", {}))


# --- Endpoints ---


def _create_endpoint(operation: Operation) -> Operation:
    def run(parameters: Parameters) -> Response:
        try:
            extra = _endpoint(parameters)
        except Ec2Error as error:
            return error.answer()
        answer = operation(parameters)
        match = re.search(rb"<vpcEndpointId>([^<]+)", answer[2])
        assert match is not None
        identifier = match[1].decode()
        endpoints[identifier] |= extra
        _route(identifier)
        return answer

    return run


def _endpoint(parameters: Parameters) -> dict[str, Any]:
    """What a new endpoint's record needs beside ministack's."""
    home = vpc(_p(parameters, "VpcId"))
    name = _p(parameters, "ServiceName")
    kind = _p(parameters, "VpcEndpointType") or "Gateway"
    service = name.removeprefix(f"com.amazonaws.{get_region()}.")
    offered = gateway_services if kind == "Gateway" else interface_services
    if service == name or service not in offered:
        raise Ec2Error("InvalidServiceName", f"The Vpc Endpoint Service '{name}' does not exist")
    record = {
        "VpcEndpointId": "",
        "VpcId": home["VpcId"],
        "ServiceName": name,
        "SubnetIds": _list(parameters, "SubnetId"),
        "RouteTableIds": _list(parameters, "RouteTableId"),
        "GroupIds": _list(parameters, "SecurityGroupId"),
        "PrivateDns": kind == "Interface" and _p(parameters, "PrivateDnsEnabled") != "false",
        "PolicyDocument": _p(parameters, "PolicyDocument"),
        "CreationTimestamp": _now(),
    }
    if kind == "Interface" and not record["GroupIds"]:
        record["GroupIds"] = [home["DefaultSecurityGroupId"]]
    _check_endpoint(record)
    return {name: record[name] for name in ("GroupIds", "PrivateDns", "PolicyDocument")}


def _check_endpoint(record: Mapping[str, Any]) -> None:
    home = vpc(record["VpcId"])
    zones: set[str] = set()
    for identifier in record["SubnetIds"]:
        place = subnet(identifier)
        if place["VpcId"] != home["VpcId"]:
            raise Ec2Error(
                "InvalidParameter", f"The subnet {identifier} is not in VPC {home['VpcId']}"
            )
        if place["AvailabilityZone"] in zones:
            raise Ec2Error(
                "DuplicateSubnetsInSameZone",
                "Found another VPC endpoint subnet in the availability zone of "
                f"{identifier}. VPC endpoint subnets should be in different availability zones "
                "supported by the VPC endpoint service.",
            )
        zones.add(place["AvailabilityZone"])
    for identifier in record["RouteTableIds"]:
        if route_table(identifier)["VpcId"] != home["VpcId"]:
            raise Ec2Error(
                "InvalidParameter", f"Route table {identifier} is not in VPC {home['VpcId']}"
            )
    for identifier in record["GroupIds"]:
        if security_group(identifier)["VpcId"] != home["VpcId"]:
            raise Ec2Error(
                "InvalidParameter", f"Security group {identifier} is not in VPC {home['VpcId']}"
            )
    if record["PrivateDns"]:
        _check_private_dns(record, home)


def _check_private_dns(record: Mapping[str, Any], home: Mapping[str, Any]) -> None:
    if not (home.get("EnableDnsSupport", True) and home.get("EnableDnsHostnames", False)):
        raise Ec2Error(
            "InvalidParameter",
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC "
            f"attributes set to true for {home['VpcId']}",
        )
    for other in endpoints.values():
        if (
            other["VpcEndpointId"] != record["VpcEndpointId"]
            and (other["VpcId"], other["ServiceName"]) == (home["VpcId"], record["ServiceName"])
            and other.get("PrivateDns")
        ):
            raise Ec2Error(
                "InvalidParameter",
                "private-dns-enabled cannot be set because there is already a conflicting DNS "
                f"domain for {record['ServiceName']} in the VPC {home['VpcId']}",
            )


def _modify_endpoint(operation: Operation) -> Operation:
    def run(parameters: Parameters) -> Response:
        record = endpoints.get(_p(parameters, "VpcEndpointId"))
        if record is None:
            return operation(parameters)
        changed = {**record, "GroupIds": list(record.get("GroupIds", []))}
        for kind, name in (
            ("SecurityGroupId", "GroupIds"),
            ("SubnetId", "SubnetIds"),
            ("RouteTableId", "RouteTableIds"),
        ):
            gone, added = _list(parameters, f"Remove{kind}"), _list(parameters, f"Add{kind}")
            changed[name] = [each for each in changed[name] if each not in gone] + added
        if _p(parameters, "PrivateDnsEnabled"):
            changed["PrivateDns"] = _p(parameters, "PrivateDnsEnabled") == "true"
        if _p(parameters, "ResetPolicy") == "true":
            changed["PolicyDocument"] = ""
        changed.setdefault("PrivateDns", False)
        try:
            _check_endpoint(changed)
        except Ec2Error as error:
            return error.answer()
        answer = operation(parameters)
        policy = _p(parameters, "PolicyDocument") or changed.get("PolicyDocument", "")
        record |= {**changed, "PolicyDocument": policy}
        _route(record["VpcEndpointId"])
        return answer

    return run


def _delete_endpoints(operation: Operation) -> Operation:
    def run(parameters: Parameters) -> Response:
        answer = operation(parameters)
        for identifier in _list(parameters, "VpcEndpointId"):
            _route(identifier)
        return answer

    return run


def _route(identifier: str) -> None:
    """A gateway endpoint's routes: one in each of its tables, in no other."""
    record = endpoints.get(identifier, {"RouteTableIds": []})
    for table_id, table in route_tables.items():
        table["Routes"] = [r for r in table["Routes"] if r.get("GatewayId") != identifier]
        if table_id in record["RouteTableIds"]:
            table["Routes"].append(
                {
                    "DestinationPrefixListId": _prefix_list(record["ServiceName"]),
                    "GatewayId": identifier,
                    "State": "active",
                    "Origin": "CreateRoute",
                }
            )


def _tell_endpoint(identifier: str) -> str:
    record = endpoints.get(identifier)
    if record is None:
        return ""
    groups = "".join(
        "<item>"
        + _tags(groupId=each, groupName=security_groups.get(each, {}).get("GroupName", ""))
        + "</item>"
        for each in record.get("GroupIds", [])
    )
    interface = record["VpcEndpointType"] == "Interface"
    suffix = identifier.removeprefix("vpce-")
    interfaces = "".join(
        f"<item>eni-{suffix[:12]}{number:05d}</item>"
        for number, _ in enumerate(record["SubnetIds"] if interface else [])
    )
    service = record["ServiceName"].rpartition(".")[2]
    names = [f"{identifier}-{suffix[:8]}.{service}.{get_region()}.vpce.amazonaws.com"]
    names += [f"{service}.{get_region()}.amazonaws.com"] if record.get("PrivateDns") else []
    dns = "".join(
        "<item>" + _tags(dnsName=name, hostedZoneId=f"Z{suffix[:12].upper()}") + "</item>"
        for name in (names if interface else [])
    )
    return (
        _tags(
            privateDnsEnabled=str(bool(record.get("PrivateDns"))).lower(),
            policyDocument=record.get("PolicyDocument") or "",
            creationTimestamp=record.get("CreationTimestamp") or _now(),
        )
        + f"<groupSet>{groups}</groupSet><networkInterfaceIdSet>{interfaces}</networkInterfaceIdSet>"
        + f"<dnsEntrySet>{dns}</dnsEntrySet>"
    )


# --- Security groups ---


def _check_authorize(side: str) -> Callable[[Parameters], None]:
    def check(parameters: Parameters) -> None:
        group = security_group(_p(parameters, "GroupId"))
        for rule in _permissions(parameters, "IpPermissions"):
            for pair in rule.get("UserIdGroupPairs", []):
                security_group(pair["GroupId"])
            for existing in group[side]:
                if _matches(rule, existing):
                    raise Ec2Error("InvalidPermission.Duplicate", _duplicate(rule))

    return check


def _duplicate(rule: Mapping[str, Any]) -> str:
    peers = [each["CidrIp"] for each in rule.get("IpRanges", [])]
    peers += [each["GroupId"] for each in rule.get("UserIdGroupPairs", [])]
    protocol = "ALL" if rule["IpProtocol"] == "-1" else rule["IpProtocol"].upper()
    ports = (
        f", from port: {rule['FromPort']}, to port: {rule['ToPort']}" if "FromPort" in rule else ""
    )
    return f'the specified rule "peer: {", ".join(peers)}, {protocol}{ports}, ALLOW" already exists'


_WRAPPED: dict[str, Callable[[Operation], Operation]] = {
    "AcceptVpcPeeringConnection": lambda run: _with_ranges(_checked(_accept_peering)(run)),
    "AuthorizeSecurityGroupEgress": _checked(_check_authorize("IpPermissionsEgress")),
    "AuthorizeSecurityGroupIngress": _checked(_check_authorize("IpPermissions")),
    "CreateFlowLogs": _create_flow_logs,
    "CreateNatGateway": lambda run: _told(
        "natGatewayId", _tell_nat_gateway, "<natGatewayAddressSet/>"
    )(_create_nat_gateway(run)),
    "CreateVpcEndpoint": lambda run: _told("vpcEndpointId", _tell_endpoint)(_create_endpoint(run)),
    "CreateVpcPeeringConnection": lambda run: _with_ranges(_create_peering(run)),
    "DeleteNatGateway": _delete_nat_gateway,
    "DeleteVpcEndpoints": _delete_endpoints,
    "DescribeFlowLogs": _told("flowLogId", _tell_flow_log),
    "DescribeNatGateways": _told("natGatewayId", _tell_nat_gateway, "<natGatewayAddressSet/>"),
    "DescribeVpcEndpoints": _told("vpcEndpointId", _tell_endpoint),
    "DescribeVpcPeeringConnections": _with_ranges,
    "ModifyVpcEndpoint": _modify_endpoint,
    "ReleaseAddress": _checked(_check_release),
}
