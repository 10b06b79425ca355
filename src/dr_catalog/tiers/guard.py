"""The guard in front of a deletion.

CloudFormation runs no check of ours before it deletes; but it deletes what depends on everything
first. ``DeleteGuard`` is that: a custom resource that fails while deletion protection is on, a recovery
runs or the writer is in the other region, so that nothing has been touched yet, and that purges the data
of a launch which asked for it. Protection is read when the deletion comes, from an SSM parameter, because
a stack whose deletion failed takes no update any more: writing ``false`` there is the way out.

What it may always do is in this module. The rights to destroy, which are in ``_purge_rights``, exist
only while ``OnTermination`` is ``purge``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct, IConstruct

from .. import names
from ..layers._function import PythonFunction
from ..layers._parameters import publish
from ._purge_rights import purge_rights
from ._rights import continue_itself, parameter_arn, rds_arn, see_recovery

LAYER = "guard"
PROTECTION = "deletion-protection"
COMPLETED = "completed"
"""Written when a launch is complete for the first time; the update guard takes it away at the end."""


PURGE_TIMEOUT = cdk.Duration.minutes(15)


def completed_parameter(*, suffix: str, layer: str = "") -> str:
    """The SSM parameter ``COMPLETED``, of a tier or of a layer that is launched alone."""
    owner = f"{layer}/{LAYER}" if layer else LAYER
    return names.parameter(suffix=suffix, layer=owner, name=COMPLETED)


@dataclass(frozen=True)
class GuardedStores:
    """The database, the vaults and the recovery that a guard looks after, by their usual names: ``of``.

    Args:
        global_cluster: The global cluster's identifier.
        launch_cluster: The cluster in the launch region.
        peer_cluster: The cluster in the peer region.
        launch_instance: The instance that the primary template makes.
        peer_instance: The one that the peer's template makes.
        database_group: The name of subnet group and cluster parameter group in each region.
        database_secret_name: The name of the master user's secret.
        vault: The name of the backup vault in each region.
        recovery_table: The name of the table in each region that says whether a recovery runs.
    """

    global_cluster: str
    launch_cluster: str
    peer_cluster: str
    launch_instance: str
    peer_instance: str
    database_group: str
    database_secret_name: str
    vault: str
    recovery_table: str

    @staticmethod
    def of(*, suffix: str, region: str, peer_region: str) -> GuardedStores:
        """Those of a launch in ``region``."""
        return GuardedStores(
            global_cluster=names.LEDGER.of(suffix=suffix),
            launch_cluster=names.LEDGER_CLUSTER.of(suffix=suffix, region=region),
            peer_cluster=names.LEDGER_CLUSTER.of(suffix=suffix, region=peer_region),
            launch_instance=names.LEDGER_INSTANCE.of(suffix=suffix, region=region),
            peer_instance=names.LEDGER_INSTANCE.of(suffix=suffix, region=peer_region),
            database_group=names.LEDGER.of(suffix=suffix),
            database_secret_name=names.LEDGER_SECRET.of(suffix=suffix),
            vault=names.VAULT.of(suffix=suffix),
            recovery_table=names.RECOVERY_STATE.of(suffix=suffix),
        )

    def properties(self) -> dict[str, str]:
        """As the custom resource takes them."""
        return {names.camel(name): value for name, value in vars(self).items()}

    def database_properties(self) -> dict[str, str]:
        """Those of the database alone."""
        others = ("Vault", "RecoveryTable")
        return {name: value for name, value in self.properties().items() if name not in others}


class DeleteGuard(Construct):
    """Refuses or purges, before anything else of the stack is deleted.

    Create it last: it depends on everything its stack holds by then.

    Args:
        suffix: The environment suffix.
        peer_region: The other region, where a purge reaches too.
        key: The customer key in this region.
        key_id: The multi-Region key's id.
        content: Changes with every release, so that every update ends with the guard.
        deletion_protection: ``"true"`` refuses deletion.
        on_termination: ``"purge"`` deletes all data and the keys in both regions; ``"retain"``
            leaves them.
        stores: Database, vaults and recovery.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        peer_region: str,
        key: kms.IKey,
        key_id: str,
        content: str,
        deletion_protection: str,
        on_termination: str,
        stores: GuardedStores,
    ) -> None:
        stack = cdk.Stack.of(scope)
        super().__init__(scope, construct_id)
        region, account = stack.region, stack.account
        buckets = {
            where: names.BUCKET.of(suffix=suffix, account=account, region=where)
            for where in (region, peer_region)
        }
        protection, completed = (
            names.parameter(suffix=suffix, layer=LAYER, name=name)
            for name in (PROTECTION, COMPLETED)
        )
        publish(self, suffix=suffix, layer=LAYER, values={PROTECTION: deletion_protection})
        guard = PythonFunction(
            self,
            "Guard",
            function_name=names.GUARD.of(suffix=suffix),
            role_name=names.GUARD_ROLE.of(suffix=suffix, region=region),
            asset="custom_resources",
            handler="delete_guard.handler",
            key=key,
            timeout=PURGE_TIMEOUT,
            statements=[
                iam.PolicyStatement(
                    sid="ReadProtection",
                    actions=["ssm:GetParameter"],
                    resources=[parameter_arn(stack, protection)],
                ),
                iam.PolicyStatement(
                    sid="SayCompleted",
                    actions=["ssm:PutParameter"],
                    resources=[parameter_arn(stack, completed)],
                ),
                continue_itself(stack, function=names.GUARD.of(suffix=suffix)),
                protect_table(stack, suffix=suffix, regions=(region, peer_region)),
                *guard_database(self, stores, regions=(region, peer_region)),
                *see_recovery(
                    self, table=stores.recovery_table, regions=(region, peer_region), key_id=key_id
                ),
            ],
        )
        rights = purge_rights(
            self, suffix=suffix, regions=(region, peer_region), key_id=key_id, stores=stores
        )
        allow_purge(guard, rights, on_termination=on_termination)
        self.resource = cdk.CustomResource(
            self,
            "Resource",
            service_token=guard.function.function_arn,
            resource_type="Custom::DrDeleteGuard",
            properties={
                "Suffix": suffix,
                "LaunchRegion": region,
                "PeerRegion": peer_region,
                "ProtectionParameter": protection,
                "CompletedParameter": completed,
                "OnTermination": on_termination,
                "LaunchBucket": buckets[region],
                "PeerBucket": buckets[peer_region],
                "TableName": names.TABLE.of(suffix=suffix),
                "KeyId": key_id,
                "Content": content,
                **stores.properties(),
            },
        )
        wait_for_everything(self.resource)


def allow_purge(
    guard: PythonFunction, statements: Sequence[iam.PolicyStatement], *, on_termination: str
) -> None:
    """Give a guard the rights to destroy, for as long as ``on_termination`` is ``purge``."""
    scope = guard.node.scope
    assert isinstance(scope, Construct)
    policy = iam.Policy(scope, "Purge", roles=[guard.role], statements=statements)
    resource = policy.node.default_child
    assert isinstance(resource, iam.CfnPolicy)
    resource.cfn_options.condition = cdk.CfnCondition(
        scope, "Purges", expression=cdk.Fn.condition_equals(on_termination, "purge")
    )


def wait_for_everything(guard: cdk.CustomResource) -> None:
    """Let the guard be made after all else, and so deleted before it.

    What is made on a condition is waited for by a reference, because a dependency on what may not be
    there is no valid template.
    """
    own = guard.node.default_child
    assert isinstance(own, cdk.CfnResource)
    conditional = []
    for each in cdk.Stack.of(guard).node.find_all():
        if not isinstance(each, cdk.CfnResource):
            continue  # a resource is not made to wait for itself: CDK sees to that
        condition = each.cfn_options.condition
        if condition is None:
            own.add_resource_dependency(each)
        else:
            conditional.append(
                cdk.Fn.condition_if(condition.logical_id, each.ref, cdk.Aws.NO_VALUE)
            )
    own.add_property_override("After", conditional)


def everything_waits(
    everything: Iterable[IConstruct],
    *,
    first: Sequence[cdk.CfnResource],
    besides: Iterable[IConstruct],
) -> None:
    """Let every resource below ``everything`` be made after ``first``, and so deleted before it.

    Args:
        everything: The constructs, such as ``stack.node.children``.
        besides: Those of them that do not wait.
    """
    own = {root.node.path for root in besides}
    for root in everything:
        if root.node.path in own:
            continue
        for each in root.node.find_all():
            if isinstance(each, cdk.CfnResource):
                for resource in first:
                    each.add_resource_dependency(resource)


def protect_table(
    stack: cdk.Stack, *, suffix: str, regions: tuple[str, str]
) -> iam.PolicyStatement:
    """To protect the table's replicas."""
    return iam.PolicyStatement(
        sid="ProtectTable",
        actions=["dynamodb:DescribeTable", "dynamodb:UpdateTable"],
        resources=[
            stack.format_arn(
                service="dynamodb",
                resource="table",
                resource_name=names.TABLE.of(suffix=suffix),
                region=region,
            )
            for region in regions
        ],
    )


def guard_database(
    scope: Construct, stores: GuardedStores, *, regions: tuple[str, str]
) -> Sequence[iam.PolicyStatement]:
    """Find the writer, protect the database, and delete the instances that were made at run time."""
    stack = cdk.Stack.of(scope)
    clusters = dict(zip(regions, (stores.launch_cluster, stores.peer_cluster), strict=True))
    return [
        iam.PolicyStatement(
            sid="FindWriterAndProtect",
            actions=["rds:DescribeGlobalClusters", "rds:ModifyGlobalCluster"],
            resources=[rds_arn(stack, "global-cluster", stores.global_cluster, region="")],
        ),
        iam.PolicyStatement(
            sid="FindInstancesAndProtect",
            actions=["rds:DescribeDBClusters", "rds:ModifyDBCluster"],
            resources=[
                rds_arn(stack, "cluster", cluster, region=region)
                for region, cluster in clusters.items()
            ],
        ),
        iam.PolicyStatement(
            sid="DeleteInstances",
            actions=["rds:DeleteDBInstance"],
            resources=[
                rds_arn(stack, "db", f"{stores.global_cluster}-*", region=region)
                for region in regions
            ],
        ),
    ]
