"""The plan: what is taken how often, how long it is kept, and where it is copied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_backup as backup
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from .. import names
from ._backup_roles import BackupServiceRole, to_back_up
from ._backup_vault import LOCK_MIN_DAYS, SUFFIX_TAG, vault_arn
from ._parameters import publish

SWITCH_TAG = "dr:backup"
SWITCH_ON, SWITCH_OFF = "on", "off"


@dataclass(frozen=True)
class Schedule:
    """How often recovery points are taken and how long they are kept.

    Args:
        interval_hours: Hours between two recovery points; 1 is the shortest.
        start_window_minutes: Minutes in which a job must begin, or it is EXPIRED; at least 60.
        completion_window_minutes: Minutes in which a job must end, or it is ABORTED.
        hourly_days: Days an hourly recovery point is kept.
        copy_days: Days its copy in the other region is kept.
        continuous_days: Days that point-in-time recovery reaches back; 35 is the longest. A cluster's
            own ``BackupRetentionPeriod`` must say the same, since AWS Backup sets it.
    """

    interval_hours: int = 1
    start_window_minutes: int = 60
    completion_window_minutes: int = 180
    hourly_days: int = LOCK_MIN_DAYS
    copy_days: int = 35
    continuous_days: int = 35


class BackupPlan(Construct):
    """Either half: the hourly and the continuous rule, and what they take.

    Args:
        suffix: The environment suffix.
        key: The customer key in this region.
        peer_region: The region of the vault that copies go to, which must be there already; for
            the peer's plan that is the launch region. None where there is no region left to copy to.
        peer_key_arn: The customer key there.
        switched_on: The launch region's half says True: it takes all of the suffix but what is tagged
            ``dr:backup=off``. The peer's says False: it takes only what is tagged ``dr:backup=on``.
        schedule: How often, and how long points are kept.

    Attributes:
        role: The role of its jobs.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        key: kms.IKey,
        peer_region: str | None = None,
        peer_key_arn: str | None = None,
        switched_on: bool,
        schedule: Schedule | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = cdk.Stack.of(self)
        schedule = Schedule() if schedule is None else schedule
        regions = [each for each in (stack.region, peer_region) if each is not None]
        vaults = [vault_arn(self, suffix=suffix, region=region) for region in regions]
        service = BackupServiceRole(
            self,
            "Service",
            role_name=names.BACKUP_ROLE.of(suffix=suffix, region=stack.region),
            statements=to_back_up(
                self,
                suffix=suffix,
                key_arns=[each for each in (key.key_arn, peer_key_arn) if each is not None],
                vault_arns=vaults,
            ),
        )
        self.role: iam.IRole = service.role
        plan = backup.CfnBackupPlan(
            self,
            "Plan",
            backup_plan={
                "backupPlanName": names.BACKUP_PLAN.of(suffix=suffix),
                "backupPlanRule": _rules(schedule, suffix=suffix, copy_to=vaults[1:]),
            },
            backup_plan_tags={SUFFIX_TAG: suffix},
        )
        selection = backup.CfnBackupSelection(
            self,
            "Selection",
            backup_plan_id=plan.attr_backup_plan_id,
            backup_selection=backup.CfnBackupSelection.BackupSelectionResourceTypeProperty(
                selection_name="tagged",
                iam_role_arn=service.role.role_arn,
                resources=[
                    f"arn:{stack.partition}:dynamodb:*:*:table/*",
                    f"arn:{stack.partition}:rds:*:*:cluster:*",
                    f"arn:{stack.partition}:s3:::*",
                ],
                conditions=_conditions(suffix=suffix, switched_on=switched_on),
            ),
        )
        selection.node.add_dependency(service.policy)
        publish(self, suffix=suffix, layer="backup", values={"plan-id": plan.attr_backup_plan_id})


def _rules(schedule: Schedule, *, suffix: str, copy_to: Sequence[str]) -> list[dict[str, object]]:
    common = {
        "targetBackupVault": names.VAULT.of(suffix=suffix),
        "startWindowMinutes": schedule.start_window_minutes,
        "completionWindowMinutes": schedule.completion_window_minutes,
        "recoveryPointTags": {SUFFIX_TAG: suffix},
    }
    copies = [
        {
            "destinationBackupVaultArn": vault,
            "lifecycle": {"deleteAfterDays": schedule.copy_days},
        }
        for vault in copy_to
    ]
    return [
        {
            **common,
            "ruleName": "hourly",
            "scheduleExpression": f"cron(0 0/{schedule.interval_hours} * * ? *)",
            "lifecycle": {"deleteAfterDays": schedule.hourly_days},
            **({"copyActions": copies} if copies else {}),
        },
        {
            # Point-in-time recovery for clusters and buckets; a table, which has its own, gets a daily
            # snapshot.
            **common,
            "ruleName": "continuous",
            "scheduleExpression": "cron(30 3 * * ? *)",
            "enableContinuousBackup": True,
            "lifecycle": {"deleteAfterDays": schedule.continuous_days},
        },
    ]


def _conditions(*, suffix: str, switched_on: bool) -> dict[str, object]:
    """As CloudFormation spells them: CDK passes a mapping here on as it is.

    That a resource without the switch's tag is not equal to ``off`` is IAM's meaning of the operator;
    AWS Backup documents the operator but not this case (check).
    """
    suffix_is = {"ConditionKey": f"aws:ResourceTag/{SUFFIX_TAG}", "ConditionValue": suffix}
    switch = f"aws:ResourceTag/{SWITCH_TAG}"
    if switched_on:
        return {
            "StringEquals": [suffix_is],
            "StringNotEquals": [{"ConditionKey": switch, "ConditionValue": SWITCH_OFF}],
        }
    return {
        "StringEquals": [suffix_is, {"ConditionKey": switch, "ConditionValue": SWITCH_ON}],
    }
