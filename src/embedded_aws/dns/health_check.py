"""``AWS::Route53::HealthCheck``.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-route53-healthcheck.html
"""

from __future__ import annotations

import uuid
from typing import Any

from botocore.exceptions import ClientError

from ..resource_types.context import Made, Properties, here, known
from . import endpoints
from .health import CALCULATED, KNOWN, LAST
from .health import TYPE as CLOUDWATCH_METRIC

TYPE = "AWS::Route53::HealthCheck"
TAGS = "HealthCheckTags"
NEEDED = {
    CLOUDWATCH_METRIC: ("AlarmIdentifier",),
    endpoints.TYPE: ("FullyQualifiedDomainName", "ResourcePath"),
    CALCULATED: ("ChildHealthChecks", "HealthThreshold"),
}
WHOLE, TRUTH = (
    ("FailureThreshold", "HealthThreshold", "Port", "RequestInterval"),
    ("EnableSNI", "Inverted"),
)
"""Numbers and truth values, which a template may have as text."""


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
    """Settings change in place; only then are those of an alarm read again. Some make another check."""
    config, before = _config(new), _config(old)
    if any(config.get(name) != before.get(name) for name in endpoints.FIXED):
        return create(logical_id, new, stack_name)
    if config != before:
        changes = {name: value for name, value in config.items() if name not in endpoints.FIXED}
        changes.setdefault("Inverted", False)
        if config["Type"] == CLOUDWATCH_METRIC:
            changes.setdefault("InsufficientDataHealthStatus", LAST)
        here("route53").update_health_check(HealthCheckId=physical_id, **changes)
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
    kind = config["Type"]
    if kind not in NEEDED:
        raise ValueError(f"The embedded AWS has health checks of type {', '.join(NEEDED)}")
    known(config, [name for name in KNOWN[kind] if name != "Disabled"])
    for name in NEEDED[kind]:
        if name not in config:
            raise ValueError(f"#/HealthCheckConfig: required key [{name}] not found")
    for name in WHOLE:
        if name in config:
            config[name] = int(config[name])
    for name in TRUTH:
        if name in config:
            config[name] = str(config[name]).lower() == "true"
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
