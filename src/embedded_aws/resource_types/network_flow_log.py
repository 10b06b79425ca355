"""``AWS::EC2::FlowLog``: what passes a VPC or a subnet, to a log group or a bucket.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ec2-flowlog.html
"""

from __future__ import annotations

from typing import Any

from .context import Made, Properties, here, known
from .network_tags import retag, specification

TYPE = "AWS::EC2::FlowLog"
TAGS = "Tags"
SETTINGS = (
    "DeliverLogsPermissionArn",
    "LogDestination",
    "LogDestinationType",
    "LogFormat",
    "LogGroupName",
    "MaxAggregationInterval",
    "ResourceId",
    "ResourceType",
    "TrafficType",
)
PROPERTIES = (*SETTINGS, "Tags")


def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    """Create the flow log; nothing but its tags can change afterwards."""
    known(properties, PROPERTIES)
    arguments = {name: properties[name] for name in SETTINGS if name in properties}
    made = here("ec2").create_flow_logs(
        **{name: value for name, value in arguments.items() if name != "ResourceId"},
        ResourceIds=[properties["ResourceId"]],
        **specification("vpc-flow-log", properties),
    )
    return _made(made["FlowLogIds"][0])


def update(
    physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
) -> Made:
    """Tags change in place; anything else is another flow log."""
    known(new, PROPERTIES)
    if any(old.get(name) != new.get(name) for name in SETTINGS):
        return create(logical_id, new, stack_name)
    retag(here("ec2"), physical_id, old, new)
    return _made(physical_id)


def delete(physical_id: str, properties: dict[str, Any]) -> None:
    """Delete the flow log; what it wrote stays."""
    here("ec2").delete_flow_logs(FlowLogIds=[physical_id])


def _made(flow_log_id: str) -> Made:
    return flow_log_id, {"Id": flow_log_id}
