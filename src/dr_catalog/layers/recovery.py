"""Recovery: notices that the launch region is gone, and moves the writer to its peer and back.

Everything of a recovery is in the peer region, and a failover needs nothing of the launch region:

    probes -> votes -> "launch-region-down" -> rule --+
    a person, by command or in the console -----------+-> state machine -> one function, step by step

The machine's input is small: ``{"operation": "failover", "requestedBy": "jo", "reason": "..."}``; an
execution's name is the run's id. Who may start it needs ``states:StartExecution`` on the machine and
``kms:GenerateDataKey`` and ``kms:Decrypt`` on the customer key in the peer.

Each region has a state table of its own, which its processor looks into with each write.

    ========  =====================================
    launch    RecoveryState, Probe
    peer      RecoveryState, Probe, Recovery
    witness   Probe, in a third region, where there is one
    ========  =====================================

See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-disaster-recovery.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from .. import names
from . import _dashboard
from ._alarm import Alarm, make
from ._function import Placement
from ._parameters import publish
from ._recovered import Recovered, RecoveredDatabase, Traffic
from ._recovery_definition import definition
from ._recovery_detection import DOWN, INPUT, Detection
from ._recovery_machine import Machine
from ._recovery_probe import METRIC, NAMESPACE, Probe, votes, witness_vote
from ._recovery_state import LAYER, RecoveryState
from ._recovery_task import Task
from ._schedule import every_minute

NONE = "none"
"""What is told of a witness where there is none."""
WATCH = '{"watch":true}'
"""What the schedule asks: whether an old writer is back."""

__all__ = [
    "DOWN",
    "INPUT",
    "METRIC",
    "NAMESPACE",
    "Probe",
    "Recovered",
    "RecoveredDatabase",
    "Recovery",
    "RecoveryState",
    "Traffic",
    "definition",
    "task_errors",
    "votes",
    "witness_vote",
]


class Recovery(Construct):
    """The peer half: the state machine ``dr-recovery-<suffix>``, its function, and what starts it.

    Args:
        suffix: The environment suffix.
        key: The customer key in this region.
        launch_key_arn: The customer key in the launch region.
        launch_region: The launch region.
        failover_mode: ``approve``: a failover waits for a person; ``automatic``: it does not.
        detection_minutes: Minutes in a row that the launch region must be down, at least 1.
        witness_region: A third region whose probe votes too; empty for none.
        state: The state table in this region.
        topic: Where alarms and runs are told; must let ``cloudwatch.amazonaws.com`` and
            ``events.amazonaws.com`` in.
        recovered: What a recovery moves, and the promise it is measured by.
        traffic: What moves traffic.
        placement: The function's place in the network: it must reach the endpoints of both regions.

    Attributes:
        machine_arn: The state machine.
        dashboard: The name of the dashboard of runs and votes.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        key: kms.IKey,
        launch_key_arn: str,
        launch_region: str,
        failover_mode: str,
        detection_minutes: float,
        state: dynamodb.ITable,
        topic: sns.ITopic,
        recovered: Recovered,
        traffic: Traffic,
        placement: Placement,
        witness_region: str = "",
    ) -> None:
        super().__init__(scope, construct_id)
        region = cdk.Stack.of(self).region
        function = Task(
            self,
            "Steps",
            suffix=suffix,
            key=key,
            launch_key_arn=launch_key_arn,
            launch_region=launch_region,
            failover_mode=failover_mode,
            state=state,
            topic=topic,
            recovered=recovered,
            traffic=traffic,
            placement=placement,
            witness_region=witness_region,
        ).function
        every_minute(
            self,
            rule_name=names.RECOVERY_WATCH.of(suffix=suffix),
            description="Fences an old writer that comes back",
            function=function,
            event=WATCH,
        )
        self.machine_arn = Machine(self, "Machine", suffix=suffix, key=key, function=function).arn
        detection = Detection(
            self,
            "Detection",
            suffix=suffix,
            key=key,
            launch_region=launch_region,
            minutes=detection_minutes,
            witness_region=witness_region,
            machine_arn=self.machine_arn,
            topics=[topic],
        )
        errors = task_errors(suffix=suffix)
        made = make(self, errors, suffix=suffix, topics=[topic])
        self.dashboard = names.RECOVERY_DASHBOARD.of(suffix=suffix, region=region)
        witness = detection.witness.name

        def shown(votes: Sequence[Alarm], more: Mapping[str, str]) -> str:
            return cdk.Stack.of(self).to_json_string(
                _dashboard.body(
                    heading=f"Recovery of {suffix} into {region}",
                    region=region,
                    alarms=(*votes, errors),
                    arns={**detection.arns, **more, errors.name: made.attr_arn},
                    more=[_dashboard.graph("runs", region=region, metrics=_runs(self.machine_arn))],
                )
            )

        cloudwatch.CfnDashboard(
            self,
            "Dashboard",
            dashboard_name=self.dashboard,
            dashboard_body=cdk.Fn.condition_if(
                detection.witnessed.logical_id,
                shown((*detection.alarms, detection.witness), {witness: detection.witness_arn}),
                shown(detection.alarms, {}),
            ).to_string(),
        )
        publish(
            self,
            suffix=suffix,
            layer=LAYER,
            values={
                "state-machine-arn": self.machine_arn,
                "failover-mode": failover_mode,
                "witness-region": cdk.Fn.condition_if(
                    detection.witnessed.logical_id, witness_region, NONE
                ).to_string(),
                "dashboard": self.dashboard,
                "launch-endpoint": recovered.launch_endpoint,
                "rpo-seconds": str(recovered.rpo_seconds),
                "rto-seconds": str(recovered.rto_seconds),
                **({"peer-at-rest": "off"} if recovered.switches_on else {}),
                **({"serves": "both"} if recovered.both_serve else {}),
            },
        )


def task_errors(*, suffix: str) -> Alarm:
    """The row of the function that failed."""
    return Alarm(
        name="recovery-errors",
        group="Recovery",
        namespace="AWS/Lambda",
        metric="Errors",
        dimensions={"FunctionName": names.RECOVERY_TASK.of(suffix=suffix)},
        statistic="Sum",
        unit="invocations",
        period=300,
        comparison="GreaterThanOrEqualToThreshold",
        threshold=1,
        periods=1,
        missing="notBreaching",
        why="A step of a recovery, or the watch over the old writer, failed and is tried again. Look at the "
        "function's log; a run's record says which step it is at.",
    )


def _runs(machine_arn: str) -> list[list[str]]:
    return [
        ["AWS/States", name, "StateMachineArn", machine_arn]
        for name in (
            "ExecutionsStarted",
            "ExecutionsSucceeded",
            "ExecutionsFailed",
            "ExecutionsAborted",
            "ExecutionsTimedOut",
        )
    ]
