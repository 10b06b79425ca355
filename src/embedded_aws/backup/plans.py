"""Plans and what they select. They are kept and read back: no schedule fires here.

See https://docs.aws.amazon.com/aws-backup/latest/devguide/about-backup-plans.html
"""

from __future__ import annotations

import copy
from typing import Any

from . import checks, listing, state, vaults
from .errors import conflicting, invalid, not_found, refuse_others
from .state import Answer, Params, Record

_PLAN = ("AdvancedBackupSettings", "BackupPlanName", "Rules")
_RULE = (
    "CompletionWindowMinutes",
    "CopyActions",
    "EnableContinuousBackup",
    "Lifecycle",
    "RecoveryPointTags",
    "RuleName",
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "StartWindowMinutes",
    "TargetBackupVaultName",
)
_DEFAULTS = {
    "CompletionWindowMinutes": 10080,
    "EnableContinuousBackup": False,
    "ScheduleExpression": "cron(0 5 ? * * *)",
    "ScheduleExpressionTimezone": "Etc/UTC",
    "StartWindowMinutes": 480,
}
_NAME = r"[a-zA-Z0-9\-_.]{1,50}"
_CONTINUOUS_DAYS = 35


def find(plan_id: str) -> Record:
    """A plan of this account and region.

    Raises:
        RefusedError: There is none of this id.
    """
    record: Record | None = state.plans.get(plan_id)
    if record is None:
        raise not_found(f"Failed reading Backup plan with provided planId {plan_id}")
    return record


def _create(params: Params) -> Answer:
    plan = _checked(params["BackupPlan"])
    for other in state.plans.values():
        if other["Given"] == params["BackupPlan"]:
            raise checks.exists_already(
                "Backup plan with the same plan document", other["BackupPlanArn"]
            )
    plan_id = state.new_id()
    state.plans[plan_id] = {
        "BackupPlanId": plan_id,
        "BackupPlanArn": state.arn("backup-plan", plan_id),
        "BackupPlanName": plan["BackupPlanName"],
        "CreationDate": state.now(),
        "CreatorRequestId": params.get("CreatorRequestId"),
        "VersionId": state.new_id(),
        "BackupPlan": plan,
        "Given": params["BackupPlan"],
        "Tags": dict(params.get("BackupPlanTags", {})),
    }
    return _answered(state.plans[plan_id])


def _update(params: Params) -> Answer:
    record = find(params["BackupPlanId"])
    plan = _checked(params["BackupPlan"])
    record |= {
        "BackupPlan": plan,
        "BackupPlanName": plan["BackupPlanName"],
        "Given": params["BackupPlan"],
        "VersionId": state.new_id(),
    }
    return _answered(record)


def _answered(record: Record) -> Answer:
    return {**record, "AdvancedBackupSettings": record["BackupPlan"].get("AdvancedBackupSettings")}


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    """The plan as it is read back, with what AWS Backup adds."""
    plan = copy.deepcopy(given)
    refuse_others(plan, _PLAN)
    checks.name(plan["BackupPlanName"], _NAME, "backup plan name")
    if not plan["Rules"]:
        raise invalid("A backup plan needs a rule")
    plan["Rules"] = [_checked_rule(rule) for rule in plan["Rules"]]
    names = [rule["RuleName"] for rule in plan["Rules"]]
    if len(set(names)) < len(names):
        raise invalid("Two rules of a backup plan can't have the same name")
    return plan


def _checked_rule(rule: dict[str, Any]) -> dict[str, Any]:
    refuse_others(rule, (*_RULE, "RuleId"))
    checks.name(rule["RuleName"], _NAME, "rule name")
    vaults.find(rule["TargetBackupVaultName"])
    whole = {**_DEFAULTS, **rule, "RuleId": state.new_id()}
    checks.schedule(whole["ScheduleExpression"])
    checks.windows(whole["StartWindowMinutes"], whole["CompletionWindowMinutes"])
    days = checks.lifecycle(rule.get("Lifecycle")).get("DeleteAfterDays")
    if whole["EnableContinuousBackup"] and (days is None or days > _CONTINUOUS_DAYS):
        raise invalid(
            f"Continuous backups are kept for 1 to {_CONTINUOUS_DAYS} days: {rule['RuleName']}"
        )
    for action in rule.get("CopyActions", []):
        if ":backup-vault:" not in action["DestinationBackupVaultArn"]:
            raise invalid(f"Invalid ARN of a backup vault: {action['DestinationBackupVaultArn']}")
        checks.lifecycle(action.get("Lifecycle"))
    return whole


def _get(params: Params) -> Answer:
    refuse_others(params, ("BackupPlanId",))
    return _answered(find(params["BackupPlanId"]))


def _delete(params: Params) -> Answer:
    record = find(params["BackupPlanId"])
    if any(_selected(record["BackupPlanId"])):
        raise conflicting(
            "Related backup plan selections must be deleted prior to backup plan deletion"
        )
    del state.plans[record["BackupPlanId"]]
    return {**record, "DeletionDate": state.now()}


def _list(params: Params) -> Answer:
    return listing.page("BackupPlansList", map(_answered, state.plans.values()), params)


def _selected(plan_id: str) -> list[Record]:
    return [each for each in state.selections.values() if each["BackupPlanId"] == plan_id]


def _create_selection(params: Params) -> Answer:
    plan = find(params["BackupPlanId"])
    selection = params["BackupSelection"]
    checks.name(selection["SelectionName"], r"[a-zA-Z0-9\-_.]{1,50}", "selection name")
    if not selection.get("ListOfTags") and not selection.get("Resources"):
        raise invalid(
            "Invalid backup selection. Either 'ListOfTags' or 'Resources' section must be non-empty."
        )
    role = checks.role(selection["IamRoleArn"])
    by_tags = selection.get("ListOfTags") or any(selection.get("Conditions", {}).values())
    if by_tags and not checks.allowed(role, "tag:GetResources", "*"):
        raise invalid(f"IAM Role {role['Arn']} is not authorized to call tag:GetResources")
    selection_id = state.new_id()
    state.selections[selection_id] = {
        "SelectionId": selection_id,
        "SelectionName": selection["SelectionName"],
        "BackupPlanId": plan["BackupPlanId"],
        "BackupSelection": selection,
        "IamRoleArn": selection["IamRoleArn"],
        "CreationDate": state.now(),
        "CreatorRequestId": params.get("CreatorRequestId"),
    }
    return dict(state.selections[selection_id])


def _get_selection(params: Params) -> Answer:
    find(params["BackupPlanId"])
    record: Record | None = state.selections.get(params["SelectionId"])
    if record is None or record["BackupPlanId"] != params["BackupPlanId"]:
        raise not_found(f"Cannot find backup selection {params['SelectionId']}")
    return record


def _delete_selection(params: Params) -> Answer:
    del state.selections[_get_selection(params)["SelectionId"]]
    return {}


def _list_selections(params: Params) -> Answer:
    found = _selected(find(params["BackupPlanId"])["BackupPlanId"])
    return listing.page("BackupSelectionsList", found, params, known=("BackupPlanId",))


OPERATIONS = {
    "CreateBackupPlan": _create,
    "CreateBackupSelection": _create_selection,
    "DeleteBackupPlan": _delete,
    "DeleteBackupSelection": _delete_selection,
    "GetBackupPlan": _get,
    "GetBackupSelection": _get_selection,
    "ListBackupPlans": _list,
    "ListBackupSelections": _list_selections,
    "UpdateBackupPlan": _update,
}
