"""What a health check sees: the data of an alarm's metric, or what an endpoint answers.

A check on an alarm copies the alarm's settings when it is made or changed and looks at the data by
itself: neither the alarm's state nor later changes of it count. It knows no metric math, no M of N,
no percentiles and no periods under a minute. An endpoint is asked once, through this server.

See https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
"""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ministack.core.responses import get_account_id, request_scope
from ministack.services import cloudwatch, route53

from ..extension import require
from . import alarms_evaluation

Check = Mapping[str, Any]

checks = require(route53, "_health_checks")
_alarms = require(cloudwatch, "_alarms")
ALARM = "CLOUDWATCH_METRIC"
ENDPOINTS = ("HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH")
STATISTICS = ("Average", "Sum", "SampleCount", "Maximum", "Minimum")
SECONDS = 4
_COPIED = (
    "EvaluationPeriods",
    "Threshold",
    "ComparisonOperator",
    "Period",
    "MetricName",
    "Namespace",
    "Statistic",
)


def settle(config: Mapping[str, Any]) -> dict[str, Any]:
    """Check the settings of a health check; the alarm it copies, empty for another kind.

    Raises:
        ValueError: Route 53 refuses them.
    """
    kind = config.get("Type")
    if kind == ALARM:
        return _copy(config.get("AlarmIdentifier") or {})
    if kind not in ENDPOINTS:
        raise ValueError(f"Health checks of type {kind} are not supported here")
    if not config.get("FullyQualifiedDomainName"):
        raise ValueError("A health check of an endpoint needs FullyQualifiedDomainName")
    if not 1 <= config.get("FailureThreshold", 3) <= 10:
        raise ValueError("FailureThreshold must be between 1 and 10")
    if config.get("RequestInterval", 30) not in (10, 30):
        raise ValueError("RequestInterval must be 10 or 30")
    if ("STR_MATCH" in kind) != bool(config.get("SearchString")):
        raise ValueError(
            "SearchString belongs to the types that end in STR_MATCH, and only to them"
        )
    return {}


def _copy(identifier: Mapping[str, str]) -> dict[str, Any]:
    name, region = identifier.get("Name", ""), identifier.get("Region", "")
    alarm = _alarms.get_scoped(get_account_id(), region, name)
    if alarm is None:
        raise ValueError(f"CloudWatch alarm {name} does not exist in {region}")
    for unfit, why in (
        (alarm.get("Metrics"), "is based on metric math"),
        (alarm.get("Statistic") not in STATISTICS, "uses an extended statistic"),
        (alarm.get("DatapointsToAlarm") not in (None, alarm["EvaluationPeriods"]), "is M out of N"),
        (alarm.get("Period", 60) < 60, "is a high-resolution alarm"),
    ):
        if unfit:
            raise ValueError(f"CloudWatch alarm {name} {why}, which health checks don't support")
    copied = {each: alarm[each] for each in _COPIED}
    return {**copied, "Dimensions": list(alarm["Dimensions"]), "AlarmName": name, "Region": region}


def status(check: dict[str, Any]) -> tuple[bool, str]:
    """Whether a check is healthy, and what it saw."""
    config = check["config"]
    if config.get("Disabled"):
        return True, "Success: the health check is disabled"
    seen, text = _alarm(check) if config["Type"] == ALARM else _endpoint(config)
    healthy = seen != bool(config.get("Inverted"))
    return healthy, f"{'Success' if healthy else 'Failure'}: {text}"


def _alarm(check: dict[str, Any]) -> tuple[bool, str]:
    alarm = check["alarm"]
    with request_scope(get_account_id(), alarm["Region"]):
        state, reason = alarms_evaluation.verdict(alarm)
    if state == "INSUFFICIENT_DATA":
        fallback = check["config"].get("InsufficientDataHealthStatus", "LastKnownStatus")
        healthy = {"Healthy": True, "Unhealthy": False}.get(fallback, check.get("last", True))
        return healthy, f"{reason} ({fallback})"
    check["last"] = state == "OK"
    return check["last"], reason


def _endpoint(config: Mapping[str, Any]) -> tuple[bool, str]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}{config.get('ResourcePath') or '/'}",
        headers={"Host": config["FullyQualifiedDomainName"], "User-Agent": "Amazon-Route53-Health"},
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            body = answer.read(5120).decode(errors="replace")
    except urllib.error.HTTPError as error:
        error.close()
        return False, f"HTTP Status Code {error.code}"
    except OSError as error:
        return False, str(error)
    wanted = config.get("SearchString", "")
    return wanted in body, f"HTTP Status Code {answer.status}"


def describe(parent: Element, check: Check) -> None:
    """The alarm that a check copied, as GetHealthCheck shows it."""
    alarm = check.get("alarm")
    if not alarm:
        return
    element = SubElement(parent, "CloudWatchAlarmConfiguration")
    for name in _COPIED:
        SubElement(element, name).text = str(alarm[name])
    dimensions = SubElement(element, "Dimensions")
    for each in alarm["Dimensions"]:
        dimension = SubElement(dimensions, "Dimension")
        SubElement(dimension, "Name").text = each["Name"]
        SubElement(dimension, "Value").text = each["Value"]
