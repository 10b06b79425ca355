"""The roles AWS Backup works with, narrowed from AWS's own managed policies.

One takes and copies recovery points, one restores them for a test, and one for good. The first may do only
what DynamoDB tables, Aurora clusters and the documents bucket need, the second what tables and clusters
do, the third what the suffix's own table and bucket do; only a run on AWS proves that it is enough.

See https://docs.aws.amazon.com/aws-backup/latest/devguide/security-iam-awsmanpol.html
"""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from .. import names

RESTORED = "awsbackup-restore-test-*"
"""What AWS Backup calls everything it restores for a test."""


class BackupServiceRole(Construct):
    """A role that AWS Backup assumes, and its policy.

    Args:
        role_name: The physical name; it carries the region, since roles are global.
        statements: What it may do.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        role_name: str,
        statements: Sequence[iam.PolicyStatement],
    ) -> None:
        super().__init__(scope, construct_id)
        self.role = iam.Role(
            self,
            "Role",
            role_name=role_name,
            assumed_by=iam.ServicePrincipal("backup.amazonaws.com"),
        )
        self.policy = iam.Policy(self, "Policy", roles=[self.role], statements=statements)


def to_back_up(
    scope: Construct, *, suffix: str, key_arns: Sequence[str], vault_arns: Sequence[str]
) -> list[iam.PolicyStatement]:
    """Take recovery points of tables, clusters and buckets, and copy them between these vaults."""
    stack = cdk.Stack.of(scope)
    bucket = f"arn:{stack.partition}:s3:::" + names.BUCKET.of(
        suffix=suffix, account=stack.account, region=stack.region
    )
    return [
        _allow(
            "ReadTables",
            [
                "dynamodb:CreateBackup",
                "dynamodb:DescribeTable",
                "dynamodb:ListTagsOfResource",
                "dynamodb:StartAwsBackupJob",
            ],
            [_arn(stack, "dynamodb", "table/*")],
        ),
        _allow(
            "KeepTableBackups",
            ["dynamodb:DeleteBackup", "dynamodb:DescribeBackup"],
            [_arn(stack, "dynamodb", "table/*/backup/*")],
        ),
        _allow(
            "SnapshotClusters",
            [
                "rds:AddTagsToResource",
                "rds:CopyDBClusterSnapshot",
                "rds:CreateDBClusterSnapshot",
                "rds:DescribeDBClusterAutomatedBackups",
                "rds:DescribeDBClusterSnapshots",
                "rds:DescribeDBClusters",
                "rds:ListTagsForResource",
                "rds:ModifyDBCluster",  # continuous backup sets the cluster's retention
            ],
            [
                _arn(stack, "rds", "cluster:*"),
                _arn(stack, "rds", "cluster-snapshot:*"),
                _arn(stack, "rds", "cluster-auto-backup:*"),
                _arn(stack, "rds", "auto-backup:*"),
            ],
        ),
        _allow(
            "KeepClusterSnapshots",
            ["rds:DeleteDBClusterSnapshot", "rds:ModifyDBClusterSnapshotAttribute"],
            [_arn(stack, "rds", "cluster-snapshot:awsbackup:*")],
        ),
        _allow(
            "ReadBucket",
            [
                "s3:GetBucketAcl",
                "s3:GetBucketLocation",
                "s3:GetBucketNotification",
                "s3:GetBucketTagging",
                "s3:GetBucketVersioning",
                "s3:GetInventoryConfiguration",
                "s3:ListBucket",
                "s3:ListBucketVersions",
                "s3:PutBucketNotification",
                "s3:PutInventoryConfiguration",
            ],
            [bucket],
        ),
        _allow(
            "ReadDocuments",
            [
                "s3:GetObject",
                "s3:GetObjectAcl",
                "s3:GetObjectTagging",
                "s3:GetObjectVersion",
                "s3:GetObjectVersionAcl",
                "s3:GetObjectVersionTagging",
            ],
            [f"{bucket}/*"],
        ),
        _allow(
            "FollowChangesOfBucket",
            [
                "events:DeleteRule",
                "events:DescribeRule",
                "events:DisableRule",
                "events:EnableRule",
                "events:ListTargetsByRule",
                "events:PutRule",
                "events:PutTargets",
                "events:RemoveTargets",
            ],
            [_arn(stack, "events", "rule/AwsBackupManagedRule*")],
        ),
        _allow(
            "MeasureBucket",  # the actions know no resources
            ["cloudwatch:GetMetricData", "events:ListRules"],
            ["*"],
        ),
        _allow(
            "UseVaults",
            [
                "backup:CopyFromBackupVault",
                "backup:CopyIntoBackupVault",
                "backup:DescribeBackupVault",
            ],
            vault_arns,
        ),
        _allow("TagRecoveryPoints", ["backup:TagResource"], [_arn(stack, "backup", "*")]),
        _allow("FindTagged", ["tag:GetResources"], ["*"]),  # the action knows no resources
        *_use_keys(key_arns, services=("dynamodb", "rds", "s3")),
    ]


def to_restore(scope: Construct, *, key_arns: Sequence[str]) -> list[iam.PolicyStatement]:
    """Restore a table or a cluster under the name of a restore test."""
    stack = cdk.Stack.of(scope)
    return [
        _restore_table(stack, RESTORED),
        _allow(
            "ReadTableBackups",
            ["dynamodb:RestoreTableFromBackup"],
            [_arn(stack, "dynamodb", "table/*/backup/*")],
        ),
        _allow(
            "ReadSnapshots",
            [
                "rds:DescribeDBClusterSnapshots",
                "rds:DescribeDBClusters",
                "rds:DescribeDBInstances",
                "rds:ListTagsForResource",
                "rds:RestoreDBClusterFromSnapshot",
            ],
            [
                _arn(stack, "rds", f"{kind}:*")
                for kind in ("cluster", "cluster-pg", "cluster-snapshot", "db", "og", "subgrp")
            ],
        ),
        _allow(
            "RestoreCluster",
            [
                "rds:AddTagsToResource",
                "rds:CreateDBInstance",
                "rds:DeleteDBCluster",
                "rds:DeleteDBInstance",
                "rds:ModifyDBCluster",
            ],
            [
                _arn(stack, "rds", f"cluster:{RESTORED}"),
                _arn(stack, "rds", f"db:{RESTORED}"),
                # An instance is made with these, and the call is asked for them too.
                _arn(stack, "rds", "og:default*"),
                _arn(stack, "rds", "pg:default*"),
            ],
        ),
        *_use_keys(key_arns, services=("dynamodb", "rds", "backup")),
    ]


def to_restore_stores(
    scope: Construct, *, suffix: str, key_arns: Sequence[str]
) -> list[iam.PolicyStatement]:
    """Restore the suffix's table under its own name, and the documents into the bucket of this region.

    Rights to access lists are left out: the bucket has none, since its owner owns all objects.
    """
    stack = cdk.Stack.of(scope)
    bucket = f"arn:{stack.partition}:s3:::" + names.BUCKET.of(
        suffix=suffix, account=stack.account, region=stack.region
    )
    return [
        _restore_table(stack, names.TABLE.of(suffix=suffix), more=["dynamodb:TagResource"]),
        _allow(
            "SeeBucket",
            [
                "s3:GetBucketLocation",
                "s3:GetBucketOwnershipControls",
                "s3:GetBucketVersioning",
                "s3:ListBucket",
                "s3:ListBucketVersions",
            ],
            [bucket],
        ),
        _allow(
            "RestoreDocuments",
            [
                "s3:DeleteObject",
                "s3:GetObject",
                "s3:GetObjectAcl",
                "s3:GetObjectTagging",
                "s3:GetObjectVersion",
                "s3:PutObject",
                "s3:PutObjectTagging",
            ],
            [f"{bucket}/*"],
        ),
        *_use_keys(key_arns, services=("dynamodb", "s3", "backup")),
    ]


def _restore_table(stack: cdk.Stack, name: str, *, more: Sequence[str] = ()) -> iam.PolicyStatement:
    return _allow(
        "RestoreTable",
        [
            "dynamodb:BatchWriteItem",
            "dynamodb:DeleteItem",
            "dynamodb:DescribeTable",
            "dynamodb:GetItem",
            "dynamodb:PutItem",
            "dynamodb:Query",
            "dynamodb:RestoreTableFromAwsBackup",
            "dynamodb:RestoreTableFromBackup",
            "dynamodb:Scan",
            "dynamodb:UpdateItem",
            *more,
        ],
        [_arn(stack, "dynamodb", f"table/{name}")],
    )


def _use_keys(key_arns: Sequence[str], *, services: Sequence[str]) -> list[iam.PolicyStatement]:
    return [
        iam.PolicyStatement(
            sid="UseKeysThroughServices",
            actions=["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
            resources=list(key_arns),
            conditions={
                "StringLike": {"kms:ViaService": [f"{name}.*.amazonaws.com" for name in services]}
            },
        ),
        _allow("DescribeKeys", ["kms:DescribeKey"], key_arns),
        iam.PolicyStatement(
            sid="LetServicesUseKeys",
            actions=["kms:CreateGrant"],
            resources=list(key_arns),
            conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    ]


def _allow(sid: str, actions: Sequence[str], resources: Sequence[str]) -> iam.PolicyStatement:
    return iam.PolicyStatement(sid=sid, actions=sorted(actions), resources=list(resources))


def _arn(stack: cdk.Stack, service: str, resource: str) -> str:
    """In any region: a copy reads in one and writes in the other."""
    return f"arn:{stack.partition}:{service}:*:{stack.account}:{resource}"
