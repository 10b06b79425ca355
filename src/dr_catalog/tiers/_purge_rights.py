"""What the guard may do while a launch asks to be purged; each action on what the launch has, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from .. import names
from ..layers.backup import vault_arn
from ..layers.kms import arn_in
from ._rights import find_vaults, rds_arn

if TYPE_CHECKING:
    from .guard import GuardedStores


def purge_rights(
    scope: Construct,
    *,
    suffix: str,
    regions: tuple[str, str],
    key_id: str,
    stores: GuardedStores,
) -> list[iam.PolicyStatement]:
    """To delete what a launch keeps, in the launch region and the peer.

    Args:
        suffix: The environment suffix.
        regions: The launch region and the peer.
        key_id: The multi-Region key's id.
        stores: Database and vaults.
    """
    return [
        *purge_buckets(scope, suffix=suffix, regions=regions),
        *purge_table(scope, suffix=suffix, regions=regions),
        *purge_keys(scope, key_id=key_id, regions=regions),
        *purge_database(scope, stores, regions=regions),
        *purge_vaults(scope, suffix=suffix, regions=regions),
    ]


def purge_buckets(
    scope: Construct, *, suffix: str, regions: tuple[str, str]
) -> list[iam.PolicyStatement]:
    """To empty and delete the buckets."""
    stack = cdk.Stack.of(scope)
    buckets = [
        f"arn:{stack.partition}:s3:::"
        + names.BUCKET.of(suffix=suffix, account=stack.account, region=region)
        for region in regions
    ]
    return [
        iam.PolicyStatement(
            sid="EmptyAndDeleteBuckets",
            actions=[
                "s3:DeleteBucket",
                "s3:ListBucketMultipartUploads",
                "s3:ListBucketVersions",
                "s3:PutReplicationConfiguration",
            ],
            resources=buckets,
        ),
        iam.PolicyStatement(
            sid="DeleteDocuments",
            actions=["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion"],
            resources=[f"{bucket}/*" for bucket in buckets],
        ),
    ]


def purge_table(
    scope: Construct, *, suffix: str, regions: tuple[str, str]
) -> list[iam.PolicyStatement]:
    """To delete the table and its replica."""
    stack = cdk.Stack.of(scope)
    table = names.TABLE.of(suffix=suffix)
    return [
        iam.PolicyStatement(
            sid="DeleteTable",
            actions=[
                "dynamodb:DeleteTable",
                "dynamodb:DeleteTableReplica",
                "dynamodb:DescribeTable",
                "dynamodb:UpdateTable",
            ],
            resources=[
                stack.format_arn(
                    service="dynamodb", resource="table", resource_name=table, region=region
                )
                for region in regions
            ],
        ),
    ]


def purge_keys(
    scope: Construct, *, key_id: str, regions: tuple[str, str]
) -> list[iam.PolicyStatement]:
    """To schedule the deletion of the key and its replica."""
    return [
        iam.PolicyStatement(
            sid="ScheduleKeyDeletion",
            actions=["kms:DescribeKey", "kms:ScheduleKeyDeletion"],
            resources=[arn_in(scope, region=region, key_id=key_id) for region in regions],
        ),
    ]


def purge_database(
    scope: Construct, stores: GuardedStores, *, regions: tuple[str, str]
) -> list[iam.PolicyStatement]:
    """To delete the database, its snapshots, what it stands on, and the master user's secret."""
    stack = cdk.Stack.of(scope)
    clusters = dict(zip(regions, (stores.launch_cluster, stores.peer_cluster), strict=True))
    global_cluster = rds_arn(stack, "global-cluster", stores.global_cluster, region="")
    return [
        iam.PolicyStatement(
            sid="DeleteGlobalCluster",
            actions=[
                "rds:DeleteGlobalCluster",
                "rds:ModifyGlobalCluster",
                "rds:RemoveFromGlobalCluster",
            ],
            resources=[global_cluster],
        ),
        iam.PolicyStatement(
            sid="DeleteClusters",
            actions=["rds:DeleteDBCluster", "rds:ModifyDBCluster", "rds:RemoveFromGlobalCluster"],
            resources=[
                rds_arn(stack, "cluster", cluster, region=region)
                for region, cluster in clusters.items()
            ],
        ),
        iam.PolicyStatement(
            sid="DeleteKeptSnapshots",
            actions=["rds:DeleteDBClusterSnapshot"],
            resources=[
                rds_arn(stack, "cluster-snapshot", f"{stores.global_cluster}-*", region=region)
                for region in regions
            ],
        ),
        iam.PolicyStatement(
            sid="FindKeptSnapshots",  # those of a cluster are found by listing
            actions=["rds:DescribeDBClusterSnapshots"],
            resources=[
                rds_arn(stack, kind, name, region=region)
                for region, cluster in clusters.items()
                for kind, name in (("cluster", cluster), ("cluster-snapshot", "*"))
            ],
        ),
        iam.PolicyStatement(
            sid="DeleteDatabaseGroups",
            actions=[
                "rds:DeleteDBClusterParameterGroup",
                "rds:DeleteDBSubnetGroup",
                "rds:DescribeDBClusterParameterGroups",
                "rds:DescribeDBSubnetGroups",
            ],
            resources=[
                rds_arn(stack, kind, stores.database_group, region=region)
                for region in regions
                for kind in ("cluster-pg", "subgrp")
            ],
        ),
        iam.PolicyStatement(
            sid="DeleteSecret",
            actions=[
                "secretsmanager:DeleteSecret",
                "secretsmanager:DescribeSecret",
                "secretsmanager:RemoveRegionsFromReplication",
            ],
            resources=[
                stack.format_arn(
                    service="secretsmanager",
                    region=region,
                    resource="secret",
                    resource_name=f"{stores.database_secret_name}-??????",
                    arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
                )
                for region in regions
            ],
        ),
    ]


def purge_vaults(
    scope: Construct, *, suffix: str, regions: tuple[str, str]
) -> list[iam.PolicyStatement]:
    """To delete the vaults and what is in them.

    A recovery point's ARN does not name its vault; the policies of other vaults keep theirs.

    AWS Backup deletes what is behind a recovery point with its caller's rights or, where the caller
    lacks them, leaves the point EXPIRED until it may make its service-linked role.

    See https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupFullAccess.html
    """
    stack, table = cdk.Stack.of(scope), names.TABLE.of(suffix=suffix)
    snapshots = [
        rds_arn(stack, "cluster-snapshot", "awsbackup:*", region=region) for region in regions
    ]
    backups = [
        stack.format_arn(
            service="dynamodb", region=region, resource="table", resource_name=f"{table}/backup/*"
        )
        for region in regions
    ]
    points = [
        stack.format_arn(
            service="backup",
            region=region,
            resource="recovery-point",
            resource_name="*",
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        for region in regions
    ]
    through_backup = {"ForAnyValue:StringEquals": {"aws:CalledVia": "backup.amazonaws.com"}}
    return [
        find_vaults(),
        iam.PolicyStatement(
            sid="DeleteVaults",
            actions=["backup:DeleteBackupVault", "backup:ListRecoveryPointsByBackupVault"],
            resources=[vault_arn(stack, suffix=suffix, region=region) for region in regions],
        ),
        iam.PolicyStatement(
            sid="DeleteRecoveryPoints",
            actions=["backup:DeleteRecoveryPoint", "backup:DisassociateRecoveryPoint"],
            resources=[*points, *snapshots, *backups],
        ),
        iam.PolicyStatement(
            sid="DeleteSnapshotsThroughBackup",
            actions=["rds:DeleteDBClusterSnapshot"],
            resources=snapshots,
            conditions=through_backup,
        ),
        iam.PolicyStatement(
            sid="DeleteTableBackupsThroughBackup",
            actions=["dynamodb:DeleteBackup"],
            resources=backups,
            conditions=through_backup,
        ),
        iam.PolicyStatement(
            sid="LetBackupDelete",
            actions=["iam:CreateServiceLinkedRole"],
            resources=[
                stack.format_arn(
                    service="iam",
                    region="",
                    resource="role",
                    resource_name="aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup",
                )
            ],
            conditions={"StringEquals": {"iam:AWSServiceName": "backup.amazonaws.com"}},
        ),
    ]
