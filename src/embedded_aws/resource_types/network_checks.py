"""EC2's types that ministack has, held to what EC2 refuses.

ministack writes its records without a look at what they name; a template that EC2 would refuse comes
up. Each type gets the properties that have an effect here, a check before it is made or changed, and
one before it is deleted; the work stays ministack's.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ministack.core.responses import get_region
from ministack.services.cloudformation import provisioners

from ..extension import require
from . import network_service as ec2
from .context import Made, Properties, known
from .network_service import Ec2Error

_originals: dict[str, dict[str, Any]] = require(provisioners, "_RESOURCE_HANDLERS")
_ZONES = "abc"
_TARGETS = ("GatewayId", "NatGatewayId", "VpcPeeringConnectionId")
_RULE = (
    "CidrIp",
    "CidrIpv6",
    "Description",
    "FromPort",
    "IpProtocol",
    "ToPort",
    "SourceSecurityGroupId",
    "SourcePrefixListId",
    "DestinationSecurityGroupId",
    "DestinationPrefixListId",
)
_TEXT = re.compile(r"[a-zA-Z0-9. _\-:/()#,@\[\]+=&;{}!$*]{0,255}")


@dataclass(frozen=True, kw_only=True)
class CheckedType:
    """A type of ministack's behind checks.

    Args:
        TYPE: The CloudFormation type.
        properties: Those that have an effect.
        creating: Looks at the properties before the resource is made.
        changing: Looks at them before it is changed in place.
        deleting: Looks at a resource, by physical id and properties, before it goes.
        attributes: What Fn::GetAtt finds beside ministack's attributes, by physical id and properties.
        original: ministack's handlers.
    """

    TYPE: str
    properties: tuple[str, ...]
    creating: Callable[[Properties], None] = lambda properties: None
    changing: Callable[[Properties], None] = lambda properties: None
    deleting: Callable[[str, Properties], None] = lambda physical_id, properties: None
    attributes: Callable[[str, Properties], dict[str, Any]] = lambda physical_id, properties: {}
    original: dict[str, Any]
    TAGS: str = ""

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Made:
        """Check, then create."""
        known(properties, self.properties)
        self.creating(properties)
        return self._with_attributes(
            self.original["create"](logical_id, properties, stack_name), properties
        )

    def update(
        self, physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Made:
        """Check, then update; a type that can't be is replaced where it stands."""
        known(new, self.properties)
        self.changing(new)
        if "update" not in self.original:
            self.original["delete"](physical_id, old)
            return self.create(logical_id, new, stack_name)
        made = self.original["update"](physical_id, old, new, stack_name, logical_id)
        return self._with_attributes(made, new)

    def delete(self, physical_id: str, properties: dict[str, Any]) -> None:
        """Check that nothing depends on it, then delete."""
        self.deleting(physical_id, properties)
        self.original["delete"](physical_id, properties)

    def _with_attributes(self, made: Made, properties: Properties) -> Made:
        physical_id, attributes = made
        return physical_id, {**attributes, **self.attributes(physical_id, properties)}


def _network(cidr: str) -> ipaddress.IPv4Network:
    try:
        return ipaddress.IPv4Network(cidr)
    except ValueError:
        raise Ec2Error(
            "InvalidParameterValue",
            f"Value ({cidr}) for parameter cidrBlock is invalid. This is not a valid CIDR block.",
        ) from None


def _vpc(properties: Properties) -> None:
    if not 16 <= _network(properties["CidrBlock"]).prefixlen <= 28:
        raise Ec2Error("InvalidVpc.Range", f"The CIDR '{properties['CidrBlock']}' is invalid.")


def _vpc_is_free(physical_id: str, properties: Properties) -> None:
    tables = [
        table
        for table in ec2.route_tables.values()
        if table["VpcId"] == physical_id
        and not any(each.get("Main") for each in table["Associations"])
    ]
    inside = [*tables, *ec2.endpoints.values(), *ec2.live_nat_gateways()]
    if any(each["VpcId"] == physical_id for each in inside):
        raise _depended(f"The vpc '{physical_id}'")


def _subnet(properties: Properties) -> None:
    home = ec2.vpc(properties["VpcId"])
    wanted = _network(properties["CidrBlock"])
    if not wanted.subnet_of(_network(home["CidrBlock"])) or wanted.prefixlen > 28:
        raise Ec2Error("InvalidSubnet.Range", f"The CIDR '{wanted}' is invalid.")
    for other in ec2.subnets.values():
        if other["VpcId"] == home["VpcId"] and wanted.overlaps(_network(other["CidrBlock"])):
            raise Ec2Error(
                "InvalidSubnet.Conflict", f"The CIDR '{wanted}' conflicts with another subnet"
            )
    zones = [f"{get_region()}{letter}" for letter in _ZONES]
    zone = properties.get("AvailabilityZone", zones[0])
    if zone not in zones:
        raise Ec2Error(
            "InvalidParameterValue",
            f"Value ({zone}) for parameter availabilityZone is invalid. Subnets can currently "
            f"only be created in the following availability zones: {', '.join(zones)}.",
        )


def _subnet_is_free(physical_id: str, properties: Properties) -> None:
    gateways = [each["SubnetId"] for each in ec2.live_nat_gateways()]
    interfaces = [each for endpoint in ec2.endpoints.values() for each in endpoint["SubnetIds"]]
    if physical_id in (*gateways, *interfaces):
        raise _depended(f"The subnet '{physical_id}'")


def _attachment(properties: Properties) -> None:
    home = ec2.vpc(properties["VpcId"])
    gateway = properties["InternetGatewayId"]
    record = ec2.internet_gateways.get(gateway)
    if record is None:
        raise Ec2Error(
            "InvalidInternetGatewayID.NotFound",
            f"The internetGateway ID '{gateway}' does not exist",
        )
    if record["Attachments"]:
        raise Ec2Error(
            "Resource.AlreadyAssociated",
            f"resource {gateway} is already attached to network {home['VpcId']}",
        )
    if ec2.has_internet_gateway(home["VpcId"]):
        raise Ec2Error(
            "InvalidParameterValue",
            f"Network {home['VpcId']} already has an internet gateway attached",
        )


def _attachment_is_free(physical_id: str, properties: Properties) -> None:
    home = properties["VpcId"]
    if any(each["VpcId"] == home and each.get("PublicIp") for each in ec2.live_nat_gateways()):
        raise Ec2Error(
            "DependencyViolation",
            f"Network {home} has some mapped public address(es). Please unmap those public "
            "address(es) before detaching the gateway.",
        )


def _internet_gateway_is_free(physical_id: str, properties: Properties) -> None:
    if ec2.internet_gateways.get(physical_id, {}).get("Attachments"):
        raise _depended(f"The internetGateway '{physical_id}'")


def _route_table(properties: Properties) -> None:
    ec2.vpc(properties["VpcId"])


def _route_table_is_free(physical_id: str, properties: Properties) -> None:
    if ec2.route_tables.get(physical_id, {}).get("Associations"):
        raise _depended(f"The routeTable '{physical_id}'")


def _route(properties: Properties) -> None:
    table = ec2.route_table(properties["RouteTableId"])
    destination = properties["DestinationCidrBlock"]
    if any(each.get("DestinationCidrBlock") == destination for each in table["Routes"]):
        raise Ec2Error(
            "RouteAlreadyExists", f"The route identified by {destination} already exists."
        )
    _target(properties)


def _target(properties: Properties) -> None:
    table = ec2.route_table(properties["RouteTableId"])
    _network(properties["DestinationCidrBlock"])
    targets = [name for name in _TARGETS if properties.get(name)]
    if len(targets) != 1:
        raise Ec2Error(
            "InvalidParameterCombination",
            f"Exactly one of {', '.join(_TARGETS)} must be given",
        )
    target, home = properties[targets[0]], table["VpcId"]
    if targets == ["NatGatewayId"]:
        gateways = {each["NatGatewayId"]: each for each in ec2.live_nat_gateways()}
        ec2.found(gateways, target, "InvalidNatGatewayID.NotFound", "natGateway")
        fits = gateways[target]["VpcId"] == home
    elif targets == ["GatewayId"]:
        gateway = ec2.found(ec2.internet_gateways, target, "InvalidGatewayID.NotFound", "gateway")
        fits = any(each["VpcId"] == home for each in gateway["Attachments"])
    else:
        peering = ec2.found(
            ec2.peerings, target, "InvalidVpcPeeringConnectionID.NotFound", "vpcPeeringConnection"
        )
        if peering["Status"]["Code"] != "active":
            raise Ec2Error(
                "InvalidParameterValue",
                f"VPC peering connection {target} is not active: {peering['Status']['Code']}",
            )
        fits = home in (peering["RequesterVpcInfo"]["VpcId"], peering["AccepterVpcInfo"]["VpcId"])
    if not fits:
        raise Ec2Error(
            "InvalidParameterValue",
            f"route table {properties['RouteTableId']} and network gateway {target} belong to "
            "different networks",
        )


def _association(properties: Properties) -> None:
    table, place = ec2.route_table(properties["RouteTableId"]), ec2.subnet(properties["SubnetId"])
    if table["VpcId"] != place["VpcId"]:
        raise Ec2Error(
            "InvalidParameterValue",
            f"route table {table['RouteTableId']} and subnet {place['SubnetId']} belong to "
            "different networks",
        )
    for each in ec2.route_tables.values():
        if any(a.get("SubnetId") == place["SubnetId"] for a in each["Associations"]):
            raise Ec2Error(
                "Resource.AlreadyAssociated",
                f"the specified association for route table {table['RouteTableId']} conflicts "
                "with an existing association",
            )


def _security_group(properties: Properties) -> None:
    home, name = ec2.vpc(properties["VpcId"]), properties.get("GroupName")
    if name and name.lower().startswith("sg-"):
        raise Ec2Error(
            "InvalidParameterValue", f"Value ({name}) for parameter GroupName is invalid."
        )
    for other in ec2.security_groups.values():
        if name and (other["VpcId"], other["GroupName"]) == (home["VpcId"], name):
            raise Ec2Error(
                "InvalidGroup.Duplicate",
                f"The security group '{name}' already exists for VPC '{home['VpcId']}'",
            )
    _rules(properties)


def _rules(properties: Properties) -> None:
    _text("GroupDescription", properties["GroupDescription"])
    for side in ("SecurityGroupIngress", "SecurityGroupEgress"):
        for rule in properties.get(side, []):
            known(rule, _RULE)
            _text("Description", rule.get("Description", ""))
            for name in ("SourceSecurityGroupId", "DestinationSecurityGroupId"):
                if name in rule:
                    ec2.security_group(rule[name])
            if "CidrIp" in rule:
                _network(rule["CidrIp"])


def _text(name: str, value: str) -> None:
    if not _TEXT.fullmatch(value):
        raise Ec2Error(
            "InvalidParameterValue",
            f"Value ({value}) for parameter {name} is invalid. Valid descriptions are strings less "
            "than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
        )


def _security_group_is_free(physical_id: str, properties: Properties) -> None:
    rules = [
        pair.get("GroupId")
        for group_id, group in ec2.security_groups.items()
        if group_id != physical_id
        for rule in (*group["IpPermissions"], *group["IpPermissionsEgress"])
        for pair in rule.get("UserIdGroupPairs", [])
    ]
    interfaces = [
        group for endpoint in ec2.endpoints.values() for group in endpoint.get("GroupIds", [])
    ]
    if physical_id in (*rules, *interfaces):
        raise Ec2Error("DependencyViolation", f"resource {physical_id} has a dependent object")


def _depended(what: str) -> Ec2Error:
    return Ec2Error("DependencyViolation", f"{what} has dependencies and cannot be deleted.")


def _checked(resource_type: str, *properties: str, **checks: Any) -> CheckedType:
    return CheckedType(
        TYPE=resource_type,
        properties=properties,
        original=dict(_originals[resource_type]),
        **checks,
    )


TYPES = (
    _checked(
        "AWS::EC2::VPC",
        "CidrBlock",
        "EnableDnsHostnames",
        "EnableDnsSupport",
        "InstanceTenancy",
        "Tags",
        creating=_vpc,
        deleting=_vpc_is_free,
        attributes=lambda physical_id, properties: {"CidrBlock": properties["CidrBlock"]},
    ),
    _checked(
        "AWS::EC2::Subnet",
        "AvailabilityZone",
        "CidrBlock",
        "MapPublicIpOnLaunch",
        "Tags",
        "VpcId",
        creating=_subnet,
        deleting=_subnet_is_free,
        attributes=lambda physical_id, properties: {
            "AvailabilityZoneId": ec2.subnets[physical_id]["AvailabilityZoneId"],
            "CidrBlock": properties["CidrBlock"],
            "VpcId": properties["VpcId"],
        },
    ),
    _checked("AWS::EC2::InternetGateway", "Tags", deleting=_internet_gateway_is_free),
    _checked(
        "AWS::EC2::VPCGatewayAttachment",
        "InternetGatewayId",
        "VpcId",
        creating=_attachment,
        deleting=_attachment_is_free,
    ),
    _checked(
        "AWS::EC2::RouteTable",
        "Tags",
        "VpcId",
        creating=_route_table,
        deleting=_route_table_is_free,
    ),
    _checked(
        "AWS::EC2::Route",
        "DestinationCidrBlock",
        "RouteTableId",
        *_TARGETS,
        creating=_route,
        changing=_target,
    ),
    _checked(
        "AWS::EC2::SubnetRouteTableAssociation",
        "RouteTableId",
        "SubnetId",
        creating=_association,
        attributes=lambda physical_id, properties: {"Id": physical_id},
    ),
    _checked(
        "AWS::EC2::SecurityGroup",
        "GroupDescription",
        "GroupName",
        "SecurityGroupEgress",
        "SecurityGroupIngress",
        "Tags",
        "VpcId",
        creating=_security_group,
        changing=_rules,
        deleting=_security_group_is_free,
    ),
)
