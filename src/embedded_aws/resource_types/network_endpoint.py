"""``AWS::EC2::VPCEndpoint``: gateway endpoints with route tables, interface endpoints with subnets.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ec2-vpcendpoint.html
"""

from __future__ import annotations

import json
from typing import Any

from .context import Made, Properties, here, known
from .network_tags import retag, specification

TYPE = "AWS::EC2::VPCEndpoint"
TAGS = "Tags"
PROPERTIES = (
    "PolicyDocument",
    "PrivateDnsEnabled",
    "RouteTableIds",
    "SecurityGroupIds",
    "ServiceName",
    "SubnetIds",
    "Tags",
    "VpcEndpointType",
    "VpcId",
)
LISTS = {
    "RouteTableIds": ("AddRouteTableIds", "RemoveRouteTableIds"),
    "SecurityGroupIds": ("AddSecurityGroupIds", "RemoveSecurityGroupIds"),
    "SubnetIds": ("AddSubnetIds", "RemoveSubnetIds"),
}
REPLACING = ("ServiceName", "VpcEndpointType", "VpcId")


def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    """Create the endpoint, which is available at once."""
    known(properties, PROPERTIES)
    settings = {name: properties[name] for name in PROPERTIES if name in properties}
    settings.pop("Tags", None)
    made = here("ec2").create_vpc_endpoint(
        **{**settings, **_policy(properties)}, **specification("vpc-endpoint", properties)
    )
    return _made(made["VpcEndpoint"]["VpcEndpointId"])


def update(
    physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
) -> Made:
    """Where it stands and what it lets through change in place; another service is another one."""
    known(new, PROPERTIES)
    if any(old.get(name) != new.get(name) for name in REPLACING):
        return create(logical_id, new, stack_name)
    changes: dict[str, Any] = {}
    for name, (add, remove) in LISTS.items():
        before, after = set(old.get(name, [])), set(new.get(name, []))
        changes |= {add: sorted(after - before)} if after - before else {}
        changes |= {remove: sorted(before - after)} if before - after else {}
    if old.get("PrivateDnsEnabled", False) != new.get("PrivateDnsEnabled", False):
        changes["PrivateDnsEnabled"] = new.get("PrivateDnsEnabled", False)
    if old.get("PolicyDocument") != new.get("PolicyDocument"):
        changes.update(_policy(new) or {"ResetPolicy": True})
    if changes:
        here("ec2").modify_vpc_endpoint(VpcEndpointId=physical_id, **changes)
    retag(here("ec2"), physical_id, old, new)
    return _made(physical_id)


def delete(physical_id: str, properties: dict[str, Any]) -> None:
    """Delete the endpoint."""
    here("ec2").delete_vpc_endpoints(VpcEndpointIds=[physical_id])


def _policy(properties: Properties) -> dict[str, Any]:
    policy = properties.get("PolicyDocument")
    if policy is None:
        return {}
    return {"PolicyDocument": policy if isinstance(policy, str) else json.dumps(policy)}


def _made(endpoint_id: str) -> Made:
    (found,) = here("ec2").describe_vpc_endpoints(VpcEndpointIds=[endpoint_id])["VpcEndpoints"]
    return endpoint_id, {
        "Id": endpoint_id,
        "CreationTimestamp": found["CreationTimestamp"].isoformat(),
        "DnsEntries": [
            f"{entry['HostedZoneId']}:{entry['DnsName']}" for entry in found.get("DnsEntries", [])
        ],
        "NetworkInterfaceIds": found.get("NetworkInterfaceIds", []),
    }
