"""``AWS::EC2::NatGateway``: public, with one address, in a subnet that has a way out.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ec2-natgateway.html
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from .context import Made, Properties, here, known
from .network_tags import retag, specification

TYPE = "AWS::EC2::NatGateway"
TAGS = "Tags"
PROPERTIES = ("AllocationId", "ConnectivityType", "SubnetId", "Tags")


def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    """Create the gateway, which is available at once."""
    known(properties, PROPERTIES)
    arguments = {name: properties[name] for name in PROPERTIES[:3] if name in properties}
    made = here("ec2").create_nat_gateway(**arguments, **specification("natgateway", properties))
    return _made(made["NatGateway"]["NatGatewayId"])


def update(
    physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
) -> Made:
    """Tags change in place; anything else is another gateway."""
    known(new, PROPERTIES)
    if any(old.get(name) != new.get(name) for name in PROPERTIES[:3]):
        return create(logical_id, new, stack_name)
    retag(here("ec2"), physical_id, old, new)
    return _made(physical_id)


def delete(physical_id: str, properties: dict[str, Any]) -> None:
    """Delete the gateway; its address is free again."""
    try:
        here("ec2").delete_nat_gateway(NatGatewayId=physical_id)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NatGatewayNotFound":
            raise


def _made(gateway_id: str) -> Made:
    return gateway_id, {"NatGatewayId": gateway_id}
