"""``AWS::Backup::RestoreTestingPlan`` and ``AWS::Backup::RestoreTestingSelection``.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-backup-restoretestingplan.html
"""

from __future__ import annotations

from typing import Any

from ..resource_types.context import Made, Properties, here, known, refuse_replacement, tags
from .tagging import retag

_PLAN, _SELECTION = "RestoreTestingPlanName", "RestoreTestingSelectionName"


class RestorePlan:
    """When which recovery points are restored for a test."""

    TYPE = "AWS::Backup::RestoreTestingPlan"
    TAGS = "Tags"
    TAG_MAP = False
    _SETTINGS = (
        "RecoveryPointSelection",
        "ScheduleExpression",
        "ScheduleExpressionTimezone",
        "StartWindowHours",
    )

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Made:
        """Create it."""
        known(properties, (*self._SETTINGS, _PLAN, "Tags"))
        name = properties[_PLAN]
        made = here("backup").create_restore_testing_plan(
            RestoreTestingPlan={_PLAN: name, **_given(properties, self._SETTINGS)},
            Tags=_mapped(properties),
        )
        return _made_plan(made)

    def update(
        self, physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Made:
        """Change it in place; another name is another plan."""
        known(new, (*self._SETTINGS, _PLAN, "Tags"))
        if new[_PLAN] != physical_id:
            return self.create(logical_id, new, stack_name)
        backup = here("backup")
        made = backup.update_restore_testing_plan(
            RestoreTestingPlanName=physical_id,
            RestoreTestingPlan={**_defaults(old), **_given(new, self._SETTINGS)},
        )
        retag(backup, made["RestoreTestingPlanArn"], _mapped(old), _mapped(new))
        return _made_plan(made)

    def delete(self, physical_id: str, properties: dict[str, Any]) -> None:
        """Delete it, unless it has selections."""
        backup = here("backup")
        try:
            backup.get_restore_testing_plan(RestoreTestingPlanName=physical_id)
        except backup.exceptions.ResourceNotFoundException:
            return
        backup.delete_restore_testing_plan(RestoreTestingPlanName=physical_id)


class RestoreSelection:
    """Which resources' points a plan restores, and how."""

    TYPE = "AWS::Backup::RestoreTestingSelection"
    TAGS = ""
    TAG_MAP = False
    _FIXED = (_PLAN, _SELECTION, "ProtectedResourceType")
    _SETTINGS = (
        "IamRoleArn",
        "ProtectedResourceArns",
        "ProtectedResourceConditions",
        "RestoreMetadataOverrides",
        "ValidationWindowHours",
    )

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Made:
        """Create it."""
        known(properties, (*self._SETTINGS, *self._FIXED))
        plan, name = properties[_PLAN], properties[_SELECTION]
        here("backup").create_restore_testing_selection(
            RestoreTestingPlanName=plan,
            RestoreTestingSelection={
                _SELECTION: name,
                "ProtectedResourceType": properties["ProtectedResourceType"],
                **_given(properties, self._SETTINGS),
            },
        )
        return f"{plan}|{name}", {}

    def update(
        self, physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Made:
        """Change it in place; of another name, or of another plan, it is another selection."""
        known(new, (*self._SETTINGS, *self._FIXED))
        names = {_PLAN: new[_PLAN], _SELECTION: new[_SELECTION]}
        if "|".join(names.values()) != physical_id:
            return self.create(logical_id, new, stack_name)
        backup = here("backup")
        found = backup.get_restore_testing_selection(**names)["RestoreTestingSelection"]
        if found["ProtectedResourceType"] != new["ProtectedResourceType"]:
            refuse_replacement(self.TYPE, physical_id)
        backup.update_restore_testing_selection(
            **names,
            RestoreTestingSelection={**_emptied(old), **_given(new, self._SETTINGS)},
        )
        return physical_id, {}

    def delete(self, physical_id: str, properties: dict[str, Any]) -> None:
        """Delete it."""
        plan, _, name = physical_id.partition("|")
        backup = here("backup")
        try:
            backup.delete_restore_testing_selection(
                RestoreTestingPlanName=plan, RestoreTestingSelectionName=name
            )
        except backup.exceptions.ResourceNotFoundException:
            return


def _given(properties: Properties, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: properties[name] for name in names if name in properties}


def _defaults(old: Properties) -> dict[str, Any]:
    """What a plan goes back to where its template no longer says it."""
    values = {"ScheduleExpressionTimezone": "Etc/UTC", "StartWindowHours": 24}
    return {name: value for name, value in values.items() if name in old}


def _emptied(old: Properties) -> dict[str, Any]:
    """What a selection goes back to where its template no longer says it."""
    values = {
        "ProtectedResourceArns": [],
        "ProtectedResourceConditions": {},
        "RestoreMetadataOverrides": {},
        "ValidationWindowHours": 0,
    }
    return {name: value for name, value in values.items() if name in old}


def _mapped(properties: Properties) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags(properties)}


def _made_plan(plan: dict[str, Any]) -> Made:
    name = plan[_PLAN]
    return name, {"RestoreTestingPlanArn": plan["RestoreTestingPlanArn"], _PLAN: name}


TYPES = (RestorePlan(), RestoreSelection())
