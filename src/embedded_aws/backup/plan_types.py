"""``AWS::Backup::BackupPlan`` and ``AWS::Backup::BackupSelection``.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-backup-backupplan.html
"""

from __future__ import annotations

from typing import Any

from ..resource_types.context import Made, Properties, here, known
from .tagging import retag

_OTHERWISE = {"BackupPlanRule": "Rules", "TargetBackupVault": "TargetBackupVaultName"}
_NUMBERS = (
    "CompletionWindowMinutes",
    "DeleteAfterDays",
    "MoveToColdStorageAfterDays",
    "StartWindowMinutes",
)
_TAG_MAPS = ("RecoveryPointTags", "BackupOptions")


class Plan:
    """A plan with its rules."""

    TYPE = "AWS::Backup::BackupPlan"
    TAGS = "BackupPlanTags"
    TAG_MAP = True
    _PROPERTIES = ("BackupPlan", "BackupPlanTags")

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Made:
        """Create it."""
        known(properties, self._PROPERTIES)
        tags = {self.TAGS: properties[self.TAGS]} if self.TAGS in properties else {}
        made = here("backup").create_backup_plan(
            BackupPlan=_spelt(properties["BackupPlan"]), **tags
        )
        return _made(made)

    def update(
        self, physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Made:
        """Another version of the same plan."""
        known(new, self._PROPERTIES)
        backup = here("backup")
        if old["BackupPlan"] == new["BackupPlan"]:
            made = backup.get_backup_plan(BackupPlanId=physical_id)
        else:
            made = backup.update_backup_plan(
                BackupPlanId=physical_id, BackupPlan=_spelt(new["BackupPlan"])
            )
        retag(backup, made["BackupPlanArn"], old.get(self.TAGS, {}), new.get(self.TAGS, {}))
        return _made(made)

    def delete(self, physical_id: str, properties: dict[str, Any]) -> None:
        """Delete it, unless it has selections."""
        backup = here("backup")
        try:
            backup.delete_backup_plan(BackupPlanId=physical_id)
        except backup.exceptions.ResourceNotFoundException:
            return


class Selection:
    """What a plan takes; nothing of it can be changed, so a change is another selection."""

    TYPE = "AWS::Backup::BackupSelection"
    TAGS = ""
    TAG_MAP = False
    _PROPERTIES = ("BackupPlanId", "BackupSelection")

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Made:
        """Create it."""
        known(properties, self._PROPERTIES)
        plan = properties["BackupPlanId"]
        made = here("backup").create_backup_selection(
            BackupPlanId=plan, BackupSelection=properties["BackupSelection"]
        )
        return _made_selection(made["SelectionId"], plan)

    def update(
        self, physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Made:
        """Make it anew, unless it is what an update that failed has left as it was."""
        selection, _, plan = physical_id.partition("_")
        found = here("backup").get_backup_selection(BackupPlanId=plan, SelectionId=selection)
        if (plan, found["BackupSelection"]) == (new["BackupPlanId"], new["BackupSelection"]):
            return _made_selection(selection, plan)
        return self.create(logical_id, new, stack_name)

    def delete(self, physical_id: str, properties: dict[str, Any]) -> None:
        """Delete it."""
        selection, _, plan = physical_id.partition("_")
        backup = here("backup")
        try:
            backup.delete_backup_selection(BackupPlanId=plan, SelectionId=selection)
        except backup.exceptions.ResourceNotFoundException:
            return


def _spelt(value: Any) -> Any:
    """A template's plan as the API spells it."""
    if isinstance(value, list):
        return [_spelt(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        _OTHERWISE.get(name, name): (
            each if name in _TAG_MAPS else int(each) if name in _NUMBERS else _spelt(each)
        )
        for name, each in value.items()
    }


def _made(plan: dict[str, Any]) -> Made:
    names = ("BackupPlanArn", "BackupPlanId", "VersionId")
    return plan["BackupPlanId"], {name: plan[name] for name in names}


def _made_selection(selection: str, plan: str) -> Made:
    physical_id = f"{selection}_{plan}"
    return physical_id, {"BackupPlanId": plan, "Id": physical_id, "SelectionId": selection}


TYPES = (Plan(), Selection())
