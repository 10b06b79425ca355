"""Seed row "KMS": principal class missing; keys single-region."""

from __future__ import annotations

from .reading import Template, only, text


def test_seed_kms_key_is_multi_region_with_rotation(primary: Template) -> None:
    key = only(primary, "AWS::KMS::Key")["Properties"]
    assert key["MultiRegion"] is True
    assert key["EnableKeyRotation"] is True


def test_seed_kms_peer_holds_a_replica_of_the_given_key(foundation: Template) -> None:
    replica = only(foundation, "AWS::KMS::ReplicaKey")["Properties"]
    assert replica["PrimaryKeyArn"] == {"Ref": "PrimaryKeyArn"}


def test_seed_kms_alias_per_suffix_in_both_regions(primary: Template, foundation: Template) -> None:
    for template in (primary, foundation):
        alias = only(template, "AWS::KMS::Alias")["Properties"]
        assert text(template, alias["AliasName"]) == "alias/dr-data-<EnvironmentSuffix>"


def test_seed_kms_policy_lets_in_the_account_and_the_services_that_act_for_nobody(
    primary: Template, foundation: Template
) -> None:
    for template, kind in ((primary, "AWS::KMS::Key"), (foundation, "AWS::KMS::ReplicaKey")):
        account, *services = only(template, kind)["Properties"]["KeyPolicy"]["Statement"]
        assert text(template, account["Principal"]["AWS"]).endswith(":iam::<AccountId>:root")
        assert [text(template, each["Principal"]["Service"]) for each in services] == [
            "logs.<Region>.amazonaws.com",
            "delivery.logs.amazonaws.com",
            "cloudwatch.amazonaws.com",
            "events.amazonaws.com",
        ]
        assert all("kms:*" not in each["Action"] for each in services)
        logs, delivery, alarms, events = services
        context = logs["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
        assert [text(template, each).split(":log-group:")[1] for each in context] == [
            "/aws/lambda/dr-*-<EnvironmentSuffix>",
            "/dr/<EnvironmentSuffix>/flow-logs",
            "/aws/rds/cluster/dr-ledger-<EnvironmentSuffix>-<Region>/*",
            "/aws/vendedlogs/states/dr-recovery-<EnvironmentSuffix>",
        ]
        sent = delivery["Condition"]["StringEquals"]["kms:EncryptionContext:SourceArn"]
        assert text(template, sent) == "arn:<Partition>:logs:<Region>:<AccountId>:*"
        assert alarms["Condition"] == {
            "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        }
        # EventBridge sends KMS no source, so a condition on one would drop every event in silence.
        assert "Condition" not in events


def test_keys_outlive_their_stack(primary: Template, foundation: Template) -> None:
    for template, kind in ((primary, "AWS::KMS::Key"), (foundation, "AWS::KMS::ReplicaKey")):
        assert only(template, kind)["DeletionPolicy"] == "RetainExceptOnCreate"
