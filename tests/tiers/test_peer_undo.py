"""What a failed launch would leave in the peer is known, and is deleted only while it is empty."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from ..layers.reading import (
    Template,
    actions,
    needed,
    of_type,
    resources,
    statements,
    text,
    waits,
)

KINDS = ["foundation", "workload"]
TYPES = {
    "AWS::S3::Bucket": "bucket",
    "AWS::Backup::BackupVault": "vault",
    "AWS::KMS::ReplicaKey": "key",
    "AWS::RDS::DBCluster": "database",
}
GO_ALONG = {  # with the bucket, and with the cluster
    "AWS::S3::BucketPolicy",
    "AWS::RDS::DBSubnetGroup",
    "AWS::RDS::DBClusterParameterGroup",
}
HANGS_ON = {
    "foundation": ("Key4",),
    "workload": ("DatabaseGlobalCluster", "DatabaseWriterCluster", "FoundationStackSet"),
}
BEFORE = Path(__file__).parents[2] / "products/warm-standby/releases/1.1.0"
"""The last release without it."""


def undone(primary: Template, kind: str) -> tuple[str, Template]:
    """The logical id and the properties of the resource that undoes a StackSet."""
    (found,) = (
        (name, each["Properties"])
        for name, each in primary["Resources"].items()
        if each["Type"] == "Custom::DrPeerUndo" and each["Properties"]["Kind"] == kind
    )
    return found


def kept(template: Template) -> set[str]:
    """What a template keeps when its stack is deleted."""
    types = {
        each["Type"]
        for each in template["Resources"].values()
        if each.get("DeletionPolicy", "Delete") != "Delete"
    }
    return {TYPES[each] for each in types - GO_ALONG}


@pytest.mark.parametrize("kind", KINDS)
def test_all_that_the_peers_template_keeps_is_undone(
    templates: Mapping[str, Template], kind: str
) -> None:
    _, told = undone(templates["primary"], kind)
    assert set(told["Kept"]) == kept(templates[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_an_upgrade_that_fails_undoes_only_what_it_brought(
    templates: Mapping[str, Template], kind: str
) -> None:
    _, told = undone(templates["primary"], kind)
    before = kept(json.loads((BEFORE / f"{kind}.template.json").read_text(encoding="utf-8")))
    assert set(told["New"]) == kept(templates[kind]) - before


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_made_before_the_stack_set_and_so_deleted_after_it(
    primary: Template, kind: str
) -> None:
    name, _ = undone(primary, kind)
    (stack_set,) = (
        each for each in primary["Resources"] if each.startswith(f"{kind.capitalize()}StackSet")
    )
    waiting = waits(primary)
    assert name in waiting[stack_set]
    # What the kept things hang on is deleted later still: a writer can't go before its reader.
    for each in HANGS_ON[kind]:
        assert any(found.startswith(each) for found in needed(waiting, name)), each


def test_both_are_told_the_same_names_as_the_delete_guard(primary: Template) -> None:
    (guard,) = of_type(primary, "Custom::DrDeleteGuard")
    for kind in KINDS:
        _, told = undone(primary, kind)
        own = {"ServiceToken", "Kind", "Kept", "New"}
        for name in set(told) - own:
            assert told[name] == guard["Properties"][name], name
        assert {"PeerBucket", "KeyId", "Vault", "PeerCluster", "GlobalCluster"} <= set(told)


def test_it_deletes_by_name_in_the_peer_and_takes_no_protection_away(primary: Template) -> None:
    rights = {
        each["Sid"]: (set(actions(each)), resources(primary, each))
        for each in statements(primary, "UndoPolicy")
    }
    may = set().union(*(granted for granted, _ in rights.values()))
    assert not may & {
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "backup:DeleteRecoveryPoint",
        "rds:ModifyDBCluster",
        "rds:ModifyGlobalCluster",
        "rds:DeleteGlobalCluster",
        "dynamodb:DeleteTable",
    }
    assert {sid for sid, (_, arns) in rights.items() if "*" in arns} == {"Trace", "FindVaults"}
    for sid in ("DeleteEmptyVault", "ScheduleReplicaKeyDeletion", "DeleteUnprotectedReader"):
        for arn in rights[sid][1]:
            assert arn.split(":")[3] == ("" if ":global-cluster:" in arn else "<PeerRegion>")
    assert rights["DeleteEmptyBucket"] == (
        {"s3:DeleteBucket"},
        [
            "arn:<Partition>:s3:::" + text(primary, undone(primary, "foundation")[1]["PeerBucket"]),
        ],
    )
