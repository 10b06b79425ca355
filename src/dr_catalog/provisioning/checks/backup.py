"""Vault, plan and restore test, asked of AWS Backup."""

from __future__ import annotations

from collections.abc import Iterator

from ... import names
from .copies import rebuildable
from .model import Check, Launch, check

HOURLY = "cron(0 0/1 * * ? *)"
KINDS = ("dynamodb", "rds", "s3")
SWITCH = "aws:ResourceTag/dr:backup"


def backup(launch: Launch, region: str) -> Iterator[Check]:
    """The vault; the plan, which in the peer waits for its turn; the peer's restore test."""
    service, told = launch.client("backup", region), launch.told("backup", region)
    vault = service.describe_backup_vault(BackupVaultName=told["vault-name"])
    yield check(
        "backup",
        vault["BackupVaultName"],
        region,
        {"customer key": vault["EncryptionKeyArn"] == launch.key_arn(region)},
    )
    if region == launch.peer_region and launch.has_copies_alone:
        yield rebuildable(launch, region)
        yield from _tested(launch, region)
        return
    plan = service.get_backup_plan(BackupPlanId=told["plan-id"])["BackupPlan"]
    hourly = next(each for each in plan["Rules"] if each["RuleName"] == "hourly")
    copies = [each["DestinationBackupVaultArn"] for each in hourly.get("CopyActions", ())]
    (listed,) = service.list_backup_selections(BackupPlanId=told["plan-id"])["BackupSelectionsList"]
    selection = service.get_backup_selection(
        BackupPlanId=told["plan-id"], SelectionId=listed["SelectionId"]
    )["BackupSelection"]
    conditions = selection["Conditions"]
    switched = {each["ConditionKey"]: each["ConditionValue"] for each in conditions["StringEquals"]}
    waits = switched.get(SWITCH) == "on"
    there = launch.told("backup", launch.other(region))["vault-arn"]
    yield check(
        "backup",
        plan["BackupPlanName"],
        region,
        {
            "hourly": hourly["ScheduleExpression"] == HOURLY,
            f"copies to {launch.other(region)}": copies == [there],
            "takes what is tagged": switched.get("aws:ResourceTag/dr:suffix") == launch.suffix,
            ", ".join(KINDS): [each.split(":")[2] for each in selection["Resources"]] == [*KINDS],
            "works" if region == launch.region else "waits for its turn": waits
            is (region != launch.region),
        },
    )
    if region == launch.region:
        return
    yield from _tested(launch, region)


def _tested(launch: Launch, region: str) -> Iterator[Check]:
    """What the peer restores each week; of copies alone only the table's, and only since some version."""
    service = launch.client("backup", region)
    wanted = ["DynamoDB"] if launch.has_copies_alone else ["Aurora", "DynamoDB"]
    name = names.RESTORE_TEST.of(suffix=launch.suffix.replace("-", "_"))
    plans = service.list_restore_testing_plans()["RestoreTestingPlans"]
    if launch.has_copies_alone and name not in [each["RestoreTestingPlanName"] for each in plans]:
        return
    tested = service.list_restore_testing_selections(RestoreTestingPlanName=name)[
        "RestoreTestingSelections"
    ]
    kinds = sorted(each["ProtectedResourceType"] for each in tested)
    yield check("backup", name, region, {f"restores {', '.join(kinds)}": kinds == wanted})
