"""Empties and deletes the backup vault of an environment in each of its regions.

Each round looks, begins the deletion of every recovery point that may go, in both regions, and looks
again until the vaults are gone; so a purge that was cut off goes on where it stopped, and a backup
that was still being made is deleted once it is there. A continuous backup of a cluster that still
runs is released: its points in time then go with the cluster.

What AWS Backup does not delete, because a vault lock or a legal hold is on it, ends the purge once
everything else is under way.

See https://docs.aws.amazon.com/aws-backup/latest/devguide/deleting-backups.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError
from deadline import Deadline
from response import Refused, ignoring

GONE = "ResourceNotFoundException"
BUSY = "InvalidResourceStateException"
NOT_EMPTY = "InvalidRequestException"
HELD = ("AccessDeniedException", "InvalidParameterValueException", "InvalidRequestException")
ON_ITS_WAY = ("CREATING", "DELETING")
ADVICE = (
    "A vault lock in compliance mode holds each until it expires, one in governance mode until it is "
    "taken off, a legal hold until it is released: wait for that or end it, then repeat the deletion "
    "to continue."
)
CONTINUOUS = ":continuous:"
"""In the ARN of every continuous recovery point, and in no other."""


def purge_vaults(vault: str, clients: Mapping[str, Any], *, deadline: Deadline) -> None:
    """Delete the vault with all it holds.

    Args:
        vault: The vault's name, the same in every region.
        clients: A Backup client of each region, by the region.
        deadline: When to stop.

    Raises:
        Refused: Something is held, or time is short.
        Unfinished: Time is short.
    """

    def purge() -> bool:
        present = {region: client for region, client in clients.items() if exists(client, vault)}
        held = [_purge(client, vault, region, deadline) for region, client in present.items()]
        if any(held):
            raise Refused(" ".join([*filter(None, held), ADVICE]))
        return bool(present)

    deadline.repeat(purge)


def exists(backup: Any, vault: str) -> bool:
    """Whether there is such a vault.

    Of a vault that is not there AWS says that access is denied, so the list is asked.
    """
    pages = backup.get_paginator("list_backup_vaults").paginate()
    return any(
        each["BackupVaultName"] == vault for page in pages for each in page["BackupVaultList"]
    )


def _purge(backup: Any, vault: str, region: str, deadline: Deadline) -> str:
    """Begin with everything in the vault; what is to be told of points that are held."""
    points = _points(backup, vault)
    held: list[tuple[dict[str, Any], str]] = []
    for point in points:
        deadline.check()
        if point["Status"] not in ON_ITS_WAY and (why := _delete(backup, vault, point)):
            held.append((point, why))
    if not points:
        with ignoring(NOT_EMPTY, GONE):  # one may have come since
            backup.delete_backup_vault(BackupVaultName=vault)
    return _told(vault, region, held) if held else ""


def _points(backup: Any, vault: str) -> list[dict[str, Any]]:
    pages = backup.get_paginator("list_recovery_points_by_backup_vault").paginate(
        BackupVaultName=vault
    )
    return [point for page in pages for point in page["RecoveryPoints"]]


def _delete(backup: Any, vault: str, point: dict[str, Any]) -> str:
    """Begin to delete a recovery point; why it is held, if it is."""
    name = {"BackupVaultName": vault, "RecoveryPointArn": point["RecoveryPointArn"]}
    released = (
        CONTINUOUS in point["RecoveryPointArn"]
        and point["ResourceType"] == "Aurora"
        and point["Status"] != "STOPPED"
    )
    act = backup.disassociate_recovery_point if released else backup.delete_recovery_point
    try:
        with ignoring(BUSY, GONE):
            act(**name)
    except ClientError as error:
        told = error.response["Error"]
        if told["Code"] not in HELD:
            raise
        return f"{told['Code']}: {told['Message']}"
    return ""


def _told(vault: str, region: str, held: list[tuple[dict[str, Any], str]]) -> str:
    ends = [point.get("CalculatedLifecycle", {}).get("DeleteAt") for point, _ in held]
    known = [end for end in ends if end is not None]
    until = f", the last of which expires on {max(known):%Y-%m-%d}" if known else ""
    return (
        f"AWS Backup does not delete {len(held)} recovery points of vault {vault} in {region}{until} "
        f"({held[0][1][:160]})."
    )
