"""Alarms, a topic that tells of them, and a dashboard: in both regions, each watching its own.

A region that is down tells nobody anything, so neither half looks at the other's metrics. The rows in
``alarms`` are the one place where a metric, its threshold and its reason stand; alarms and graphs are
made of them.

See https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from .. import names
from . import _dashboard
from ._alarm import Alarm, make
from ._alarm_rows import ROLES, Documents, Role, Thresholds, Watched, alarms
from ._parameters import publish

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
        self.topic = _topic(self, suffix=suffix, key=key)
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


def _topic(scope: Construct, *, suffix: str, key: kms.IKey) -> sns.ITopic:
    """An encrypted topic that this account's alarms and EventBridge may write to, over TLS.

    EventBridge tells a topic no source, as it tells a key none: a condition would let no rule in.

    See https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
    """
    stack = cdk.Stack.of(scope)
    topic = sns.CfnTopic(
        scope,
        "Topic",
        topic_name=names.ALARM_TOPIC.of(suffix=suffix),
        kms_master_key_id=key.key_arn,
    )
    sns.CfnTopicPolicy(
        scope,
        "TopicPolicy",
        topics=[topic.ref],
        policy_document=iam.PolicyDocument(
            statements=[
                iam.PolicyStatement(
                    sid="AlarmsOfThisAccount",
                    principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                    actions=["sns:Publish"],
                    resources=[topic.ref],
                    conditions={"StringEquals": {"aws:SourceAccount": stack.account}},
                ),
                iam.PolicyStatement(
                    sid="Rules",
                    principals=[iam.ServicePrincipal("events.amazonaws.com")],
                    actions=["sns:Publish"],
                    resources=[topic.ref],
                ),
                iam.PolicyStatement(
                    sid="OnlyTls",
                    effect=iam.Effect.DENY,
                    principals=[iam.AnyPrincipal()],
                    actions=["sns:Publish"],
                    resources=[topic.ref],
                    conditions={"Bool": {"aws:SecureTransport": "false"}},
                ),
            ]
        ),
    )
    return sns.Topic.from_topic_arn(scope, "Imported", topic.ref)
