"""A resource whose name is taken can't be created; CloudFormation does not take over what is there.

ministack writes its records over what it finds: a stack would come up on another's log group, role or
function, change it, and delete it in the end.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch, cloudwatch_logs, eventbridge, iam, kms, lambda_svc
from ministack.services.cloudformation import stacks

from ..extension import require

_provision = require(stacks, "_provision_resource")
_alias_arn = require(kms, "_alias_arn")
_rule_key = require(eventbridge, "_rule_key")

Key = Callable[[str, dict[str, Any]], Any]


def _rule(name: str, properties: dict[str, Any]) -> Any:
    bus = str(properties.get("EventBusName") or "default")
    return _rule_key(name, bus.rpartition("/")[2])


NAMES: dict[str, tuple[str, Any, Key]] = {
    "AWS::CloudWatch::Dashboard": (
        "DashboardName",
        require(cloudwatch, "_dashboards"),
        lambda name, properties: name,
    ),
    "AWS::Events::Rule": ("Name", require(eventbridge, "_rules"), _rule),
    "AWS::IAM::Role": ("RoleName", require(iam, "_roles"), lambda name, properties: name),
    "AWS::KMS::Alias": (
        "AliasName",
        require(kms, "_aliases"),
        lambda name, properties: _alias_arn(name),
    ),
    "AWS::Lambda::Function": (
        "FunctionName",
        require(lambda_svc, "_functions"),
        lambda name, properties: name,
    ),
    "AWS::Logs::LogGroup": (
        "LogGroupName",
        require(cloudwatch_logs, "_log_groups"),
        lambda name, properties: name,
    ),
}
"""The property that names it, where ministack keeps them, and under which key."""


def install() -> None:
    """Once, before the server starts."""
    stacks._provision_resource = provision


def provision(
    resource_type: str, logical_id: str, properties: dict[str, Any], stack_name: str
) -> Any:
    """Create a resource, unless it names one that is there.

    Raises:
        ValueError: It does.
    """
    if resource_type in NAMES:
        named, store, key = NAMES[resource_type]
        name = (properties or {}).get(named)
        if name and key(name, properties) in store:
            raise ValueError(
                f"Resource of type '{resource_type}' with identifier '{name}' already exists."
            )
    return _provision(resource_type, logical_id, properties, stack_name)
