"""Recovery points: what a job leaves in a vault."""

from __future__ import annotations

from typing import Any

from ministack.core.responses import get_account_id, get_region

from . import checks, contents, listing, sources, state, told, vaults
from .errors import conflicting, invalid, not_found, refuse_others
from .state import Answer, Params, Record

_DAY = 86400
_CONTINUOUS = ":recovery-point:continuous:"
_FILTERS = {
    "ByResourceArn": "ResourceArn",
    "ByResourceType": "ResourceType",
    **listing.CREATED,
}


def arn(kind: str, job_id: str, *, copy: bool = False) -> str:
    """What a recovery point made in this account and region is called.

    Args:
        kind: The type of its resource: an Aurora point is a snapshot of RDS.
        job_id: The job that makes it.
        copy: It is a copy.
    """
    if kind == sources.AURORA:
        name = f"awsbackup:{'copyjob' if copy else 'job'}-{job_id}"
        return f"arn:aws:rds:{get_region()}:{get_account_id()}:cluster-snapshot:{name}"
    return state.arn("recovery-point", job_id)


def keep(record: Record, lifecycle: dict[str, Any], *, vault: Record) -> Record:
    """Put a recovery point into a vault of this account and region, and tell of it.

    Args:
        record: Its ARN, its resource, its key, its role and its tags.
        lifecycle: How long it is kept.
        vault: The vault.
    """
    date = state.now()
    point = {
        **record,
        "BackupVaultArn": vault["BackupVaultArn"],
        "BackupVaultName": vault["BackupVaultName"],
        "CalculatedLifecycle": _calculated(lifecycle, date),
        "CompletionDate": date,
        "CreationDate": date,
        "InitiationDate": date,
        "IsParent": False,
        "Lifecycle": lifecycle,
        "Status": "COMPLETED",
        "StorageClass": "WARM",
        "VaultType": "BACKUP_VAULT",
    }
    state.points[point["RecoveryPointArn"]] = point
    told.of_point(point)
    return point


def find(vault_name: str, point_arn: str) -> Record:
    """A recovery point in a vault of this account and region.

    Raises:
        RefusedError: The vault or the point is not there.
    """
    vaults.find(vault_name)
    record: Record | None = state.points.get(point_arn)
    if record is None or record["BackupVaultName"] != vault_name:
        raise not_found(f"Cannot find recovery point {point_arn} in {vault_name}")
    return record


def _calculated(lifecycle: dict[str, Any], created: float) -> dict[str, float]:
    ends = {
        "DeleteAt": "DeleteAfterDays",
        "MoveToColdStorageAt": "MoveToColdStorageAfterDays",
    }
    return {at: created + lifecycle[days] * _DAY for at, days in ends.items() if days in lifecycle}


def _of(params: Params) -> Record:
    return find(params["BackupVaultName"], params["RecoveryPointArn"])


def _describe(params: Params) -> Answer:
    refuse_others(params, ("BackupVaultName", "RecoveryPointArn"))
    return _of(params)


def _list(params: Params) -> Answer:
    name = vaults.find(params["BackupVaultName"])["BackupVaultName"]
    inside = [each for each in state.points.values() if each["BackupVaultName"] == name]
    return listing.page(
        "RecoveryPoints",
        reversed(inside),
        params,
        filters=_FILTERS,
        known=("BackupVaultName",),
    )


def _delete(params: Params) -> Answer:
    point = _of(params)
    _free(point)
    del state.points[point["RecoveryPointArn"]]
    contents.drop(point)
    return {}


def _disassociate(params: Params) -> Answer:
    """The vault lets go of a continuous point; its resource keeps it, which here is nothing."""
    point = _of(params)
    if _CONTINUOUS not in point["RecoveryPointArn"]:
        raise conflicting("Only continuous recovery points can be disassociated")
    _free(point)
    del state.points[point["RecoveryPointArn"]]
    return {}


def _free(point: Record) -> None:
    vault = vaults.find(point["BackupVaultName"])
    if vaults.held_until(vault, point["CreationDate"]) > state.now():
        raise conflicting(
            f"The recovery point {point['RecoveryPointArn']} cannot be deleted: the vault lock of "
            f"{vault['BackupVaultName']} keeps it for {vault['Lock']['MinRetentionDays']} days"
        )


def _update_lifecycle(params: Params) -> Answer:
    point = _of(params)
    lifecycle = checks.lifecycle(params.get("Lifecycle"))
    problem = vaults.retention_problem(vaults.find(point["BackupVaultName"]), lifecycle)
    if problem:
        raise invalid(problem)
    point["Lifecycle"] = lifecycle
    point["CalculatedLifecycle"] = _calculated(lifecycle, point["CreationDate"])
    return point


OPERATIONS = {
    "DeleteRecoveryPoint": _delete,
    "DescribeRecoveryPoint": _describe,
    "DisassociateRecoveryPoint": _disassociate,
    "ListRecoveryPointsByBackupVault": _list,
    "UpdateRecoveryPointLifecycle": _update_lifecycle,
}
