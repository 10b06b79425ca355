"""Vaults are emptied and deleted in both regions; what is held is told, what comes late is awaited."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from deadline import Deadline
from purge_vaults import purge_vaults
from response import REASON_LIMIT, STARTED, Refused

from ..conftest import STANDBY, WRITER
from .conftest import Context

VAULT = "dr-vault-dev"
SNAPSHOT = "arn:aws:rds:us-east-1:1:cluster-snapshot:awsbackup:job-1"
TABLE = "arn:aws:dynamodb:us-east-1:1:table/dr-transactions-dev/backup/1"
CONTINUOUS = "arn:aws:backup:us-east-1:1:recovery-point:continuous:cluster-1"


@dataclass
class Backup:
    """AWS Backup in one region, as its API reference has it: deleting takes until the next look."""

    vaults: set[str] = field(default_factory=lambda: {"other", VAULT})
    points: dict[str, dict[str, Any]] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def add(self, arn: str, status: str = "COMPLETED", kind: str = "Aurora") -> None:
        self.points[arn] = {"RecoveryPointArn": arn, "Status": status, "ResourceType": kind}

    def get_paginator(self, name: str) -> _Pages:
        return _Pages(getattr(self, f"_{name}"))

    def _list_backup_vaults(self) -> Iterator[dict[str, Any]]:
        for name in sorted(self.vaults):
            yield {"BackupVaultList": [{"BackupVaultName": name}]}

    def _list_recovery_points_by_backup_vault(
        self,
        BackupVaultName: str,
    ) -> Iterator[dict[str, Any]]:
        assert BackupVaultName == VAULT
        for point in [*self.points.values()]:
            yield {"RecoveryPoints": [dict(point)]}
            if point["Status"] == "DELETING":
                del self.points[point["RecoveryPointArn"]]
            elif point["Status"] == "CREATING":
                point["Status"] = "COMPLETED"

    def delete_recovery_point(self, **arguments: str) -> None:
        self._end("delete", arguments["RecoveryPointArn"])

    def disassociate_recovery_point(self, **arguments: str) -> None:
        self._end("disassociate", arguments["RecoveryPointArn"])

    def _end(self, how: str, arn: str) -> None:
        self.calls.append(f"{how} {arn.split(':')[-1]}")
        if arn in self.held:
            raise _error("InvalidRequestException", self.held[arn])
        assert self.points[arn]["Status"] not in ("CREATING", "DELETING")
        self.points[arn]["Status"] = "DELETING"

    def delete_backup_vault(self, BackupVaultName: str) -> None:
        if self.points:
            raise _error("InvalidRequestException", "it contains recovery points")
        self.calls.append("delete vault")
        self.vaults.remove(BackupVaultName)


@dataclass(frozen=True)
class _Pages:
    paginate: Any


def _error(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Backup")


@pytest.fixture
def regions(no_pauses: list[float]) -> dict[str, Backup]:
    return {WRITER: Backup(), STANDBY: Backup()}


def purge(regions: Mapping[str, Any]) -> None:
    purge_vaults(VAULT, regions, deadline=Deadline({STARTED: time.time()}, Context(900)))


def test_both_vaults_go_with_all_they_hold(regions: dict[str, Backup]) -> None:
    for backup in regions.values():
        backup.add(SNAPSHOT)
        backup.add(TABLE, "EXPIRED", "DynamoDB")
    purge(regions)
    for backup in regions.values():
        assert backup.calls == ["delete job-1", f"delete {TABLE.split(':')[-1]}", "delete vault"]
        assert (backup.vaults, backup.points) == ({"other"}, {})
    purge(regions)  # nothing is left to do
    assert regions[WRITER].calls.count("delete vault") == 1


@pytest.mark.parametrize(
    ("status", "kind", "how"),
    [
        ("AVAILABLE", "Aurora", "disassociate"),
        ("COMPLETED", "Aurora", "disassociate"),
        ("STOPPED", "Aurora", "delete"),  # its cluster is gone, there is nobody to release it to
        ("AVAILABLE", "S3", "delete"),
    ],
)
def test_a_continuous_backup_of_a_cluster_is_released(
    regions: dict[str, Backup], status: str, kind: str, how: str
) -> None:
    regions[WRITER].add(CONTINUOUS, status, kind)
    purge(regions)
    assert regions[WRITER].calls == [f"{how} cluster-1", "delete vault"]


def test_a_backup_in_the_making_is_awaited(regions: dict[str, Backup]) -> None:
    regions[STANDBY].add(SNAPSHOT, "CREATING")
    purge(regions)
    assert regions[STANDBY].calls == ["delete job-1", "delete vault"]


def test_a_backup_that_comes_while_the_vault_is_deleted_goes_too(
    regions: dict[str, Backup], monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = regions[WRITER]
    delete = backup.delete_backup_vault

    def late(**arguments: str) -> None:
        monkeypatch.setattr(backup, "delete_backup_vault", delete)
        backup.add(SNAPSHOT)
        delete(**arguments)

    monkeypatch.setattr(backup, "delete_backup_vault", late)
    purge(regions)
    assert backup.calls == ["delete job-1", "delete vault"]


def test_what_a_lock_holds_is_told_once_the_rest_is_under_way(regions: dict[str, Backup]) -> None:
    held = regions[STANDBY]
    for arn in (SNAPSHOT, TABLE):
        held.add(arn)
        regions[WRITER].add(arn)
    held.held = {SNAPSHOT: "the vault is locked"}
    held.points[SNAPSHOT]["CalculatedLifecycle"] = {"DeleteAt": datetime(2031, 2, 3, tzinfo=UTC)}
    with pytest.raises(Refused) as refused:
        purge(regions)
    told = str(refused.value)
    assert f"does not delete 1 recovery points of vault {VAULT} in {STANDBY}" in told
    assert "InvalidRequestException: the vault is locked" in told
    assert "the last of which expires on 2031-02-03" in told
    assert "repeat the deletion to continue" in told
    assert VAULT in held.vaults
    assert held.points[TABLE]["Status"] == "DELETING"
    assert {each["Status"] for each in regions[WRITER].points.values()} == {"DELETING"}

    for backup in regions.values():
        backup.held = dict.fromkeys(backup.points, "the vault is locked " * 20)
    held.add(SNAPSHOT)
    regions[WRITER].add(SNAPSHOT)
    with pytest.raises(Refused) as refused:
        purge(regions)
    assert all(region in str(refused.value) for region in regions)
    assert len(str(refused.value)) <= REASON_LIMIT

    for backup in regions.values():
        backup.held = {}  # the lock's time is over
    purge(regions)
    assert {name for backup in regions.values() for name in backup.vaults} == {"other"}


def test_rights_that_are_missing_are_not_taken_for_a_vault_that_is_gone(
    regions: dict[str, Backup], monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(**_: Any) -> Any:
        raise _error("AccessDeniedException", "no")

    monkeypatch.setattr(regions[WRITER], "_list_recovery_points_by_backup_vault", denied)
    with pytest.raises(ClientError, match="AccessDenied"):
        purge(regions)


def test_requests_and_answers_are_those_of_aws_backup(no_pauses: list[float]) -> None:
    client = boto3.client(
        "backup", region_name=WRITER, aws_access_key_id="test", aws_secret_access_key="test"
    )
    vault = {"BackupVaultName": VAULT}
    points = [
        {"RecoveryPointArn": arn, "Status": "COMPLETED", "ResourceType": "Aurora"}
        for arn in (SNAPSHOT, CONTINUOUS)
    ]
    with Stubber(client) as stubber:
        for operation, answer, asked in (
            ("list_backup_vaults", {"BackupVaultList": [vault]}, {}),
            ("list_recovery_points_by_backup_vault", {"RecoveryPoints": points}, vault),
            ("delete_recovery_point", {}, {**vault, "RecoveryPointArn": SNAPSHOT}),
            ("disassociate_recovery_point", {}, {**vault, "RecoveryPointArn": CONTINUOUS}),
            ("list_backup_vaults", {"BackupVaultList": [vault]}, {}),
            ("list_recovery_points_by_backup_vault", {"RecoveryPoints": []}, vault),
            ("delete_backup_vault", {}, vault),
            ("list_backup_vaults", {"BackupVaultList": []}, {}),
        ):
            stubber.add_response(operation, answer, asked)
        purge({WRITER: client})
        stubber.assert_no_pending_responses()
