"""The ranges of the two networks: asked for, or derived from the suffix.

Peered networks must not overlap, so both ranges are given out at once, in the launch region, before
either network is made. A custom resource does it, because the answer depends on the networks that
both regions hold already. It also looks whether both have as many zones as are asked for.

See https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from .. import names
from ._function import PythonFunction

AUTO = "auto"


class CidrPlan(Construct):
    """Gives a range to each region, and keeps to it for as long as the launch lives.

    Args:
        suffix: The environment suffix; ``auto`` begins looking at a place that follows from it.
        key: The customer key in this region.
        peer_region: The other region.
        cidr: This region's range, a private /16 to /20, or ``auto``.
        peer_cidr: The peer's, likewise.
        zones: How many availability zones each region must have, ``"3"`` (default) or ``"2"``.

    Attributes:
        cidr: This region's range.
        peer_cidr: The peer's.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        key: kms.IKey,
        peer_region: str,
        cidr: str = AUTO,
        peer_cidr: str = AUTO,
        zones: str = "3",
    ) -> None:
        super().__init__(scope, construct_id)
        region = cdk.Stack.of(self).region
        planner = PythonFunction(
            self,
            "Planner",
            function_name=names.CIDR_PLAN.of(suffix=suffix),
            role_name=names.CIDR_PLAN_ROLE.of(suffix=suffix, region=region),
            asset="custom_resources",
            handler="cidr_plan.handler",
            key=key,
            timeout=cdk.Duration.minutes(2),
            statements=[
                iam.PolicyStatement(
                    sid="SeeNetworks",  # neither action has resources to name
                    actions=["ec2:DescribeAvailabilityZones", "ec2:DescribeVpcs"],
                    resources=["*"],
                    conditions={"StringEquals": {"aws:RequestedRegion": [region, peer_region]}},
                )
            ],
        )
        plan = cdk.CustomResource(
            self,
            "Plan",
            service_token=planner.function.function_arn,
            resource_type="Custom::DrCidrPlan",
            properties={
                "Suffix": suffix,
                "Cidr": cidr,
                "PeerCidr": peer_cidr,
                "PeerRegion": peer_region,
                "Zones": zones,
            },
        )
        self.cidr = plan.get_att_string("Cidr")
        self.peer_cidr = plan.get_att_string("PeerCidr")
