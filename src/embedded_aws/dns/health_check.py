"""``AWS::Route53::HealthCheck``.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-route53-healthcheck.html
"""

from __future__ import annotations

import uuid
from typing import Any

from botocore.exceptions import ClientError

from ..resource_types.context import Made, Properties, here, known
from .health import LAST
from .health import TYPE as CLOUDWATCH_METRIC

TYPE = "AWS::Route53::HealthCheck"
TAGS = "HealthCheckTags"
CONFIG = ("AlarmIdentifier", "InsufficientDataHealthStatus", "Inverted", "Type")


def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    """Create it, with its tags."""
    config = _config(properties)
    api = here("route53")
    answer = api.create_health_check(CallerReference=str(uuid.uuid4()), HealthCheckConfig=config)
    check_id = answer["HealthCheck"]["Id"]
    try:
        _retag(check_id, {}, properties)
    except ClientError:
        api.delete_health_check(HealthCheckId=check_id)
        raise
    return _made(check_id)


def update(
    physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
) -> Made:
    """Settings change in place; only then are those of the alarm read again."""
    config = _config(new)
    if config != _config(old):
        here("route53").update_health_check(
            HealthCheckId=physical_id,
            AlarmIdentifier=config["AlarmIdentifier"],
            InsufficientDataHealthStatus=config.get("InsufficientDataHealthStatus", LAST),
            Inverted=config.get("Inverted", False),
        )
    _retag(physical_id, old, new)
    return _made(physical_id)


def delete(physical_id: str, properties: dict[str, Any]) -> None:
    """Delete it."""
    try:
        here("route53").delete_health_check(HealthCheckId=physical_id)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchHealthCheck":
            raise


def _config(properties: Properties) -> dict[str, Any]:
    known(properties, ("HealthCheckConfig", TAGS))
    config = dict(properties["HealthCheckConfig"])
    if config["Type"] != CLOUDWATCH_METRIC:
        raise ValueError(f"The embedded AWS has health checks of type {CLOUDWATCH_METRIC} alone")
    known(config, CONFIG)
    if "AlarmIdentifier" not in config:
        raise ValueError("#/HealthCheckConfig: required key [AlarmIdentifier] not found")
    return config


def _retag(check_id: str, old: Properties, new: Properties) -> None:
    wanted = [dict(tag) for tag in new.get(TAGS, [])]
    gone = {tag["Key"] for tag in old.get(TAGS, [])} - {tag["Key"] for tag in wanted}
    changes: dict[str, Any] = {"AddTags": wanted} if wanted else {}
    if gone:
        changes["RemoveTagKeys"] = sorted(gone)
    if changes:
        here("route53").change_tags_for_resource(
            ResourceType="healthcheck", ResourceId=check_id, **changes
        )


def _made(check_id: str) -> Made:
    return check_id, {"HealthCheckId": check_id}
