"""The probes, and what the peer makes of their votes.

    probe in the peer, every minute      -> "outside" -+
    probe in the launch region, likewise -> "inside"  -+-> all, N minutes long -> down
    probe in a third region, if given    -> "witness" -+

Both publish into the peer's CloudWatch: 1 where the launch region's API answered, 0 where not. It is down
when the outside says so and the inside does not deny it, being silent or saying 0. A peer that has lost its
own way out, or a probe that lies, is outvoted by a launch region that still says it is there; and a launch
region that is cut off can't be told from one that is gone, and is treated as gone, unless a witness
still gets an answer. A witness that is silent abstains: its own region may be gone.

The votes are alarms, which say for themselves what missing data means; down is a composite of them.

See https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm.html
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from .. import names
from ._alarm import Alarm, Missing
from ._function import PythonFunction
from ._schedule import every_minute

NAMESPACE, METRIC = "DrCatalog", "LaunchRegionAnswers"
MINUTE, SILENT_MINUTES = 60, 5
GROUP = "Votes on the launch region"


class Probe(Construct):
    """Either half, or the witness: asks the launch region's API every minute and publishes into the peer region.

    Args:
        suffix: The environment suffix.
        key: The customer key in this region; None for the witness, whose region has neither a key nor an
            asset bucket: its code is in the template.
        peer_region: The peer region, wherever the probe is.
        launch_endpoint: The launch region's API, ending in ``/``.

    Attributes:
        function: The probe.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        key: kms.IKey | None,
        peer_region: str,
        launch_endpoint: str,
    ) -> None:
        super().__init__(scope, construct_id)
        name = names.PROBE.of(suffix=suffix)
        self.function: lambda_.IFunction = PythonFunction(
            self,
            "Probe",
            function_name=name,
            role_name=names.PROBE_ROLE.of(suffix=suffix, region=cdk.Stack.of(self).region),
            asset="probe",
            handler="index.handler",
            key=key,
            inline=key is None,
            timeout=cdk.Duration.seconds(30),
            environment={
                "SUFFIX": suffix,
                "ENDPOINT": launch_endpoint,
                "PEER_REGION": peer_region,
                "NAMESPACE": NAMESPACE,
                "METRIC": METRIC,
            },
            statements=[
                iam.PolicyStatement(
                    sid="Publish",  # metrics are no resources; the namespace is what can be named
                    actions=["cloudwatch:PutMetricData"],
                    resources=["*"],
                    conditions={
                        "StringEquals": {
                            "aws:RequestedRegion": peer_region,
                            "cloudwatch:namespace": NAMESPACE,
                        }
                    },
                )
            ],
        ).function
        every_minute(
            self,
            rule_name=name,
            description="Asks whether the launch region answers",
            function=self.function,
        )


def votes(
    *, suffix: str, launch_region: str, peer_region: str, minutes: float
) -> tuple[Alarm, Alarm, Alarm]:
    """The rows of the outside vote, of the inside vote, and of a peer that does not vote.

    Args:
        minutes: For how many minutes in a row both must say so.
    """
    return (
        _vote(
            "launch-silent-outside",
            suffix=suffix,
            region=peer_region,
            minutes=minutes,
            missing="notBreaching",
            why="The peer region gets no answer from the launch region. Whether that region is gone or "
            "only the way to it, its own vote tells: see launch-silent-inside.",
        ),
        _vote(
            "launch-silent-inside",
            suffix=suffix,
            region=launch_region,
            minutes=minutes,
            missing="breaching",  # a region that is gone says nothing
            why="The launch region does not say that it is there. With launch-silent-outside it counts "
            "as down; alone, look at the log of its probe.",
        ),
        Alarm(
            name="probe-silent",
            group=GROUP,
            namespace=NAMESPACE,
            metric=METRIC,
            dimensions={"Suffix": suffix, "From": peer_region},
            statistic="SampleCount",
            unit="votes",
            period=MINUTE,
            comparison="LessThanThreshold",
            threshold=1,
            periods=SILENT_MINUTES,
            missing="breaching",
            why="The peer's own probe does not vote, and so nobody would notice that the launch region is "
            "gone. Look at the log of the probe.",
        ),
    )


def witness_vote(*, suffix: str, witness_region: str, minutes: float) -> Alarm:
    """The row of the vote of a third region.

    Args:
        minutes: For how many minutes in a row it must say so.
    """
    return _vote(
        "launch-silent-witness",
        suffix=suffix,
        region=witness_region,
        minutes=minutes,
        missing="breaching",  # it abstains
        why="The witness region gets no answer from the launch region, or does not vote, in which case "
        "the vote of the peer stands alone: look at the log of its probe.",
    )


def _vote(
    name: str, *, suffix: str, region: str, minutes: float, missing: Missing, why: str
) -> Alarm:
    return Alarm(
        name=name,
        group=GROUP,
        namespace=NAMESPACE,
        metric=METRIC,
        dimensions={"Suffix": suffix, "From": region},
        statistic="Maximum",
        unit="1 answers, 0 does not",
        period=MINUTE,
        comparison="LessThanThreshold",
        threshold=1,
        periods=minutes,
        missing=missing,
        why=why,
    )
