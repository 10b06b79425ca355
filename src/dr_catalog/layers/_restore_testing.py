"""Restore tests: a backup that was never restored is a hope."""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_backup as backup
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from .. import names
from ._backup_roles import BackupServiceRole, to_restore
from ._backup_vault import SUFFIX_TAG, vault_arn
from ._topic import alarm_topic

SCHEDULE = "cron(0 4 ? * SUN *)"
START_WINDOW_HOURS = 4
POINTS_OF_DAYS = 7


@dataclass(frozen=True)
class RestoredDatabase:
    """Where a restore test puts a cluster.

    Args:
        subnet_group: The DB subnet group in this region.
        security_group_id: The security group of the cluster.
    """

    subnet_group: str
    security_group_id: str


class RestoreTesting(Construct):
    """The peer half's proof: each week the newest copies are restored, and deleted again.

    Args:
        suffix: The environment suffix.
        key: The customer key in this region.
        source_key_arn: The customer key in the region the copies come from.
        database: Where to restore a cluster; None where the tier has none.

    Attributes:
        role: The role of its restore jobs.

    See https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        key: kms.IKey,
        source_key_arn: str,
        database: RestoredDatabase | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        region = cdk.Stack.of(self).region
        name = names.RESTORE_TEST.of(suffix=underscored(suffix))
        service = BackupServiceRole(
            self,
            "Service",
            role_name=names.RESTORE_TEST_ROLE.of(suffix=suffix, region=region),
            statements=to_restore(self, key_arns=[key.key_arn, source_key_arn]),
        )
        self.role: iam.IRole = service.role
        plan = backup.CfnRestoreTestingPlan(
            self,
            "Plan",
            restore_testing_plan_name=name,
            schedule_expression=SCHEDULE,
            start_window_hours=START_WINDOW_HOURS,
            recovery_point_selection=backup.CfnRestoreTestingPlan.RestoreTestingRecoveryPointSelectionProperty(
                algorithm="LATEST_WITHIN_WINDOW",
                include_vaults=[vault_arn(self, suffix=suffix, region=region)],
                recovery_point_types=["SNAPSHOT"],
                selection_window_days=POINTS_OF_DAYS,
            ),
            tags=[cdk.CfnTag(key=SUFFIX_TAG, value=suffix)],
        )
        tested = {"DynamoDB": {"encryptionType": "KMS", "kmsMasterKeyArn": key.key_arn}}
        if database is not None:
            tested["Aurora"] = {
                "dbSubnetGroupName": database.subnet_group,
                "vpcSecurityGroupIds": f'["{database.security_group_id}"]',
            }
        for kind, overrides in tested.items():
            selection = backup.CfnRestoreTestingSelection(
                self,
                kind,
                restore_testing_plan_name=name,
                restore_testing_selection_name=f"newest_{kind.lower()}",
                protected_resource_type=kind,
                protected_resource_arns=["*"],  # the vault holds this suffix alone
                iam_role_arn=service.role.role_arn,
                restore_metadata_overrides=overrides,
            )
            selection.node.add_dependency(plan, service.policy)


class RestoreTestFailures(Construct):
    """Tells of restore tests that failed, where no other topic of the launch is: in a peer that holds copies alone.

    Args:
        suffix: The environment suffix.
        key: The customer key in this region.
        role: The role of the restore tests.

    Attributes:
        topic: ``dr-restore-tests-<suffix>``; nobody is subscribed yet.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, suffix: str, key: kms.IKey, role: iam.IRole
    ) -> None:
        super().__init__(scope, construct_id)
        name = names.RESTORE_TEST_TOPIC.of(suffix=suffix)
        self.topic = alarm_topic(self, name=name, key=key)
        events.CfnRule(
            self,
            "Rule",
            name=names.RESTORE_TEST_FAILED.of(suffix=suffix),
            description="Restore tests that failed",
            event_pattern={
                "source": ["aws.backup"],
                "detail-type": ["Restore Job State Change"],
                "detail": {"status": ["ABORTED", "FAILED"], "iamRoleArn": [role.role_arn]},
            },
            targets=[events.CfnRule.TargetProperty(id="topic", arn=self.topic.topic_arn)],
        )


def underscored(suffix: str) -> str:
    """The suffix for names that take no hyphens; two suffixes stay two, since none has an underscore."""
    if cdk.Token.is_unresolved(suffix):
        return cdk.Fn.join("_", cdk.Fn.split("-", suffix))
    return suffix.replace("-", "_")
