"""Seed row "Backup": both vaults in one region, no customer key, no failure on EXPIRED."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dr_catalog import names
from dr_catalog.layers.backup import LOCKS, Schedule
from dr_catalog.layers.monitoring import Thresholds

from .operations import KINDS, PEER, REGION, ROLES, templates
from .reading import Template, actions, of_type, only, resources, statements, text

SUFFIX = "<EnvironmentSuffix>"


def rules(template: Template) -> dict[str, Template]:
    plan = only(template, "AWS::Backup::BackupPlan")["Properties"]["BackupPlan"]
    return {each["RuleName"]: each for each in plan["BackupPlanRule"]}


@pytest.mark.parametrize("role", ROLES)
def test_seed_backup_each_region_has_a_vault_with_its_own_customer_key(role: str) -> None:
    template = templates()["neutral", role]
    vault = only(template, "AWS::Backup::BackupVault")
    assert text(template, vault["Properties"]["BackupVaultName"]) == f"dr-vault-{SUFFIX}"
    key = text(template, vault["Properties"]["EncryptionKeyArn"])
    assert key == "arn:<Partition>:kms:<Region>:<AccountId>:key/<KeyId>"
    assert vault["DeletionPolicy"] == "RetainExceptOnCreate"


@pytest.mark.parametrize("role", ROLES)
def test_seed_backup_every_hour_is_copied_to_the_other_regions_vault(role: str) -> None:
    template = templates()["neutral", role]
    hourly = rules(template)["hourly"]
    assert hourly["ScheduleExpression"] == "cron(0 0/1 * * ? *)"
    assert hourly["StartWindowMinutes"] == 60
    assert hourly["CompletionWindowMinutes"] > hourly["StartWindowMinutes"]
    (copy,) = hourly["CopyActions"]
    assert text(template, copy["DestinationBackupVaultArn"]) == (
        f"arn:<Partition>:backup:<PeerRegion>:<AccountId>:backup-vault:dr-vault-{SUFFIX}"
    )


@pytest.mark.parametrize(("role", "other"), [("launch", PEER), ("peer", REGION)])
def test_seed_backup_copies_cross_regions_with_literal_values_too(role: str, other: str) -> None:
    template = templates()["literal", role]
    (copy,) = rules(template)["hourly"]["CopyActions"]
    arn = text(template, copy["DestinationBackupVaultArn"])
    assert arn == f"arn:<Partition>:backup:{other}:444444444444:backup-vault:dr-vault-dev-1"


def test_seed_backup_clusters_are_backed_up_continuously() -> None:
    continuous = rules(templates()["neutral", "launch"])["continuous"]
    assert continuous["EnableContinuousBackup"] is True
    assert continuous["Lifecycle"] == {"DeleteAfterDays": 35}
    assert "CopyActions" not in continuous


@pytest.mark.parametrize("role", ROLES)
def test_seed_backup_a_job_that_expires_is_a_failure(role: str) -> None:
    template = templates()["neutral", role]
    patterns = {
        text(template, each["Properties"]["Name"]): each["Properties"]["EventPattern"]
        for each in of_type(template, "AWS::Events::Rule")
        if each["Properties"].get("EventPattern", {}).get("source") == ["aws.backup"]
    }
    assert set(patterns) == {
        f"dr-{what}-failed-{SUFFIX}" for what in ("backup", "restore", "recovery-point")
    }
    jobs = patterns[f"dr-backup-failed-{SUFFIX}"]
    assert jobs["detail-type"] == ["Backup Job State Change", "Copy Job State Change"]
    assert jobs["detail"]["state"] == ["ABORTED", "EXPIRED", "FAILED", "PARTIAL"]
    # A restore job's event has a status, not a state.
    restores = patterns[f"dr-restore-failed-{SUFFIX}"]
    assert restores["detail-type"] == ["Restore Job State Change"]
    assert restores["detail"]["status"] == ["ABORTED", "FAILED"]
    alarmed = {
        each["Properties"]["MetricName"] for each in of_type(template, "AWS::CloudWatch::Alarm")
    }
    assert "NumberOfBackupJobsExpired" in alarmed


@pytest.mark.parametrize("role", ROLES)
def test_failures_of_another_suffix_are_not_told(role: str) -> None:
    template = templates()["neutral", role]
    mine = {
        "iamRoleArn": [
            f"arn:<Partition>:iam::<AccountId>:role/dr-{what}-{SUFFIX}-<Region>"
            for what in ("backup", "restore-test")
        ],
        "backupVaultName": [f"dr-vault-{SUFFIX}"],
    }
    seen = []
    for rule in of_type(template, "AWS::Events::Rule"):
        detail = rule["Properties"].get("EventPattern", {}).get("detail", {})
        for name in mine.keys() & detail.keys():
            assert [text(template, value) for value in detail[name]] == mine[name]
            seen.append(name)
    assert sorted(seen) == ["backupVaultName", "iamRoleArn", "iamRoleArn"]


def test_the_launch_regions_plan_works_until_it_is_switched_off() -> None:
    template = templates()["neutral", "launch"]
    selection = only(template, "AWS::Backup::BackupSelection")["Properties"]["BackupSelection"]
    assert selection["Conditions"] == {
        "StringEquals": [_tag("suffix", {"Ref": "EnvironmentSuffix"})],
        "StringNotEquals": [_tag("backup", "off")],
    }


def test_the_peers_plan_works_once_it_is_switched_on() -> None:
    template = templates()["neutral", "peer"]
    selection = only(template, "AWS::Backup::BackupSelection")["Properties"]["BackupSelection"]
    assert selection["Conditions"] == {
        "StringEquals": [_tag("suffix", {"Ref": "EnvironmentSuffix"}), _tag("backup", "on")]
    }


@pytest.mark.parametrize("role", ROLES)
def test_only_a_guard_deletes_recovery_points(role: str) -> None:
    """A tier's, or the layer's own where that is launched alone."""
    template = templates()["neutral", role]
    vault = only(template, "AWS::Backup::BackupVault")["Properties"]
    (statement,) = vault["AccessPolicy"]["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", {"AWS": "*"})
    assert "backup:DeleteRecoveryPoint" in statement["Action"]
    assert "backup:UpdateRecoveryPointLifecycle" in statement["Action"]
    guards = statement["Condition"]["ArnNotLike"]["aws:PrincipalArn"]
    assert [text(template, guard) for guard in guards] == [
        f"arn:<Partition>:iam::<AccountId>:role/{name.of(suffix=SUFFIX, region='*')}"
        for name in (names.GUARD_ROLE, names.layer_guard_role(layer="backup"))
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_the_lock_is_a_choice(kind: str) -> None:
    template = templates()[kind, "launch"]
    lock = only(template, "AWS::Backup::BackupVault")["Properties"]["LockConfiguration"]
    condition, settings, otherwise = lock["Fn::If"]
    assert otherwise == {"Ref": "AWS::NoValue"}
    for choice, expected in {
        "none": None,
        "governance": {"MinRetentionDays": 7, "MaxRetentionDays": 365},
        "compliance": {"MinRetentionDays": 7, "MaxRetentionDays": 365, "ChangeableForDays": 3},
    }.items():
        holds = _conditions(template, choice if kind == "neutral" else "governance")
        if kind == "literal" and choice != "governance":
            continue
        found = settings if holds[condition] else None
        if found is not None:
            inner, then, other = found["ChangeableForDays"]["Fn::If"]
            assert other == {"Ref": "AWS::NoValue"}
            found = {key: value for key, value in found.items() if key != "ChangeableForDays"}
            found |= {"ChangeableForDays": then} if holds[inner] else {}
        assert found == expected
    assert set(LOCKS) == {"none", "governance", "compliance"}


@pytest.mark.parametrize("role", ROLES)
def test_no_point_is_kept_shorter_than_the_lock_allows(role: str) -> None:
    template = templates()["neutral", role]
    kept = [rule["Lifecycle"]["DeleteAfterDays"] for rule in rules(template).values()]
    kept += [
        copy["Lifecycle"]["DeleteAfterDays"]
        for rule in rules(template).values()
        for copy in rule.get("CopyActions", [])
    ]
    assert min(kept) >= 7
    assert max(kept) <= 365


def test_copies_in_the_peer_are_restored_every_week() -> None:
    template = templates()["neutral", "peer"]
    plan = only(template, "AWS::Backup::RestoreTestingPlan")["Properties"]
    vaults = [text(template, arn) for arn in plan["RecoveryPointSelection"]["IncludeVaults"]]
    assert vaults == [f"arn:<Partition>:backup:<Region>:<AccountId>:backup-vault:dr-vault-{SUFFIX}"]
    selections = {
        each["Properties"]["ProtectedResourceType"]: each["Properties"]
        for each in of_type(template, "AWS::Backup::RestoreTestingSelection")
    }
    assert set(selections) == {"Aurora", "DynamoDB"}
    assert selections["DynamoDB"]["RestoreMetadataOverrides"]["encryptionType"] == "KMS"
    assert selections["Aurora"]["RestoreMetadataOverrides"]["vpcSecurityGroupIds"] == '["sg-1"]'
    assert not of_type(templates()["neutral", "launch"], "AWS::Backup::RestoreTestingPlan")


def test_restore_tests_have_names_without_hyphens() -> None:
    for each in of_type(templates()["literal", "peer"], "AWS::Backup::RestoreTestingSelection"):
        for name in ("RestoreTestingPlanName", "RestoreTestingSelectionName"):
            assert re.fullmatch(r"[A-Za-z0-9_]{1,50}", each["Properties"][name])
    neutral = only(templates()["neutral", "peer"], "AWS::Backup::RestoreTestingPlan")
    _, (prefix, suffix) = neutral["Properties"]["RestoreTestingPlanName"]["Fn::Join"]
    split = {"Fn::Split": ["-", {"Ref": "EnvironmentSuffix"}]}
    assert (prefix, suffix) == ("dr_restore_test_", {"Fn::Join": ["_", split]})


NO_RESOURCES = {"cloudwatch:GetMetricData", "events:ListRules", "tag:GetResources"}
"""Actions that know no resources."""


@pytest.mark.parametrize("role", ROLES)
def test_everything_that_holds_data_is_selected_by_its_tag(role: str) -> None:
    selected = only(templates()["neutral", role], "AWS::Backup::BackupSelection")["Properties"]
    found = [
        text(templates()["neutral", role], each)
        for each in selected["BackupSelection"]["Resources"]
    ]
    assert found == [
        "arn:<Partition>:dynamodb:*:*:table/*",
        "arn:<Partition>:rds:*:*:cluster:*",
        "arn:<Partition>:s3:::*",
    ]


@pytest.mark.parametrize("role", ROLES)
def test_only_the_documents_of_the_suffix_are_read(role: str) -> None:
    template = templates()["neutral", role]
    read = [
        where
        for statement in statements(template, "BackupService")
        if any(action.startswith("s3:") for action in actions(statement))
        for where in resources(template, statement)
    ]
    bucket = "arn:<Partition>:s3:::dr-documents-<EnvironmentSuffix>-<AccountId>-<Region>"
    assert read == [bucket, f"{bucket}/*"]


@pytest.mark.parametrize(
    ("role", "policy"),
    [("launch", "BackupService"), ("peer", "BackupService"), ("peer", "TestingService")],
)
def test_the_roles_name_tables_clusters_and_their_own_keys(role: str, policy: str) -> None:
    template = templates()["neutral", role]
    for statement in statements(template, policy):
        where = resources(template, statement)
        assert where != ["*"] or set(actions(statement)) <= NO_RESOURCES
        if any(action.startswith("kms:") for action in actions(statement)):
            assert where == [
                f"arn:<Partition>:kms:<{region}>:<AccountId>:key/<KeyId>"
                for region in ("Region", "PeerRegion")
            ]


def test_an_absent_backup_is_noticed_no_sooner_than_it_can_be_late() -> None:
    schedule, limits = Schedule(), Thresholds()
    latest = schedule.interval_hours * 60 + schedule.start_window_minutes
    assert limits.hours_without_backup * 60 > latest
    assert limits.hours_without_copy >= limits.hours_without_backup


def _tag(name: str, value: Any) -> Template:
    return {"ConditionKey": f"aws:ResourceTag/dr:{name}", "ConditionValue": value}


def _conditions(template: Template, lock: str) -> dict[str, bool]:
    """The vault's conditions for a value of the parameter."""

    def holds(expression: Any) -> bool:
        if "Fn::Not" in expression:
            return not holds(expression["Fn::Not"][0])
        left, right = (
            lock if isinstance(each, dict) else each for each in expression["Fn::Equals"]
        )
        return bool(left == right)

    return {
        name: holds(expression)
        for name, expression in template["Conditions"].items()
        if name.startswith("Vault")
    }
