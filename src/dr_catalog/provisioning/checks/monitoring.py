"""Topic, alarms and dashboard, asked of SNS and CloudWatch."""

from __future__ import annotations

import json
from collections.abc import Iterator

from .model import Check, Launch, check

SWITCHES = "dr-serving-"
"""Alarms that are no faults: DNS follows them, and nobody is told."""


def monitoring(launch: Launch, region: str) -> Iterator[Check]:
    """Every alarm of the suffix tells the region's own topic and stands on its dashboard."""
    cloudwatch, told = launch.client("cloudwatch", region), launch.told("monitoring", region)
    topic = told["topic-arn"]
    settings = launch.client("sns", region).get_topic_attributes(TopicArn=topic)["Attributes"]
    yield check(
        "monitoring",
        topic.rpartition(":")[2],
        region,
        {"customer key": settings.get("KmsMasterKeyId") == launch.key_arn(region)},
    )
    alarms = [
        each
        for page in cloudwatch.get_paginator("describe_alarms").paginate(AlarmNamePrefix="dr-")
        for each in page["MetricAlarms"]
        if each["AlarmName"].endswith(f"-{launch.suffix}")
        and not each["AlarmName"].startswith(SWITCHES)
    ]
    body = json.loads(cloudwatch.get_dashboard(DashboardName=told["dashboard"])["DashboardBody"])
    shown = {
        arn
        for widget in body["widgets"]
        if widget["type"] == "alarm"
        for arn in widget["properties"]["alarms"]
    }
    silent = [each["AlarmName"] for each in alarms if each["AlarmActions"] != [topic]]
    yield check(
        "monitoring",
        told["dashboard"],
        region,
        {
            f"{len(alarms)} alarms tell the topic": bool(alarms) and not silent,
            f"{len(shown)} of them on the dashboard": bool(shown)
            and shown <= {each["AlarmArn"] for each in alarms},
        },
    )
