"""One alarm is one row of data; this makes the CloudWatch alarm of it.

Private to the library; the layers that alarm share it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from constructs import Construct

from .. import names

Missing = Literal["breaching", "ignore", "missing", "notBreaching"]


@dataclass(frozen=True)
class Alarm:
    """One row.

    Args:
        name: Lower-case words and hyphens; the alarm's name is ``dr-<name>-<suffix>``.
        group: The dashboard's section it stands in.
        namespace: Such as ``AWS/S3``.
        metric: The metric's name.
        dimensions: Its dimensions; values may be tokens.
        statistic: How a period's values become one.
        unit: The threshold's unit, for the reader.
        period: Seconds.
        comparison: What the statistic is to the threshold when it is too much, or too little.
        threshold: In ``unit``.
        periods: How many periods in a row must be so; a number, which may be a token.
        missing: What a period without values counts as.
        why: What it means and what to do first, for the person it wakes.
    """

    name: str
    group: str
    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    statistic: Literal["Average", "Maximum", "Minimum", "SampleCount", "Sum"]
    unit: str
    period: int
    comparison: Literal[
        "GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold"
    ]
    threshold: float
    periods: float
    missing: Missing
    why: str


def make(
    scope: Construct,
    alarm: Alarm,
    *,
    suffix: str,
    topics: Sequence[sns.ITopic],
    alarm_name: str = "",
) -> cloudwatch.CfnAlarm:
    """The CloudWatch alarm, which tells ``topics`` of ALARM and of OK.

    See https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
    """
    arns = [topic.topic_arn for topic in topics]
    return cloudwatch.CfnAlarm(
        scope,
        names.camel(alarm.name),
        alarm_name=alarm_name or names.alarm(suffix=suffix, name=alarm.name),
        alarm_description=alarm.why,
        namespace=alarm.namespace,
        metric_name=alarm.metric,
        dimensions=[
            cloudwatch.CfnAlarm.DimensionProperty(name=name, value=value)
            for name, value in alarm.dimensions.items()
        ],
        statistic=alarm.statistic,
        period=alarm.period,
        comparison_operator=alarm.comparison,
        threshold=alarm.threshold,
        evaluation_periods=alarm.periods,
        datapoints_to_alarm=alarm.periods,
        treat_missing_data=alarm.missing,
        alarm_actions=arns,
        ok_actions=arns,
    )
