"""Alarms, a topic that tells of them, and a dashboard: in both regions, each watching its own.

A region that is down tells nobody anything, so neither half looks at the other's metrics. The rows in
``alarms`` are the one place where a metric, its threshold and its reason stand; alarms and graphs are
made of them.

See https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from constructs import Construct

from .. import names
from . import _dashboard
from ._alarm import Alarm, make
from ._alarm_rows import ROLES, Documents, Role, Thresholds, Watched, alarms
from ._parameters import publish
from ._topic import alarm_topic

__all__ = [
    "ROLES",
    "Alarm",
    "Documents",
    "Monitoring",
    "Role",
    "Thresholds",
    "Watched",
    "alarms",
]


class Monitoring(Construct):
    """Either half.

    Args:
        suffix: The environment suffix.
        role: ``launch`` or ``peer``: some metrics appear on one side only.
        key: The customer key in this region. Its policy must let ``cloudwatch.amazonaws.com`` and
            ``events.amazonaws.com`` use it for the topic, or nothing is ever delivered.
        peer_region: The other region; None where nothing is replicated to it.
        watched: What this region has.
        thresholds: When each alarm goes off.

    Attributes:
        topic: ``dr-alarms-<suffix>``, where every alarm goes; nobody is subscribed yet.
        alarms: The rows.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        role: Role,
        key: kms.IKey,
        peer_region: str | None,
        watched: Watched,
        thresholds: Thresholds | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        self.alarms = alarms(
            role=role,
            watched=watched,
            peer_region=peer_region,
            thresholds=Thresholds() if thresholds is None else thresholds,
        )
        self.topic = alarm_topic(self, name=names.ALARM_TOPIC.of(suffix=suffix), key=key)
        made = {
            alarm.name: make(self, alarm, suffix=suffix, topics=[self.topic])
            for alarm in self.alarms
        }
        dashboard = names.DASHBOARD.of(suffix=suffix, region=stack.region)
        cloudwatch.CfnDashboard(
            self,
            "Dashboard",
            dashboard_name=dashboard,
            dashboard_body=stack.to_json_string(
                _dashboard.body(
                    heading=f"{suffix} in {stack.region}",
                    region=stack.region,
                    alarms=self.alarms,
                    arns={name: alarm.attr_arn for name, alarm in made.items()},
                )
            ),
        )
        publish(
            self,
            suffix=suffix,
            layer="monitoring",
            values={"topic-arn": self.topic.topic_arn, "dashboard": dashboard},
        )
