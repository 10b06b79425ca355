"""``AWS::EC2::EIP``: an address of its own; what uses it names its allocation.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ec2-eip.html
"""

from __future__ import annotations

from typing import Any

from .context import Made, Properties, here, known
from .network_tags import retag, specification

TYPE = "AWS::EC2::EIP"
TAGS = "Tags"
PROPERTIES = ("Domain", "Tags")


def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    """Allocate an address; Ref is the address itself."""
    known(properties, PROPERTIES)
    if properties.get("Domain", "vpc") != "vpc":
        raise ValueError(f"The parameter Domain must be vpc, not {properties['Domain']}")
    made = here("ec2").allocate_address(Domain="vpc", **specification("elastic-ip", properties))
    return _made(made)


def update(
    physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
) -> Made:
    """Only tags can change."""
    known(new, PROPERTIES)
    address = _find(physical_id)
    if address is None:
        raise ValueError(f"The address {physical_id} does not exist")
    retag(here("ec2"), address["AllocationId"], old, new)
    return _made(address)


def delete(physical_id: str, properties: dict[str, Any]) -> None:
    """Release the address, unless something uses it."""
    address = _find(physical_id)
    if address is not None:
        here("ec2").release_address(AllocationId=address["AllocationId"])


def _find(public_ip: str) -> dict[str, Any] | None:
    addresses = here("ec2").describe_addresses()["Addresses"]
    return next((each for each in addresses if each["PublicIp"] == public_ip), None)


def _made(address: dict[str, Any]) -> Made:
    return address["PublicIp"], {
        "AllocationId": address["AllocationId"],
        "PublicIp": address["PublicIp"],
    }
