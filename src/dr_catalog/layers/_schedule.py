"""A function that is called every minute."""

from __future__ import annotations

from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from constructs import Construct


def every_minute(
    scope: Construct,
    *,
    rule_name: str,
    description: str,
    function: lambda_.IFunction,
    event: str | None = None,
) -> None:
    """Let the function be called every minute.

    Args:
        event: What it gets, as JSON; by default EventBridge's own event.
    """
    rule = events.CfnRule(
        scope,
        "EveryMinute",
        name=rule_name,
        description=description,
        schedule_expression="rate(1 minute)",
        targets=[
            events.CfnRule.TargetProperty(id="function", arn=function.function_arn, input=event)
        ],
    )
    lambda_.CfnPermission(
        scope,
        "Schedule",
        action="lambda:InvokeFunction",
        function_name=function.function_name,
        principal="events.amazonaws.com",
        source_arn=rule.attr_arn,
    )
