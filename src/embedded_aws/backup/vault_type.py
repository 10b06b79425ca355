"""``AWS::Backup::BackupVault``: a vault with its key, its lock and its policy.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-backup-backupvault.html
"""

from __future__ import annotations

import json
from typing import Any

from ..resource_types.context import Made, Properties, here, known, refuse_replacement
from .tagging import retag

_PROPERTIES = (
    "AccessPolicy",
    "BackupVaultName",
    "BackupVaultTags",
    "EncryptionKeyArn",
    "LockConfiguration",
)


class Vault:
    """The type; whatever is set on a vault is set again on an update, or taken away."""

    TYPE = "AWS::Backup::BackupVault"
    TAGS = "BackupVaultTags"
    TAG_MAP = True

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Made:
        """Create it; one whose lock or policy is refused does not stay behind."""
        known(properties, _PROPERTIES)
        backup, name = here("backup"), properties["BackupVaultName"]
        given = {
            each: properties[each]
            for each in ("BackupVaultTags", "EncryptionKeyArn")
            if each in properties
        }
        made = backup.create_backup_vault(BackupVaultName=name, **given)
        try:
            _configure(backup, name, {}, properties)
        except Exception:
            backup.delete_backup_vault(BackupVaultName=name)
            raise
        return _made(name, made["BackupVaultArn"])

    def update(
        self, physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Made:
        """Another name is another vault; the key of a vault stays."""
        known(new, _PROPERTIES)
        if new["BackupVaultName"] != physical_id:
            return self.create(logical_id, new, stack_name)
        backup = here("backup")
        vault = backup.describe_backup_vault(BackupVaultName=physical_id)
        if new.get("EncryptionKeyArn") != vault["EncryptionKeyArn"]:
            refuse_replacement(self.TYPE, physical_id)
        _configure(backup, physical_id, old, new)
        retag(backup, vault["BackupVaultArn"], old.get(self.TAGS, {}), new.get(self.TAGS, {}))
        return _made(physical_id, vault["BackupVaultArn"])

    def delete(self, physical_id: str, properties: dict[str, Any]) -> None:
        """Delete it, unless it holds recovery points."""
        backup = here("backup")
        try:
            backup.delete_backup_vault(BackupVaultName=physical_id)
        except backup.exceptions.ResourceNotFoundException:
            return


def _configure(backup: Any, name: str, old: Properties, new: Properties) -> None:
    policy = "AccessPolicy"
    if new.get(policy):
        text = new[policy] if isinstance(new[policy], str) else json.dumps(new[policy])
        backup.put_backup_vault_access_policy(BackupVaultName=name, Policy=text)
    elif old.get(policy):
        backup.delete_backup_vault_access_policy(BackupVaultName=name)
    _lock(backup, name, old.get("LockConfiguration") or {}, new.get("LockConfiguration") or {})


def _lock(backup: Any, name: str, old: Properties, new: Properties) -> None:
    """Lock the vault, unless it is locked so: to do it again would begin its days of grace again."""
    vault = backup.describe_backup_vault(BackupVaultName=name)
    days = "ChangeableForDays"
    regraced = days in old and days in new and old[days] != new[days]
    retention = {each: vault.get(each) for each in ("MinRetentionDays", "MaxRetentionDays")}
    as_wanted = retention == {each: new.get(each) for each in retention}
    if as_wanted and ("LockDate" in vault) == (days in new) and not regraced:
        return
    if new:
        backup.put_backup_vault_lock_configuration(BackupVaultName=name, **new)
    else:
        backup.delete_backup_vault_lock_configuration(BackupVaultName=name)


def _made(name: str, arn: str) -> Made:
    return name, {"BackupVaultArn": arn, "BackupVaultName": name}
