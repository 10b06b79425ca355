"""Restore testing plans and what they restore. They are kept and read back: nothing is restored.

See https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing.html
"""

from __future__ import annotations

from typing import Any

from . import checks, listing, state
from .errors import conflicting, invalid, not_found
from .state import Answer, Params, Record

_NAME = r"[a-zA-Z0-9_]{1,50}"
_TYPES = (
    "Aurora",
    "DocumentDB",
    "DynamoDB",
    "EBS",
    "EC2",
    "EFS",
    "FSx",
    "Neptune",
    "RDS",
    "S3",
)
_ALGORITHMS = ("LATEST_WITHIN_WINDOW", "RANDOM_WITHIN_WINDOW")
_POINTS = ("CONTINUOUS", "SNAPSHOT")
_HOURS = 168
_ARNS = 30


def _plan(name: str) -> Record:
    record: Record | None = state.restore_plans.get(name)
    if record is None:
        raise not_found(f"Restore testing plan {name} does not exist")
    return record


def _create(params: Params) -> Answer:
    given = params["RestoreTestingPlan"]
    name = given["RestoreTestingPlanName"]
    checks.name(name, _NAME, "restore testing plan name")
    if name in state.restore_plans:
        raise checks.exists_already(
            "Restore testing plan with the same name",
            state.restore_plans[name]["RestoreTestingPlanArn"],
        )
    date = state.now()
    state.restore_plans[name] = {
        **_checked(given),
        "CreationTime": date,
        "CreatorRequestId": params.get("CreatorRequestId"),
        "LastUpdateTime": date,
        "RestoreTestingPlanArn": state.arn("restore-testing-plan", f"{name}-{state.new_id()}"),
        "RestoreTestingPlanName": name,
        "Tags": dict(params.get("Tags", {})),
    }
    return dict(state.restore_plans[name])


def _update(params: Params) -> Answer:
    record = _plan(params["RestoreTestingPlanName"])
    record |= _checked({**record, **params["RestoreTestingPlan"]})
    record["LastUpdateTime"] = state.now()
    return {**record, "UpdateTime": record["LastUpdateTime"]}


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    """What a plan says, with what AWS Backup adds."""
    chosen = given["RecoveryPointSelection"]
    if chosen.get("Algorithm") not in _ALGORITHMS:
        raise invalid(f"Algorithm must be one of {', '.join(_ALGORITHMS)}")
    if not chosen.get("IncludeVaults"):
        raise invalid("IncludeVaults must name a vault, or be a wildcard")
    for vault in (*chosen["IncludeVaults"], *chosen.get("ExcludeVaults", [])):
        if vault != "*" and ":backup-vault:" not in vault:
            raise invalid(f"Invalid ARN of a backup vault: {vault}")
    if not chosen.get("RecoveryPointTypes") or set(chosen["RecoveryPointTypes"]) - set(_POINTS):
        raise invalid(f"RecoveryPointTypes must be of {', '.join(_POINTS)}")
    if not 1 <= chosen.get("SelectionWindowDays", 30) <= 365:
        raise invalid("SelectionWindowDays must be between 1 and 365")
    if not 1 <= given.get("StartWindowHours", 24) <= _HOURS:
        raise invalid(f"StartWindowHours must be between 1 and {_HOURS}")
    checks.schedule(given["ScheduleExpression"])
    return {
        "RecoveryPointSelection": {"ExcludeVaults": [], "SelectionWindowDays": 30, **chosen},
        "ScheduleExpression": given["ScheduleExpression"],
        "ScheduleExpressionTimezone": given.get("ScheduleExpressionTimezone", "Etc/UTC"),
        "StartWindowHours": given.get("StartWindowHours", 24),
    }


def _get(params: Params) -> Answer:
    return {"RestoreTestingPlan": _plan(params["RestoreTestingPlanName"])}


def _delete(params: Params) -> Answer:
    record = state.restore_plans.get(params["RestoreTestingPlanName"])
    if record is None:
        raise conflicting(f"No restore testing plan {params['RestoreTestingPlanName']}")
    if _selected(record["RestoreTestingPlanName"]):
        raise conflicting(
            "Restore testing selections must be deleted prior to the restore testing plan"
        )
    del state.restore_plans[record["RestoreTestingPlanName"]]
    return {}


def _list(params: Params) -> Answer:
    return listing.page("RestoreTestingPlans", state.restore_plans.values(), params)


def _selected(plan: str) -> list[Record]:
    return [
        each for each in state.restore_selections.values() if each["RestoreTestingPlanName"] == plan
    ]


def _create_selection(params: Params) -> Answer:
    plan = _plan(params["RestoreTestingPlanName"])
    given = params["RestoreTestingSelection"]
    name = given["RestoreTestingSelectionName"]
    checks.name(name, _NAME, "restore testing selection name")
    key = f"{plan['RestoreTestingPlanName']}/{name}"
    if key in state.restore_selections:
        raise checks.exists_already(
            "Restore testing selection with the same name", plan["RestoreTestingPlanArn"]
        )
    if given["ProtectedResourceType"] not in _TYPES:
        raise invalid(f"ProtectedResourceType must be one of {', '.join(_TYPES)}")
    state.restore_selections[key] = {
        **_checked_selection(given),
        "CreationTime": state.now(),
        "CreatorRequestId": params.get("CreatorRequestId"),
        "RestoreTestingPlanName": plan["RestoreTestingPlanName"],
    }
    return {**plan, **state.restore_selections[key]}


def _update_selection(params: Params) -> Answer:
    record = _selection(params)
    record |= _checked_selection({**record, **params["RestoreTestingSelection"]})
    return {**_plan(record["RestoreTestingPlanName"]), **record, "UpdateTime": state.now()}


def _checked_selection(given: dict[str, Any]) -> dict[str, Any]:
    arns = given.get("ProtectedResourceArns", [])
    if not arns and not any(given.get("ProtectedResourceConditions", {}).values()):
        raise invalid("Give ProtectedResourceArns or ProtectedResourceConditions")
    if "*" in arns and len(arns) > 1:
        raise invalid("ProtectedResourceArns are ARNs or a wildcard, but not both")
    if len(arns) > _ARNS:
        raise invalid(f"ProtectedResourceArns can be {_ARNS} at most")
    if not 0 <= given.get("ValidationWindowHours", 0) <= _HOURS:
        raise invalid(f"ValidationWindowHours must be between 0 and {_HOURS}")
    checks.role(given["IamRoleArn"])
    return given


def _selection(params: Params) -> Record:
    plan = _plan(params["RestoreTestingPlanName"])["RestoreTestingPlanName"]
    name = params["RestoreTestingSelectionName"]
    record: Record | None = state.restore_selections.get(f"{plan}/{name}")
    if record is None:
        raise not_found(f"Restore testing selection {name} of {plan} does not exist")
    return record


def _get_selection(params: Params) -> Answer:
    return {"RestoreTestingSelection": _selection(params)}


def _delete_selection(params: Params) -> Answer:
    record = _selection(params)
    key = f"{record['RestoreTestingPlanName']}/{record['RestoreTestingSelectionName']}"
    del state.restore_selections[key]
    return {}


def _list_selections(params: Params) -> Answer:
    found = _selected(_plan(params["RestoreTestingPlanName"])["RestoreTestingPlanName"])
    return listing.page(
        "RestoreTestingSelections", found, params, known=("RestoreTestingPlanName",)
    )


OPERATIONS = {
    "CreateRestoreTestingPlan": _create,
    "CreateRestoreTestingSelection": _create_selection,
    "DeleteRestoreTestingPlan": _delete,
    "DeleteRestoreTestingSelection": _delete_selection,
    "GetRestoreTestingPlan": _get,
    "GetRestoreTestingSelection": _get_selection,
    "ListRestoreTestingPlans": _list,
    "ListRestoreTestingSelections": _list_selections,
    "UpdateRestoreTestingPlan": _update,
    "UpdateRestoreTestingSelection": _update_selection,
}
