"""Vaults: their key, their lock and their policy.

A lock in governance mode can be taken off at any time; one with ``ChangeableForDays``, which is
compliance mode, until its ``LockDate``. Both hold recovery points to the retention they ask for. The
access policy is kept and read back, and weighed by nobody.

See https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
"""

from __future__ import annotations

import json
from typing import Any

from . import checks, listing, state
from .errors import conflicting, invalid, not_found, refuse_others
from .state import Answer, Params, Record

_DAY = 86400
_GRACE_DAYS = 3
_NAME = r"[a-zA-Z0-9\-_]{2,50}"
_LOCK = ("MinRetentionDays", "MaxRetentionDays")


def find(name: str) -> Record:
    """A vault of this account and region.

    Raises:
        RefusedError: There is none of this name.
    """
    record: Record | None = state.vaults.get(name)
    if record is None:
        raise not_found(f"Failed reading Backup vault with provided name {name}")
    return record


def retention_problem(vault: Record, lifecycle: dict[str, Any]) -> str:
    """Why the vault's lock does not take a recovery point that is kept so long; empty if it does."""
    days = lifecycle.get("DeleteAfterDays")
    low, high = (vault["Lock"].get(name) for name in _LOCK)
    if low is not None and days is not None and days < low:
        return f"The retention of {days} days is below the vault lock's minimum of {low}"
    if high is not None and (days is None or days > high):
        kept = "for ever" if days is None else f"{days} days"
        return f"A retention {kept} is above the vault lock's maximum of {high} days"
    return ""


def held_until(vault: Record, created: float) -> float:
    """When the vault's lock lets go a recovery point of this date; 0 without a lock."""
    days = vault["Lock"].get("MinRetentionDays")
    return created + days * _DAY if days else 0.0


def _create(params: Params) -> Answer:
    name = params["BackupVaultName"]
    checks.name(name, _NAME, "backup vault name")
    arn = state.arn("backup-vault", name)
    if name in state.vaults:
        raise checks.exists_already("Backup vault with the same name", arn)
    record = {
        "BackupVaultName": name,
        "BackupVaultArn": arn,
        "CreationDate": state.now(),
        "CreatorRequestId": params.get("CreatorRequestId"),
        "EncryptionKeyArn": checks.key(params.get("EncryptionKeyArn")),
        "Tags": dict(params.get("BackupVaultTags", {})),
        "Lock": {},
        "Policy": None,
    }
    state.vaults[name] = record
    return record


def _describe(params: Params) -> Answer:
    refuse_others(params, ("BackupVaultName",))
    return _described(find(params["BackupVaultName"]))


def _described(vault: Record) -> Record:
    inside = [
        each
        for each in state.points.values()
        if each["BackupVaultName"] == vault["BackupVaultName"]
    ]
    return {
        **vault,
        **vault["Lock"],
        "EncryptionKeyType": "CUSTOMER_MANAGED_KMS_KEY",
        "Locked": bool(vault["Lock"]),
        "NumberOfRecoveryPoints": len(inside),
        "VaultState": "AVAILABLE",
        "VaultType": "BACKUP_VAULT",
    }


def _delete(params: Params) -> Answer:
    vault = find(params["BackupVaultName"])
    if _described(vault)["NumberOfRecoveryPoints"]:
        raise conflicting("Backup vault cannot be deleted because it contains recovery points.")
    del state.vaults[vault["BackupVaultName"]]
    return {}


def _list(params: Params) -> Answer:
    return listing.page("BackupVaultList", map(_described, state.vaults.values()), params)


def _put_policy(params: Params) -> Answer:
    vault = find(params["BackupVaultName"])
    try:
        document = json.loads(params.get("Policy", ""))
        assert isinstance(document["Statement"], dict | list)
    except (AssertionError, KeyError, TypeError, ValueError):
        raise invalid("The access policy is not a policy document") from None
    vault["Policy"] = params["Policy"]
    return {}


def _get_policy(params: Params) -> Answer:
    vault = find(params["BackupVaultName"])
    if vault["Policy"] is None:
        raise not_found(f"Vault {vault['BackupVaultName']} has no access policy")
    return vault


def _delete_policy(params: Params) -> Answer:
    find(params["BackupVaultName"])["Policy"] = None
    return {}


def _put_lock(params: Params) -> Answer:
    vault = find(params["BackupVaultName"])
    _changeable(vault)
    low, high = (params.get(name) for name in _LOCK)
    grace = params.get("ChangeableForDays")
    if low is None and high is None:
        raise invalid("A vault lock needs MinRetentionDays or MaxRetentionDays")
    for name in _LOCK:
        if name in params and not 1 <= params[name] <= checks.MOST_DAYS:
            raise invalid(f"{name} must be between 1 and {checks.MOST_DAYS}")
    if low is not None and high is not None and low > high:
        raise invalid("MinRetentionDays must not be greater than MaxRetentionDays")
    if grace is not None and not _GRACE_DAYS <= grace <= checks.MOST_DAYS:
        raise invalid(f"ChangeableForDays must be between {_GRACE_DAYS} and {checks.MOST_DAYS}")
    lock = {name: params[name] for name in _LOCK if name in params}
    if grace is not None:
        lock["LockDate"] = state.now() + grace * _DAY
    vault["Lock"] = lock
    return {}


def _delete_lock(params: Params) -> Answer:
    vault = find(params["BackupVaultName"])
    _changeable(vault)
    vault["Lock"] = {}
    return {}


def _changeable(vault: Record) -> None:
    date = vault["Lock"].get("LockDate")
    if date is not None and date <= state.now():
        raise conflicting("The vault lock has been in compliance mode since its LockDate")


OPERATIONS = {
    "CreateBackupVault": _create,
    "DeleteBackupVault": _delete,
    "DeleteBackupVaultAccessPolicy": _delete_policy,
    "DeleteBackupVaultLockConfiguration": _delete_lock,
    "DescribeBackupVault": _describe,
    "GetBackupVaultAccessPolicy": _get_policy,
    "ListBackupVaults": _list,
    "PutBackupVaultAccessPolicy": _put_policy,
    "PutBackupVaultLockConfiguration": _put_lock,
}
