"""What is in the peer before a launch is refused, and so never undone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import guarded_database
import peer_undo
import pytest
from botocore.exceptions import ClientError

from ..conftest import STANDBY, WRITER
from .conftest import Context, Stack

VAULT, BUCKET, CLUSTER, GROUP = (
    "dr-vault-dev",
    "dr-documents-dev",
    "dr-ledger-dev-there",
    "dr-ledger",
)


@dataclass
class Peer:
    """Every service of the region, with what it holds and what was deleted of it.

    Args:
        status: The launch's stack's.
        holds: The kinds of things that are there.
        bucket: What S3 answers for the bucket.
    """

    status: str = "CREATE_IN_PROGRESS"
    holds: set[str] = field(default_factory=set)
    bucket: int = 404
    deleted: list[str] = field(default_factory=list)

    def describe_stacks(self, StackName: str) -> dict[str, Any]:
        return {"Stacks": [{"StackStatus": self.status}]}

    def head_bucket(self, Bucket: str) -> None:
        if self.bucket != 200:
            raise ClientError(
                {
                    "Error": {"Code": str(self.bucket)},
                    "ResponseMetadata": {"HTTPStatusCode": self.bucket},
                },
                "HeadBucket",
            )

    def get_paginator(self, _: str) -> Peer:
        return self

    def paginate(self) -> list[dict[str, Any]]:
        found = [VAULT] if "vault" in self.holds else []
        return [{"BackupVaultList": [{"BackupVaultName": name} for name in ["other", *found]]}]

    def describe_db_clusters(self, **_: str) -> dict[str, Any]:
        self._find("cluster", "DBClusterNotFoundFault")
        return {"DBClusters": [{"DBClusterIdentifier": CLUSTER}]}

    def describe_db_subnet_groups(self, **_: str) -> None:
        self._find("subnets", "DBSubnetGroupNotFoundFault")

    def describe_db_cluster_parameter_groups(self, **_: str) -> None:
        self._find("parameters", "DBParameterGroupNotFound")

    def delete_backup_vault(self, **_: str) -> None:
        self.deleted.append("vault")

    def _find(self, kind: str, code: str) -> None:
        if kind not in self.holds:
            raise ClientError({"Error": {"Code": code}}, "Describe")


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Peer:
    found = Peer()
    for module in (peer_undo, guarded_database):
        monkeypatch.setattr(module, "client", lambda service, region: found)
    return found


def event(stack: Stack, request: str, **more: Any) -> dict[str, Any]:
    properties = {
        "Suffix": "dev",
        "LaunchRegion": WRITER,
        "PeerRegion": STANDBY,
        "Kind": "workload",
        "Kept": ["bucket", "vault", "key", "database"],
        "New": ["vault"],
        "PeerBucket": BUCKET,
        "KeyId": "mrk-1",
        "Vault": VAULT,
        "GlobalCluster": GROUP,
        "LaunchCluster": "dr-ledger-dev-here",
        "PeerCluster": CLUSTER,
        "LaunchInstance": "dr-ledger-dev-here-1",
        "PeerInstance": f"{CLUSTER}-1",
        "DatabaseGroup": GROUP,
        "DatabaseSecretName": "dr-aurora-dev",
    }
    return stack.event(request, ResourceProperties=properties, **more)


def test_where_nothing_is_there_the_launch_goes_on(stack: Stack, peer: Peer) -> None:
    peer_undo.handler(event(stack, "Create"), Context(900))
    answer = stack.answer()
    assert (answer["Status"], answer["Reason"]) == ("SUCCESS", "")
    assert answer["PhysicalResourceId"] == "dr-peer-undo-dev-workload-by-launch"


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("vault", f"the backup vault {VAULT}"),
        ("cluster", f"the database cluster {CLUSTER}"),
        ("subnets", f"the subnet group {GROUP}"),
        ("parameters", f"the cluster parameter group {GROUP}"),
    ],
)
def test_what_is_there_is_refused_and_stays(stack: Stack, peer: Peer, kind: str, told: str) -> None:
    peer.holds = {kind}
    peer_undo.handler(event(stack, "Create"), Context(900))
    answer = stack.answer()
    assert answer["Status"] == "FAILED"
    assert f"In {STANDBY} there is already: {told}." in answer["Reason"]

    # The rollback that follows knows the resource as one that was never made.
    peer.status = "ROLLBACK_IN_PROGRESS"
    given = answer["PhysicalResourceId"]
    peer_undo.handler(event(stack, "Delete", PhysicalResourceId=given), Context(900))
    assert stack.answer()["Status"] == "SUCCESS"
    assert peer.deleted == []


@pytest.mark.parametrize(("status", "taken"), [(200, True), (301, True), (403, True), (404, False)])
def test_a_bucket_is_taken_whoever_has_it(
    stack: Stack, peer: Peer, status: int, taken: bool
) -> None:
    peer.bucket = status
    peer_undo.handler(event(stack, "Create"), Context(900))
    assert (f"the bucket {BUCKET}" in stack.answer()["Reason"]) == taken


def test_an_upgrade_asks_for_what_it_brings_alone(stack: Stack, peer: Peer) -> None:
    peer.status, peer.bucket, peer.holds = "UPDATE_IN_PROGRESS", 200, {"cluster"}
    peer_undo.handler(event(stack, "Create"), Context(900))
    answer = stack.answer()
    assert answer["Status"] == "SUCCESS"
    made = answer["PhysicalResourceId"]
    assert made.endswith("-by-upgrade")

    peer.holds = {"vault"}
    peer_undo.handler(event(stack, "Create"), Context(900))
    assert f"the backup vault {VAULT}" in stack.answer()["Reason"]

    # What an upgrade that rolls back brought is its own, and goes; nothing goes on termination.
    for status, deleted in (("DELETE_IN_PROGRESS", []), ("UPDATE_ROLLBACK_IN_PROGRESS", ["vault"])):
        peer.status = status
        peer_undo.handler(event(stack, "Delete", PhysicalResourceId=made), Context(900))
        assert stack.answer()["Status"] == "SUCCESS"
        assert peer.deleted == deleted
