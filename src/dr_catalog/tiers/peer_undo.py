"""What takes away what the peer's stacks would keep of a launch that failed.

The peer's stacks keep data and keys when they are deleted, as they must when a launch is terminated.
When a launch fails half-way they are deleted as well, with nothing in them, and what they keep would
be in the way of the next try. ``PeerUndo`` deletes it then: the handler ``peer_undo`` says when. It
also refuses a launch whose names are taken in the peer, so that what it deletes is the launch's own.

Its rights are to delete what is empty, and what is not yet protected.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from .. import names
from ..layers._function import PythonFunction
from ..layers.backup import vault_arn
from ..layers.kms import arn_in
from ._rights import continue_itself, find_vaults, parameter_arn, rds_arn
from .guard import GuardedStores, completed_parameter

TIMEOUT = cdk.Duration.minutes(15)
KINDS = ("bucket", "vault", "key", "database")
"""What a stack may keep."""


class PeerUndo(Construct):
    """The function; ``add`` makes a resource of it for each StackSet.

    Args:
        suffix: The environment suffix.
        peer_region: The peer region.
        key: The customer key in this region.
        key_id: The multi-Region key's id.
        stores: Database, vaults and recovery.
        layer: The layer that is launched alone; empty for a tier.
        kept: What it may have to take away, of ``KINDS``; all of it by default.
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
        stores: GuardedStores,
        layer: str = "",
        kept: Collection[str] = KINDS,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        function = names.layer_undo(layer=layer) if layer else names.PEER_UNDO
        role = names.layer_undo_role(layer=layer) if layer else names.PEER_UNDO_ROLE
        name = function.of(suffix=suffix)
        bucket = names.BUCKET.of(suffix=suffix, account=stack.account, region=peer_region)
        completed = completed_parameter(suffix=suffix, layer=layer)
        self._function = PythonFunction(
            self,
            "Undo",
            function_name=name,
            role_name=role.of(suffix=suffix, region=stack.region),
            asset="custom_resources",
            handler="peer_undo.handler",
            key=key,
            timeout=TIMEOUT,
            statements=[
                *_to_see(stack, function=name, completed=completed),
                *(
                    statement
                    for kind, statements in _to_undo(
                        stack,
                        suffix=suffix,
                        region=peer_region,
                        bucket=bucket,
                        key_arn=arn_in(self, region=peer_region, key_id=key_id),
                        stores=stores,
                    ).items()
                    if kind in kept
                    for statement in statements
                ),
            ],
        ).function
        self._properties = {
            "Suffix": suffix,
            "LaunchRegion": stack.region,
            "PeerRegion": peer_region,
            "CompletedParameter": completed,
            "PeerBucket": bucket,
            "KeyId": key_id,
            **stores.properties(),
        }

    def add(self, kind: str, *, kept: Sequence[str], new: Sequence[str]) -> cdk.CustomResource:
        """The resource for one StackSet, which must depend on it.

        Args:
            kind: ``foundation`` or ``workload``.
            kept: What its stack keeps when it is deleted.
            new: Those that an upgrade to the first release with this resource brings.
        """
        return cdk.CustomResource(
            self,
            names.camel(kind),
            service_token=self._function.function_arn,
            resource_type="Custom::DrPeerUndo",
            properties={
                **self._properties,
                "Kind": kind,
                "Kept": list(kept),
                "New": list(new),
            },
        )


def _to_see(stack: cdk.Stack, *, function: str, completed: str) -> list[iam.PolicyStatement]:
    """To find out how the launch stands, and to go on in another invocation."""
    return [
        iam.PolicyStatement(
            sid="SeeHowTheLaunchStands",
            actions=["cloudformation:DescribeStacks"],
            resources=[
                stack.format_arn(
                    service="cloudformation",
                    resource="stack",
                    resource_name=f"{cdk.Aws.STACK_NAME}/*",
                )
            ],
        ),
        iam.PolicyStatement(
            sid="SeeWhetherItWasComplete",
            actions=["ssm:GetParameters"],
            resources=[parameter_arn(stack, completed)],
        ),
        continue_itself(stack, function=function),
    ]


def _to_undo(
    stack: cdk.Stack,
    *,
    suffix: str,
    region: str,
    bucket: str,
    key_arn: str,
    stores: GuardedStores,
) -> dict[str, list[iam.PolicyStatement]]:
    """By what is kept: to delete it while it is empty, and not protected."""
    cluster = rds_arn(stack, "cluster", stores.peer_cluster, region=region)
    global_cluster = rds_arn(stack, "global-cluster", stores.global_cluster, region="")
    groups = [
        rds_arn(stack, kind, stores.database_group, region=region)
        for kind in ("cluster-pg", "subgrp")
    ]
    return {
        "bucket": [
            iam.PolicyStatement(
                sid="SeeBucket",
                actions=["s3:ListBucket"],
                resources=[f"arn:{stack.partition}:s3:::{bucket}"],
            ),
            iam.PolicyStatement(
                sid="DeleteEmptyBucket",
                actions=["s3:DeleteBucket"],
                resources=[f"arn:{stack.partition}:s3:::{bucket}"],
            ),
        ],
        "vault": [
            find_vaults(),
            iam.PolicyStatement(
                sid="DeleteEmptyVault",
                actions=["backup:DeleteBackupVault"],
                resources=[vault_arn(stack, suffix=suffix, region=region)],
            ),
        ],
        "key": [
            iam.PolicyStatement(
                sid="ScheduleReplicaKeyDeletion",
                actions=["kms:DescribeKey", "kms:ScheduleKeyDeletion"],
                resources=[key_arn],
            )
        ],
        "database": [
            iam.PolicyStatement(
                sid="DeleteUnprotectedReader",
                actions=[
                    "rds:DeleteDBCluster",
                    "rds:DeleteDBClusterParameterGroup",
                    "rds:DeleteDBSubnetGroup",
                    "rds:DescribeDBClusterParameterGroups",
                    "rds:DescribeDBClusters",
                    "rds:DescribeDBSubnetGroups",
                    "rds:DescribeGlobalClusters",
                    "rds:RemoveFromGlobalCluster",
                ],
                resources=[cluster, global_cluster, *groups],
            )
        ],
    }
