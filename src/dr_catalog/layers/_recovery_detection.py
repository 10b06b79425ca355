"""From the votes to a run: who is told, and what starts.

    votes -> an alarm each -> the composite "launch-region-down" -> a rule -> the state machine

A run that ends otherwise than well is told too, whoever started it and however it died.

See https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from .. import names
from ._alarm import Alarm, make
from ._recovery_machine import use_machine_key
from ._recovery_probe import votes, witness_vote

DOWN = "launch-region-down"
INPUT = {
    "operation": "failover",
    "requestedBy": "detection",
    "reason": "the launch region answers neither its peer nor itself",
}
"""What the machine is started with."""
ENDINGS = ("ABORTED", "FAILED", "TIMED_OUT")


class Detection(Construct):
    """The peer half: the alarms on the votes, and the rule that starts a failover.

    Args:
        suffix: The environment suffix.
        key: The customer key in this region.
        launch_region: The launch region.
        minutes: Minutes in a row that all votes must say so, a whole number of at least 1.
        witness_region: A third region that votes; empty for none.
        machine_arn: The state machine.
        topics: Where to tell.

    Attributes:
        alarms: The rows, those of the votes of both regions.
        arns: Each alarm's ARN, by the row's name, and the composite's.
        witness: The row of the witness's vote.
        witness_arn: Its alarm's ARN, where it is there.
        witnessed: Whether it is there.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        key: kms.IKey,
        launch_region: str,
        minutes: float,
        witness_region: str,
        machine_arn: str,
        topics: Sequence[sns.ITopic],
    ) -> None:
        super().__init__(scope, construct_id)
        region = cdk.Stack.of(self).region
        self.alarms = outside, inside, _ = votes(
            suffix=suffix, launch_region=launch_region, peer_region=region, minutes=minutes
        )
        made = {row.name: make(self, row, suffix=suffix, topics=topics) for row in self.alarms}
        self.witnessed = cdk.CfnCondition(
            self,
            "Witnessed",
            expression=cdk.Fn.condition_not(cdk.Fn.condition_equals(witness_region, "")),
        )
        self.witness: Alarm = witness_vote(
            suffix=suffix, witness_region=witness_region, minutes=minutes
        )
        witness = make(self, self.witness, suffix=suffix, topics=topics)
        witness.cfn_options.condition = self.witnessed
        self.witness_arn = witness.attr_arn
        both = f'ALARM("{made[outside.name].ref}") AND ALARM("{made[inside.name].ref}")'
        told = [topic.topic_arn for topic in topics]
        down = cloudwatch.CfnCompositeAlarm(
            self,
            "Down",
            alarm_name=names.alarm(suffix=suffix, name=DOWN),
            alarm_description="The launch region is down: the peer gets no answer, and the launch "
            "region does not say that it is there; nor does the witness, if there is one. A failover starts, and waits for approval unless "
            "FailoverMode is automatic.",
            alarm_rule=cdk.Fn.condition_if(
                self.witnessed.logical_id, f'{both} AND ALARM("{witness.ref}")', both
            ).to_string(),
            alarm_actions=told,
            ok_actions=told,
        )
        self.arns = {name: alarm.attr_arn for name, alarm in made.items()} | {DOWN: down.attr_arn}
        role = _starter(self, suffix=suffix, key=key, machine_arn=machine_arn)
        events.CfnRule(
            self,
            "Detected",
            name=names.RECOVERY_DETECTED.of(suffix=suffix),
            description="Starts a failover when the launch region is down",
            event_pattern={
                "source": ["aws.cloudwatch"],
                "detail-type": ["CloudWatch Alarm State Change"],
                "resources": [down.attr_arn],
                "detail": {"state": {"value": ["ALARM"]}},
            },
            targets=[
                events.CfnRule.TargetProperty(
                    id="machine",
                    arn=machine_arn,
                    role_arn=role.role_arn,
                    input=json.dumps(INPUT, separators=(",", ":")),
                )
            ],
        )
        events.CfnRule(
            self,
            "Ended",
            name=names.RECOVERY_ENDED.of(suffix=suffix),
            description=f"Tells of a recovery that ended {', '.join(ENDINGS)}",
            event_pattern={
                "source": ["aws.states"],
                "detail-type": ["Step Functions Execution Status Change"],
                "detail": {"stateMachineArn": [machine_arn], "status": list(ENDINGS)},
            },
            targets=[
                events.CfnRule.TargetProperty(id=f"topic-{number}", arn=arn)
                for number, arn in enumerate(told, start=1)
            ],
        )


def _starter(scope: Construct, *, suffix: str, key: kms.IKey, machine_arn: str) -> iam.IRole:
    """The rule's role: to start this machine, whose data the customer key encrypts."""
    region = cdk.Stack.of(scope).region
    role = iam.Role(
        scope,
        "Role",
        role_name=names.RECOVERY_DETECTED_ROLE.of(suffix=suffix, region=region),
        assumed_by=iam.ServicePrincipal("events.amazonaws.com"),
    )
    iam.Policy(
        scope,
        "Policy",
        statements=[
            iam.PolicyStatement(
                sid="Start", actions=["states:StartExecution"], resources=[machine_arn]
            ),
            use_machine_key(key, machine_arn=machine_arn),
        ],
        roles=[role],
    )
    return role
