"""Alarms, composite alarms and dashboards, each through CloudWatch's own operations.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cloudwatch-alarm.html
"""

from __future__ import annotations

import json
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch

from ..extension import require
from .alarms_evaluation import alarms
from .context import Made, Properties, here, known, refuse_replacement, tags

_composites = require(cloudwatch, "_composite_alarms")

ALARM = (
    "ActionsEnabled",
    "AlarmActions",
    "AlarmDescription",
    "ComparisonOperator",
    "DatapointsToAlarm",
    "Dimensions",
    "EvaluationPeriods",
    "ExtendedStatistic",
    "InsufficientDataActions",
    "MetricName",
    "Metrics",
    "Namespace",
    "OKActions",
    "Period",
    "Statistic",
    "Threshold",
    "TreatMissingData",
    "Unit",
)
COMPOSITE = (
    "ActionsEnabled",
    "AlarmActions",
    "AlarmDescription",
    "AlarmRule",
    "InsufficientDataActions",
    "OKActions",
)
_NAME_LIMIT = 255


@dataclass(frozen=True)
class AlarmType:
    """An alarm on data, or one on other alarms.

    Args:
        TYPE: The CloudFormation type.
        settings: Its properties, which are the operation's parameters.
        put: The operation that makes and changes it.
        there: CloudWatch's own, by name; to describe an alarm would judge it by its data first.
    """

    TYPE: str
    settings: tuple[str, ...]
    put: str
    there: Container[str]
    TAGS: str = "Tags"

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Made:
        """Put an alarm that is not there yet."""
        name = properties.get("AlarmName") or f"{stack_name}-{logical_id}"[:_NAME_LIMIT]
        if name in self.there:
            raise ValueError(f"{name} already exists")
        return self._put(name, properties, {"Tags": tags(properties)} if tags(properties) else {})

    def update(
        self, physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Made:
        """Put it again, which keeps its state; another name is another alarm."""
        if old.get("AlarmName") != new.get("AlarmName"):
            return self.create(logical_id, new, stack_name)
        made = self._put(physical_id, new, {})
        _retag(made[1]["Arn"], old, new)
        return made

    def delete(self, physical_id: str, properties: dict[str, Any]) -> None:
        """Delete the alarm, unless a composite alarm needs it."""
        if physical_id in self.there:
            here("cloudwatch").delete_alarms(AlarmNames=[physical_id])

    def _put(self, name: str, properties: Properties, more: dict[str, Any]) -> Made:
        known(properties, (*self.settings, "AlarmName", "Tags"))
        settings = {each: properties[each] for each in self.settings if each in properties}
        if "Threshold" in settings:
            settings["Threshold"] = float(settings["Threshold"])
        getattr(here("cloudwatch"), self.put)(AlarmName=name, **settings, **more)
        arn = f"arn:aws:cloudwatch:{get_region()}:{get_account_id()}:alarm:{name}"
        return name, {"Arn": arn}


class Dashboard:
    """``AWS::CloudWatch::Dashboard``, whose body must be one that CloudWatch can draw."""

    TYPE = "AWS::CloudWatch::Dashboard"
    TAGS = "Tags"
    PROPERTIES = ("DashboardBody", "DashboardName", "Tags")

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Made:
        """Put the dashboard."""
        known(properties, self.PROPERTIES)
        _check_body(properties["DashboardBody"])
        name = properties.get("DashboardName") or f"{stack_name}-{logical_id}"[:_NAME_LIMIT]
        here("cloudwatch").put_dashboard(
            DashboardName=name, DashboardBody=properties["DashboardBody"]
        )
        _retag(f"arn:aws:cloudwatch::{get_account_id()}:dashboard/{name}", {}, properties)
        return name, {}

    def update(
        self, physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Made:
        """The body changes in place."""
        if old.get("DashboardName") != new.get("DashboardName"):
            refuse_replacement(self.TYPE, physical_id)
        _retag(f"arn:aws:cloudwatch::{get_account_id()}:dashboard/{physical_id}", old, new)
        return self.create(logical_id, {**new, "DashboardName": physical_id}, stack_name)

    def delete(self, physical_id: str, properties: dict[str, Any]) -> None:
        """Delete the dashboard."""
        here("cloudwatch").delete_dashboards(DashboardNames=[physical_id])


def _retag(arn: str, old: Properties, new: Properties) -> None:
    cloudwatch = here("cloudwatch")
    gone = {tag["Key"] for tag in tags(old)} - {tag["Key"] for tag in tags(new)}
    if gone:
        cloudwatch.untag_resource(ResourceARN=arn, TagKeys=sorted(gone))
    if tags(new):
        cloudwatch.tag_resource(ResourceARN=arn, Tags=tags(new))


def _check_body(body: str) -> None:
    try:
        widgets = json.loads(body)["widgets"]
    except (ValueError, KeyError, TypeError):
        raise ValueError("The field DashboardBody must be a valid JSON object") from None
    for number, widget in enumerate(widgets):
        if widget.get("type") not in ("metric", "text", "log", "alarm", "explorer", "custom"):
            raise ValueError(
                f"The dashboard body is invalid: /widgets/{number}/type is {widget.get('type')}"
            )
        if widget["type"] in ("metric", "log") and "region" not in widget["properties"]:
            raise ValueError(
                "The dashboard body is invalid: "
                f"/widgets/{number}/properties should have required property 'region'"
            )


TYPES = (
    AlarmType("AWS::CloudWatch::Alarm", ALARM, "put_metric_alarm", alarms),
    AlarmType("AWS::CloudWatch::CompositeAlarm", COMPOSITE, "put_composite_alarm", _composites),
    Dashboard(),
)
