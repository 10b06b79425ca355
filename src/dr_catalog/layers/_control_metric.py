"""The control metric in the peer region, and the alarms that health checks follow.

    SSM parameter -> function, every minute -> metric, 1 or 0 a region -> alarm a region

A health check reads the metric's stream with the alarm's settings as they were when it was made, and
knows neither M-of-N nor metric math: the alarms are one period of one minute. Who changes their
settings must change their name as well, or the health checks go on with the old ones.

See https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
"""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from .. import names
from ._alarm import Alarm, make
from ._function import PythonFunction
from ._zone import given, only_if

NAMESPACE, METRIC = "DrCatalog", "Serving"
SERVING_REGION = "serving-region"
MINUTE = 60
SILENT_MINUTES = 5
GROUP = "Control metric"


class ControlMetric(Construct):
    """The peer half: says which region serves. Nothing is made without a zone.

    Args:
        suffix: The environment suffix.
        key: The customer key in this region.
        launch_region: The region of the launch.
        zone_id: The parent zone's id; may be empty.
        serving: The regions that serve at first, with commas between them; by default the launch
            region alone, as failover records need it.
        topics: Where to tell that the metric has fallen silent.

    Attributes:
        parameter: The SSM parameter that says which region serves; a failover writes it.
        publisher: The name of the function that publishes the metric.
        zone: True when a zone is given, and so all of this is made.
        alarms: The rows: one a region, and the silence.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        key: kms.IKey,
        launch_region: str,
        zone_id: str,
        serving: str | None = None,
        topics: Sequence[sns.ITopic] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        self.parameter = names.parameter(suffix=suffix, layer="route53", name=SERVING_REGION)
        parameter = ssm.CfnParameter(
            self,
            "ServingRegion",
            name=self.parameter,
            type="String",
            value=launch_region if serving is None else serving,
            description="The region that serves; a failover writes it",
        )
        self.publisher = names.CONTROL_METRIC.of(suffix=suffix)
        publisher = PythonFunction(
            self,
            "Publisher",
            function_name=self.publisher,
            role_name=names.CONTROL_METRIC_ROLE.of(suffix=suffix, region=stack.region),
            asset="control_metric",
            handler="index.handler",
            key=key,
            timeout=cdk.Duration.seconds(30),
            environment={
                "SUFFIX": suffix,
                "REGIONS": f"{launch_region},{stack.region}",
                "PARAMETER": self.parameter,
                "NAMESPACE": NAMESPACE,
                "METRIC": METRIC,
            },
            statements=[
                iam.PolicyStatement(
                    sid="ReadServingRegion",
                    actions=["ssm:GetParameter"],
                    resources=[
                        stack.format_arn(
                            service="ssm",
                            resource="parameter",
                            resource_name=self.parameter.removeprefix("/"),
                        )
                    ],
                ),
                iam.PolicyStatement(
                    sid="Publish",  # metrics are no resources; the namespace is what can be named
                    actions=["cloudwatch:PutMetricData"],
                    resources=["*"],
                    conditions={"StringEquals": {"cloudwatch:namespace": NAMESPACE}},
                ),
            ],
        )
        publisher.function.node.add_dependency(parameter)
        rule = events.CfnRule(
            self,
            "EveryMinute",
            name=names.CONTROL_METRIC.of(suffix=suffix),
            description="Publishes which region serves",
            schedule_expression="rate(1 minute)",
            targets=[
                events.CfnRule.TargetProperty(id="publisher", arn=publisher.function.function_arn)
            ],
        )
        lambda_.CfnPermission(
            self,
            "Schedule",
            action="lambda:InvokeFunction",
            function_name=publisher.function.function_name,
            principal="events.amazonaws.com",
            source_arn=rule.attr_arn,
        )
        launch, peer = (
            serving_alarm(name, suffix=suffix, region=region)
            for name, region in (("serving-launch", launch_region), ("serving-peer", stack.region))
        )
        silence = _silence(suffix=suffix, region=launch_region)
        self.alarms = (launch, peer, silence)
        # Not serving is what the peer does most of the time: nobody is told of these two.
        for alarm, region in ((launch, launch_region), (peer, stack.region)):
            physical = names.SERVING_ALARM.of(suffix=suffix, region=region)
            make(self, alarm, suffix=suffix, topics=[], alarm_name=physical)
        make(self, silence, suffix=suffix, topics=topics)
        self.zone = given(self, zone_id=zone_id)
        only_if(self.zone, self)


def serving_alarm(name: str, *, suffix: str, region: str) -> Alarm:
    """ALARM while ``region`` does not serve, which is what its health check reads as unhealthy."""
    return Alarm(
        name=name,
        group=GROUP,
        namespace=NAMESPACE,
        metric=METRIC,
        dimensions={"Suffix": suffix, "Region": region},
        statistic="Minimum",
        unit="1 serves, 0 does not",
        period=MINUTE,
        comparison="LessThanThreshold",
        threshold=1,
        periods=1,
        missing="ignore",
        why="In ALARM this region's DNS record does not answer. It is a switch and no fault.",
    )


def _silence(*, suffix: str, region: str) -> Alarm:
    return Alarm(
        name="control-metric-silent",
        group=GROUP,
        namespace=NAMESPACE,
        metric=METRIC,
        dimensions={"Suffix": suffix, "Region": region},
        statistic="SampleCount",
        unit="values",
        period=MINUTE,
        comparison="LessThanThreshold",
        threshold=1,
        periods=SILENT_MINUTES,
        missing="breaching",
        why="Nobody says which region serves: DNS keeps its last answer and a failover would not move "
        "traffic. Look at the log of the control metric's function.",
    )
