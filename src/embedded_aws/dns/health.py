"""Health checks: which there are, what Route 53 refuses of them, and whether one is good.

    CLOUDWATCH_METRIC   follows a CloudWatch alarm's data
    HTTPS               asks an endpoint: see ``endpoints``
    CALCULATED          good while enough of its children are

A check of an alarm takes over the alarm's settings when it is made or given an alarm anew. From then on it reads the
metric's data with them, whatever becomes of the alarm and its state. Data that say nothing, because
they are missing, give ``InsufficientDataHealthStatus``; the last known status is that of the newest
periods that said something, and healthy when there were none.

See https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from copy import deepcopy
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from ministack.core.responses import get_account_id, request_scope
from ministack.services import route53

from ..extension import Response, require
from ..resource_types import alarms_evaluation
from . import endpoints
from .refusal import RefusedError, refusing

Call = Callable[..., Response]
Config = dict[str, Any]

TYPE, CALCULATED = "CLOUDWATCH_METRIC", "CALCULATED"
KNOWN = {
    TYPE: ("AlarmIdentifier", "Disabled", "InsufficientDataHealthStatus", "Inverted", "Type"),
    endpoints.TYPE: endpoints.KNOWN,
    CALCULATED: ("ChildHealthChecks", "Disabled", "HealthThreshold", "Inverted", "Type"),
}
HEALTHY, UNHEALTHY, LAST = "Healthy", "Unhealthy", "LastKnownStatus"
STATISTICS = ("Average", "Maximum", "Minimum", "SampleCount", "Sum")
_ALARM = "_alarm"
_SETTINGS = (
    "ComparisonOperator",
    "Dimensions",
    "EvaluationPeriods",
    "MetricName",
    "Namespace",
    "Period",
    "Statistic",
    "Threshold",
    "TreatMissingData",
    "Unit",
)
_DESCRIBED = (
    "EvaluationPeriods",
    "Threshold",
    "ComparisonOperator",
    "Period",
    "MetricName",
    "Namespace",
    "Statistic",
)

checks = require(route53, "_health_checks")
_references = require(route53, "_hc_caller_refs")
_parse_all_but_children = require(route53, "_parse_health_check_config")
_parse_body = require(route53, "_parse_body")
_find = require(route53, "_find")
_findall = require(route53, "_findall")
_text = require(route53, "_text")
_error = require(route53, "_error_response")
_response = require(route53, "_xml_response")
_element = require(route53, "_build_health_check_el")
_create = require(route53, "_create_health_check")
_update = require(route53, "_update_health_check")


def install() -> None:
    """Put the operations in place; once, before the server starts."""
    route53._create_health_check = refusing(functools.partial(create, _create), error=_error)
    route53._update_health_check = refusing(functools.partial(update, _update), error=_error)
    route53._build_health_check_el = _described
    route53._parse_health_check_config = _parse


def create(call: Call, body: bytes) -> Response:
    """CreateHealthCheck."""
    root = _parse_body(body)
    config = _find(root, "HealthCheckConfig") if root is not None else None
    if config is None:
        return call(body)
    reference = _text(root, "CallerReference")
    _check_elements(config, _text(config, "Type"))
    settings = _checked(_parse(config))
    known = _references.get(reference)
    if known is not None and checks[known]["config"] != _parse(config):
        raise RefusedError(
            "HealthCheckAlreadyExists",
            f"A health check with the caller reference {reference} exists, with other settings",
            status=409,
        )
    answer = call(body)
    if answer[0] >= 300:
        return answer
    check = checks[_references[reference]]
    check.setdefault(_ALARM, settings)
    if check["config"]["Type"] == endpoints.TYPE:
        endpoints.begin()
    told: Response = _response(
        "CreateHealthCheckResponse", lambda root: _described(root, check), 201
    )
    return told


def update(call: Call, check_id: str, body: bytes) -> Response:
    """UpdateHealthCheck; a named alarm's settings are taken over anew."""
    root, check = _parse_body(body), checks.get(check_id)
    if root is None or check is None:
        return call(check_id, body)
    kind = check["config"]["Type"]
    _check_elements(root, kind, also=("HealthCheckVersion",), without=endpoints.FIXED)
    version = _text(root, "HealthCheckVersion")
    if version and int(version) != check["version"]:
        raise RefusedError(
            "HealthCheckVersionMismatch",
            f"The health check's version is {check['version']}, not {version}",
            status=409,
        )
    changes = _parse(root)
    settings = _checked({**check["config"], **changes}, followed=check[_ALARM])
    if "AlarmIdentifier" in changes:
        settings = _checked({**check["config"], **changes})
    check[_ALARM] = settings
    return call(check_id, body)


def healthy(check_id: str) -> bool:
    """Whether a health check is good; one that is gone says nothing against its record."""
    check = checks.get(check_id)
    if check is None:
        return True
    config: Config = check["config"]
    good = config.get("Disabled") or _good(check)
    return bool(good) != bool(config.get("Inverted"))


def _good(check: dict[str, Any]) -> bool:
    config = check["config"]
    if config["Type"] == endpoints.TYPE:
        return endpoints.healthy(get_account_id(), check["id"])
    if config["Type"] == CALCULATED:
        good = sum(healthy(child) for child in config["ChildHealthChecks"])
        return good >= int(config["HealthThreshold"])
    return _measured(check)


def _measured(check: dict[str, Any]) -> bool:
    config, alarm = check["config"], check[_ALARM]
    with request_scope(get_account_id(), config["AlarmIdentifier"]["Region"]):
        state, _ = alarms_evaluation.verdict(alarm)
        if not _says(state):
            silence = config.get("InsufficientDataHealthStatus", LAST)
            if silence != LAST:
                return bool(silence == HEALTHY)
            states = (
                alarms_evaluation.verdict(alarm, before=end)[0]
                for end in alarms_evaluation.ends(alarm)
            )
            state = next(filter(_says, states), "OK")
    return state == "OK"


def _says(state: str) -> bool:
    return state in ("OK", "ALARM")


def _parse(config: Element) -> Config:
    """The settings, with the children's ids, which ministack loses."""
    parsed: Config = _parse_all_but_children(config)
    children = _find(config, "ChildHealthChecks")
    if children is not None:
        parsed["ChildHealthChecks"] = [each.text for each in _findall(children, "ChildHealthCheck")]
    return parsed


def _check_elements(
    config: Element, kind: str, also: tuple[str, ...] = (), without: tuple[str, ...] = ()
) -> None:
    """What the emulator would drop."""
    if kind not in KNOWN:
        raise RefusedError(
            "InvalidInput",
            f"The embedded AWS has health checks of type {', '.join(KNOWN)}, not {kind}",
        )
    allowed = {*KNOWN[kind], *also} - {*without}
    for child in config:
        name = child.tag.rpartition("}")[2]
        if name not in allowed:
            raise RefusedError("InvalidInput", f"Invalid parameter : {kind} checks know no {name}")


def _checked(config: Config, *, followed: dict[str, Any] | None = None) -> dict[str, Any]:
    """The settings of the alarm that a check follows: those it has, or the alarm's now; else none."""
    if config["Type"] == endpoints.TYPE:
        endpoints.checked(config)
        return {}
    if config["Type"] == CALCULATED:
        children = config.get("ChildHealthChecks", [])
        for child in children:
            if child not in checks or checks[child]["config"]["Type"] == CALCULATED:
                raise RefusedError("InvalidInput", f"Invalid parameter : {child} can be no child")
        if not 0 <= int(config.get("HealthThreshold", -1)) <= len(children):
            raise RefusedError(
                "InvalidInput",
                f"Invalid parameter : HealthThreshold is 0 to {len(children)}, as many as there are",
            )
        return {}
    if config.get("InsufficientDataHealthStatus", LAST) not in (HEALTHY, UNHEALTHY, LAST):
        raise RefusedError(
            "InvalidInput",
            f"InsufficientDataHealthStatus is {HEALTHY}, {UNHEALTHY} or {LAST}",
        )
    if followed is not None:
        return followed
    named = config.get("AlarmIdentifier")
    if not named:
        raise RefusedError("InvalidInput", f"Invalid parameter : {TYPE} checks need an alarm")
    name, region = named["Name"], named["Region"]
    with request_scope(get_account_id(), region):
        alarm = alarms_evaluation.alarms.get(name)
    if alarm is None:
        raise RefusedError(
            "InvalidInput", f"Invalid parameter : The alarm {name} does not exist in {region}"
        )
    length = alarm["EvaluationPeriods"]
    if (
        alarm.get("Metrics")
        or alarm.get("Statistic") not in STATISTICS
        or int(alarm.get("DatapointsToAlarm") or length) != int(length)
        or alarms_evaluation.period(alarm) < 60
    ):
        raise RefusedError(
            "InvalidInput",
            f"Invalid parameter : The alarm {name} is on metric math, an extended statistic, M of N "
            "periods or high-resolution data, which a health check can't follow",
        )
    return deepcopy({each: alarm[each] for each in _SETTINGS if each in alarm})


def _described(parent: Element, check: dict[str, Any]) -> None:
    """The element, with the alarm's settings and with truth values in XML's words."""
    _element(parent, check)
    made = parent[-1]
    for each in made.iter():
        if each.text in ("True", "False"):
            each.text = each.text.lower()
    alarm = check.get(_ALARM)
    if not alarm:  # it is being made, or follows none
        return
    element = SubElement(made, "CloudWatchAlarmConfiguration")
    for name in _DESCRIBED:
        SubElement(element, name).text = str(alarm[name])
    dimensions = SubElement(element, "Dimensions")
    for dimension in alarm.get("Dimensions") or []:
        member = SubElement(dimensions, "Dimension")
        for name in ("Name", "Value"):
            SubElement(member, name).text = dimension[name]
