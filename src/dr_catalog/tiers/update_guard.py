"""The guard in front of an update.

CloudFormation runs no check of ours before it changes things; but it changes first what everything
depends on. ``UpdateGuard`` is that: a custom resource whose properties change with every release and
every parameter, and that fails while an update would hurt: a recovery runs, or has put the writer into
the other region, so that the templates describe the old roles, or something changes that would replace
what holds the data.

What the guard itself stands on can't wait for it: its function, role and log group, and the key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct, IConstruct

from .. import names
from ..layers._function import PythonFunction
from ._rights import parameter_arn, rds_arn, see_recovery
from .guard import COMPLETED, LAYER, everything_waits

TIMEOUT = cdk.Duration.minutes(2)


class UpdateGuard(Construct):
    """Refuses an update before anything of the stack is changed. Call ``before`` once all is there.

    Args:
        suffix: The environment suffix.
        peer_region: The other region.
        key: The customer key in this region.
        content: Changes with every release: a digest of what is released.
        fixed: What no update may change, names to values; the peer region is always among it.
        parameters: All of the launch's parameters, names to values.
        global_cluster: The global cluster, whose writer must be in this region.
        recovery_table: The table in each region that says whether a recovery runs.
        key_id: The multi-Region key's id, which encrypts them.

    Attributes:
        resource: The custom resource.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        peer_region: str,
        key: kms.IKey,
        content: str,
        fixed: Mapping[str, str],
        parameters: Mapping[str, str],
        global_cluster: str,
        recovery_table: str,
        key_id: str,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        accepted, completed = (
            names.parameter(suffix=suffix, layer=LAYER, name=name)
            for name in ("accepted", COMPLETED)
        )
        guard = PythonFunction(
            self,
            "Guard",
            function_name=names.UPDATE_GUARD.of(suffix=suffix),
            role_name=names.UPDATE_GUARD_ROLE.of(suffix=suffix, region=stack.region),
            asset="custom_resources",
            handler="update_guard.handler",
            key=key,
            timeout=TIMEOUT,
            statements=[
                iam.PolicyStatement(
                    sid="RememberAccepted",
                    actions=["ssm:GetParameter", "ssm:PutParameter"],
                    resources=[parameter_arn(stack, accepted)],
                ),
                iam.PolicyStatement(
                    sid="ForgetAtTheEnd",
                    actions=["ssm:DeleteParameters"],
                    resources=[parameter_arn(stack, each) for each in (accepted, completed)],
                ),
                iam.PolicyStatement(
                    sid="FindWriter",
                    actions=["rds:DescribeGlobalClusters"],
                    resources=[rds_arn(stack, "global-cluster", global_cluster, region="")],
                ),
                *see_recovery(
                    self,
                    table=recovery_table,
                    regions=(stack.region, peer_region),
                    key_id=key_id,
                ),
            ],
        )
        self.resource = cdk.CustomResource(
            self,
            "Resource",
            service_token=guard.function.function_arn,
            resource_type="Custom::DrUpdateGuard",
            properties={
                "Suffix": suffix,
                "LaunchRegion": stack.region,
                "Content": content,
                "Fixed": {"PeerRegion": peer_region, **fixed},
                "Parameters": dict(parameters),
                "AcceptedParameter": accepted,
                "CompletedParameter": completed,
                "GlobalCluster": global_cluster,
                "RecoveryTable": recovery_table,
                "PeerRegion": peer_region,
            },
        )

    def before(self, everything: Iterable[IConstruct], *, besides: Iterable[IConstruct]) -> None:
        """Let every resource below ``everything`` wait for the guard.

        Args:
            everything: The constructs, such as ``stack.node.children``; the guard is one of them.
            besides: Those that the guard itself needs: that of the key and its alias.
        """
        resource = self.resource.node.default_child
        assert isinstance(resource, cdk.CfnResource)
        everything_waits(everything, first=[resource], besides=[self, *besides])
