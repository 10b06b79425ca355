"""``AWS::EC2::VPCPeeringConnection`` between two VPCs of the account, accepted by itself.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ec2-vpcpeeringconnection.html
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError
from ministack.core.responses import get_account_id, get_region

from .context import Made, Properties, here, known, there
from .network_tags import retag, specification

TYPE = "AWS::EC2::VPCPeeringConnection"
TAGS = "Tags"
PROPERTIES = ("PeerOwnerId", "PeerRegion", "PeerVpcId", "Tags", "VpcId")


def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    """Ask for the connection here, accept it in the peer's region."""
    known(properties, PROPERTIES)
    if properties.get("PeerOwnerId", get_account_id()) != get_account_id():
        raise ValueError("A peer of another account needs PeerRoleArn, which is not supported")
    region = properties.get("PeerRegion", get_region())
    made = here("ec2").create_vpc_peering_connection(
        VpcId=properties["VpcId"],
        PeerVpcId=properties["PeerVpcId"],
        PeerRegion=region,
        **specification("vpc-peering-connection", properties),
    )["VpcPeeringConnection"]
    peering_id, status = made["VpcPeeringConnectionId"], made["Status"]
    if status["Code"] == "failed":
        raise ValueError(f"VPC peering connection {peering_id} failed: {status['Message']}")
    there("ec2", region).accept_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
    return _made(peering_id)


def update(
    physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
) -> Made:
    """Tags change in place; other VPCs are another connection."""
    known(new, PROPERTIES)
    if {**old, "Tags": []} != {**new, "Tags": []}:
        return create(logical_id, new, stack_name)
    retag(here("ec2"), physical_id, old, new)
    return _made(physical_id)


def delete(physical_id: str, properties: dict[str, Any]) -> None:
    """Delete the connection, which ends it on both sides."""
    try:
        here("ec2").delete_vpc_peering_connection(VpcPeeringConnectionId=physical_id)
    except ClientError as error:
        if "NotFound" not in error.response["Error"]["Code"]:
            raise


def _made(peering_id: str) -> Made:
    return peering_id, {"Id": peering_id}
