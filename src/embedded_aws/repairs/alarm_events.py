"""Every change of an alarm's state is an event, "CloudWatch Alarm State Change", in its region.

ministack tells topics only. The event goes out whether the alarm's actions are enabled or not.

See https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ministack.services import cloudwatch, eventbridge

from ..extension import require

_dispatch = require(cloudwatch, "_dispatch_alarm_actions")
_put_events = require(eventbridge, "_put_events")


def install() -> None:
    """Once, before the server starts."""
    cloudwatch._dispatch_alarm_actions = dispatch


def dispatch(alarm: Mapping[str, Any], before: str, after: str, reason: str) -> None:
    """Tell the alarm's topics and the default event bus."""
    _dispatch(alarm, before, after, reason)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    detail = {
        "alarmName": alarm["AlarmName"],
        "state": {"value": after, "reason": reason, "timestamp": now},
        "previousState": {"value": before},
        "configuration": _configuration(alarm),
    }
    entry = {
        "Source": "aws.cloudwatch",
        "DetailType": "CloudWatch Alarm State Change",
        "Resources": [alarm["AlarmArn"]],
        "Detail": json.dumps(detail),
    }
    _put_events({"Entries": [entry]}, allow_aws_source=True)


def _configuration(alarm: Mapping[str, Any]) -> dict[str, Any]:
    described = {"description": alarm.get("AlarmDescription") or ""}
    if "AlarmRule" in alarm:
        return {**described, "alarmRule": alarm["AlarmRule"]}
    if alarm.get("Metrics"):
        return {**described, "metrics": [_query(each) for each in alarm["Metrics"]]}
    metric = {
        "MetricStat": {
            "Metric": {
                "Namespace": alarm.get("Namespace"),
                "MetricName": alarm.get("MetricName"),
                "Dimensions": alarm.get("Dimensions") or [],
            },
            "Period": alarm.get("Period"),
            "Stat": alarm.get("ExtendedStatistic") or alarm.get("Statistic"),
        },
        "Id": alarm["AlarmName"],
        "ReturnData": True,
    }
    return {**described, "metrics": [_query(metric)]}


def _query(query: Mapping[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"id": query["Id"], "returnData": query.get("ReturnData", True)}
    if "Expression" in query:
        return {**told, "expression": query["Expression"]}
    statistic = query["MetricStat"]
    metric = statistic["Metric"]
    told["metricStat"] = {
        "metric": {
            "namespace": metric["Namespace"],
            "name": metric["MetricName"],
            "dimensions": {each["Name"]: each["Value"] for each in metric.get("Dimensions") or []},
        },
        "period": statistic["Period"],
        "stat": statistic["Stat"],
    }
    return told
