"""What the guards in front of updates and deletions can do at most, a purge included."""

from __future__ import annotations

from typing import Any

Statement = dict[str, Any]


def guard_rights(*, partition: str, account: str) -> list[Statement]:
    """Their part of the boundary."""

    def arn(service: str, name: str, *, region: str = "*") -> str:
        return f"arn:{partition}:{service}:{region}:{account}:{name}"

    behind_points = [
        arn("rds", "cluster-snapshot:awsbackup:*"),
        arn("dynamodb", "table/dr-*/backup/*"),
    ]
    return [
        _allow(
            "GuardMemory",
            ["ssm:DeleteParameter", "ssm:PutParameter"],
            [arn("ssm", "parameter/dr/*/guard/accepted")],
        ),
        _allow(
            "Continue", ["lambda:InvokeFunction"], [arn("lambda", "function:dr-delete-guard-*")]
        ),
        _allow(
            "Ledgers",
            [
                "rds:DeleteDBCluster",
                "rds:DeleteDBClusterParameterGroup",
                "rds:DeleteDBInstance",
                "rds:DeleteDBSubnetGroup",
                "rds:DeleteGlobalCluster",
                "rds:DescribeDBClusterParameterGroups",
                "rds:DescribeDBClusters",
                "rds:DescribeDBSubnetGroups",
                "rds:DescribeGlobalClusters",
                "rds:ModifyDBCluster",
                "rds:ModifyGlobalCluster",
                "rds:RemoveFromGlobalCluster",
            ],
            [
                arn("rds", "global-cluster:dr-ledger-*", region=""),
                *(
                    arn("rds", f"{kind}:dr-ledger-*")
                    for kind in ("cluster", "cluster-pg", "db", "subgrp")
                ),
            ],
        ),
        _allow(
            "Secrets",
            [
                "secretsmanager:DeleteSecret",
                "secretsmanager:DescribeSecret",
                "secretsmanager:RemoveRegionsFromReplication",
            ],
            [arn("secretsmanager", "secret:dr-aurora-*")],
        ),
        _allow("FindVaults", ["backup:ListBackupVaults"], ["*"]),
        _allow(
            "Vaults",
            ["backup:DeleteBackupVault", "backup:ListRecoveryPointsByBackupVault"],
            [arn("backup", "backup-vault:dr-vault-*")],
        ),
        _allow(
            "RecoveryPoints",
            ["backup:DeleteRecoveryPoint", "backup:DisassociateRecoveryPoint"],
            [arn("backup", "recovery-point:*"), *behind_points],
        ),
        _allow(
            "BehindRecoveryPoints",
            ["dynamodb:DeleteBackup", "rds:DeleteDBClusterSnapshot"],
            behind_points,
            {"ForAnyValue:StringEquals": {"aws:CalledVia": "backup.amazonaws.com"}},
        ),
        _allow(
            "RoleOfBackup",
            ["iam:CreateServiceLinkedRole"],
            [
                arn(
                    "iam",
                    "role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup",
                    region="",
                )
            ],
            {"StringEquals": {"iam:AWSServiceName": "backup.amazonaws.com"}},
        ),
    ]


def _allow(
    sid: str, actions: list[str], resources: list[str], condition: dict[str, Any] | None = None
) -> Statement:
    statement = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
    return {**statement, "Condition": condition} if condition else statement
