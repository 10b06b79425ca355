"""The delete guard knows every store by name, and destroys only what it is asked to."""

from __future__ import annotations

from typing import Any

import pytest

from ..layers.reading import Template, actions, only, resources, statements, text
from . import guarded_stack

NAME = "dr-ledger-<EnvironmentSuffix>"


@pytest.fixture(scope="module")
def template() -> Template:
    return guarded_stack.template()


def rights(template: Template, prefix: str) -> dict[str, tuple[list[str], list[str]]]:
    return {
        statement["Sid"]: (sorted(actions(statement)), resources(template, statement))
        for statement in statements(template, prefix)
    }


def test_every_store_is_named(template: Template) -> None:
    told = only(template, "Custom::DrDeleteGuard")["Properties"]
    named = {
        name: text(template, told[name])
        for name in (
            "GlobalCluster",
            "LaunchCluster",
            "PeerCluster",
            "LaunchInstance",
            "PeerInstance",
            "DatabaseGroup",
            "DatabaseSecretName",
            "Vault",
            "RecoveryTable",
        )
    }
    assert named == {
        "GlobalCluster": NAME,
        "LaunchCluster": f"{NAME}-<Region>",
        "PeerCluster": f"{NAME}-<PeerRegion>",
        "LaunchInstance": f"{NAME}-<Region>-1",
        "PeerInstance": f"{NAME}-<PeerRegion>-1",
        "DatabaseGroup": NAME,
        "DatabaseSecretName": "dr-aurora-<EnvironmentSuffix>",
        "Vault": "dr-vault-<EnvironmentSuffix>",
        "RecoveryTable": "dr-recovery-<EnvironmentSuffix>",
    }


def test_what_the_guard_may_always_do(template: Template) -> None:
    always = rights(template, "GuardPolicy")
    assert set(always) == {
        "Log",
        "Trace",
        "ReadProtection",
        "SayCompleted",
        "ContinueItself",
        "ProtectTable",
        "FindWriterAndProtect",
        "FindInstancesAndProtect",
        "DeleteInstances",
        "SeeRecovery",
        "ReadRecovery",
    }
    regions = ("<Region>", "<PeerRegion>")
    assert always["ProtectTable"] == (
        ["dynamodb:DescribeTable", "dynamodb:UpdateTable"],
        [
            f"arn:<Partition>:dynamodb:{region}:<AccountId>:table/dr-transactions-<EnvironmentSuffix>"
            for region in regions
        ],
    )
    assert always["FindWriterAndProtect"] == (
        ["rds:DescribeGlobalClusters", "rds:ModifyGlobalCluster"],
        [f"arn:<Partition>:rds::<AccountId>:global-cluster:{NAME}"],
    )
    assert always["FindInstancesAndProtect"] == (
        ["rds:DescribeDBClusters", "rds:ModifyDBCluster"],
        [f"arn:<Partition>:rds:{region}:<AccountId>:cluster:{NAME}-{region}" for region in regions],
    )
    assert always["ContinueItself"] == (
        ["lambda:InvokeFunction"],
        [
            "arn:<Partition>:lambda:<Region>:<AccountId>:function:dr-delete-guard-<EnvironmentSuffix>"
        ],
    )
    assert always["DeleteInstances"] == (
        ["rds:DeleteDBInstance"],
        [f"arn:<Partition>:rds:{region}:<AccountId>:db:{NAME}-*" for region in regions],
    )


def test_what_destroys_stores_exists_only_for_a_purge(template: Template) -> None:
    (policy,) = (
        resource
        for name, resource in template["Resources"].items()
        if name.startswith("GuardPurge")
    )
    assert template["Conditions"][policy["Condition"]] == {
        "Fn::Equals": [{"Ref": "OnTermination"}, "purge"]
    }
    purge = rights(template, "GuardPurge")
    for sid, action in (
        ("DeleteGlobalCluster", "rds:RemoveFromGlobalCluster"),
        ("DeleteClusters", "rds:DeleteDBCluster"),
        ("DeleteKeptSnapshots", "rds:DeleteDBClusterSnapshot"),
        ("DeleteDatabaseGroups", "rds:DeleteDBSubnetGroup"),
        ("DeleteSecret", "secretsmanager:RemoveRegionsFromReplication"),
        ("DeleteVaults", "backup:DeleteBackupVault"),
        ("DeleteRecoveryPoints", "backup:DisassociateRecoveryPoint"),
    ):
        assert action in purge[sid][0]


def test_nothing_is_destroyed_that_is_not_named(template: Template) -> None:
    unnamed = {
        sid for sid, (_, arns) in rights(template, "Guard").items() if any(a == "*" for a in arns)
    }
    assert unnamed == {"Trace", "FindVaults"}  # whose actions know no resources
    by_suffix = {
        sid
        for sid, (_, arns) in rights(template, "GuardPurge").items()
        if all("<EnvironmentSuffix>" in arn for arn in arns)
    }
    assert set(rights(template, "GuardPurge")) - by_suffix == {
        "ScheduleKeyDeletion",
        "FindKeptSnapshots",
        "FindVaults",
        "DeleteRecoveryPoints",
        "DeleteSnapshotsThroughBackup",
        "LetBackupDelete",
    }


@pytest.mark.parametrize("sid", ["DeleteSnapshotsThroughBackup", "DeleteTableBackupsThroughBackup"])
def test_what_lies_behind_a_recovery_point_goes_through_backup_alone(
    template: Template, sid: str
) -> None:
    conditions: list[dict[str, Any]] = [
        statement["Condition"]
        for statement in statements(template, "GuardPurge")
        if statement["Sid"] == sid
    ]
    assert conditions == [{"ForAnyValue:StringEquals": {"aws:CalledVia": "backup.amazonaws.com"}}]
