"""Custom::DrDeleteGuard over vaults of the embedded AWS: a lock holds a purge, which is then repeated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import delete_guard
import pytest

from ..conftest import STANDBY, WRITER
from .conftest import Context, Stack
from .test_peer_undo import api, back_up

__all__ = ["api"]  # a fixture

REGIONS = (WRITER, STANDBY)


@pytest.fixture
def event(api: Callable[..., Any], stack: Stack, suffix: str) -> dict[str, Any]:
    """A Delete of a launch that purges; of its data only the vaults are there, two points in each."""
    properties = {
        "Suffix": suffix,
        "LaunchRegion": WRITER,
        "PeerRegion": STANDBY,
        "ProtectionParameter": f"/dr/{suffix}/guard/deletion-protection",
        "OnTermination": "purge",
        "LaunchBucket": f"dr-{suffix}-none-here",
        "PeerBucket": f"dr-{suffix}-none-there",
        "TableName": f"dr-{suffix}-none",
        "KeyId": "mrk-00000000000000000000000000000000",
        "Vault": f"dr-vault-{suffix}",
    }
    api("ssm", WRITER).put_parameter(
        Name=properties["ProtectionParameter"], Value="false", Type="String"
    )
    for region in REGIONS:
        key = api("kms", region).create_key()["KeyMetadata"]["Arn"]
        for vault in (properties["Vault"], f"other-{suffix}"):
            api("backup", region).create_backup_vault(BackupVaultName=vault, EncryptionKeyArn=key)
            for days in (7, 35):
                back_up(api, region, vault, days)
    return stack.event(
        "Delete", ResourceProperties=properties, PhysicalResourceId=f"dr-delete-guard-{suffix}"
    )


def points(api: Callable[..., Any], vault: str) -> dict[str, int | None]:
    """How many recovery points each region's vault holds; None without a vault."""
    found: dict[str, int | None] = {}
    for region in REGIONS:
        backup = api("backup", region)
        vaults = {
            each["BackupVaultName"] for each in backup.list_backup_vaults()["BackupVaultList"]
        }
        found[region] = (
            len(
                backup.list_recovery_points_by_backup_vault(BackupVaultName=vault)["RecoveryPoints"]
            )
            if vault in vaults
            else None
        )
    return found


def test_a_lock_in_one_region_holds_the_purge_until_it_is_off(
    event: dict[str, Any],
    api: Callable[..., Any],
    stack: Stack,
    no_pauses: list[float],
) -> None:
    properties = event["ResourceProperties"]
    vault, other = properties["Vault"], f"other-{properties['Suffix']}"
    assert points(api, vault) == {WRITER: 2, STANDBY: 2}
    peer = api("backup", STANDBY)
    peer.put_backup_vault_lock_configuration(BackupVaultName=vault, MinRetentionDays=7)

    for _ in range(2):  # repeated under the lock it is refused again, and the rest stays gone
        delete_guard.handler(event, Context(900))
        answer = stack.answer()
        assert answer["Status"] == "FAILED"
        assert f"2 recovery points of vault {vault} in {STANDBY}" in answer["Reason"]
        assert "InvalidRequestException: The recovery point" in answer["Reason"]
        assert "the last of which expires on" in answer["Reason"]
        assert "repeat the deletion" in answer["Reason"]
        assert f"in {WRITER}" not in answer["Reason"]
        held = points(api, vault)
        assert held[STANDBY] == 2
        assert not held[WRITER]  # emptied, though the vault may still be there

    peer.delete_backup_vault_lock_configuration(BackupVaultName=vault)
    for _ in range(2):  # and once all is gone there is nothing to do
        delete_guard.handler(event, Context(900))
        answer = stack.answer()
        assert (answer["Status"], answer["Reason"]) == ("SUCCESS", "")
        assert points(api, vault) == {WRITER: None, STANDBY: None}
    assert points(api, other) == {WRITER: 2, STANDBY: 2}  # no one else's are touched


@pytest.mark.parametrize("without", ["Vault", "purge"])
def test_vaults_stay_where_no_one_asks_for_their_purge(
    event: dict[str, Any],
    api: Callable[..., Any],
    stack: Stack,
    no_pauses: list[float],
    without: str,
) -> None:
    vault = event["ResourceProperties"]["Vault"]
    if without == "Vault":
        del event["ResourceProperties"]["Vault"]
    else:
        event["ResourceProperties"]["OnTermination"] = "retain"
    delete_guard.handler(event, Context(900))
    assert stack.answer()["Status"] == "SUCCESS"
    assert points(api, vault) == {WRITER: 2, STANDBY: 2}
