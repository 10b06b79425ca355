"""Seed row "S3": KMS objects never replicate (no SourceSelectionCriteria), and the role lacks rights."""

from __future__ import annotations

import pytest

from .reading import Template, actions, of_type, only, resources, statements, text

HERE = "arn:<Partition>:s3:::dr-documents-<EnvironmentSuffix>-<AccountId>-<Region>"
THERE = "arn:<Partition>:s3:::dr-documents-<EnvironmentSuffix>-<AccountId>-<PeerRegion>"


def rule(primary: Template) -> Template:
    configuration = only(primary, "AWS::S3::Bucket")["Properties"]["ReplicationConfiguration"]
    (found,) = configuration["Rules"]
    return found


def test_seed_s3_rule_selects_kms_objects_and_names_the_replica_key(primary: Template) -> None:
    assert rule(primary)["SourceSelectionCriteria"]["SseKmsEncryptedObjects"] == {
        "Status": "Enabled"
    }
    destination = rule(primary)["Destination"]
    assert text(primary, destination["Bucket"]) == THERE
    key = text(primary, destination["EncryptionConfiguration"]["ReplicaKmsKeyID"])
    assert key == "arn:<Partition>:kms:<PeerRegion>:<AccountId>:key/<Key.KeyId>"


def test_seed_s3_replication_time_control_metrics_and_delete_markers(primary: Template) -> None:
    destination = rule(primary)["Destination"]
    assert destination["ReplicationTime"] == {"Status": "Enabled", "Time": {"Minutes": 15}}
    assert destination["Metrics"] == {"Status": "Enabled", "EventThreshold": {"Minutes": 15}}
    assert rule(primary)["DeleteMarkerReplication"] == {"Status": "Enabled"}
    assert rule(primary)["SourceSelectionCriteria"]["ReplicaModifications"] == {"Status": "Enabled"}


def test_seed_s3_role_may_do_exactly_what_replication_needs(primary: Template) -> None:
    found = {
        statement["Sid"]: (actions(statement), resources(primary, statement))
        for statement in statements(primary, "DocumentsReplication")
    }
    assert found == {
        "ReadRule": (["s3:GetReplicationConfiguration", "s3:ListBucket"], [HERE]),
        "ReadVersions": (
            [
                "s3:GetObjectVersionAcl",
                "s3:GetObjectVersionForReplication",
                "s3:GetObjectVersionTagging",
            ],
            [f"{HERE}/*"],
        ),
        "WriteReplicas": (
            ["s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"],
            [f"{THERE}/*"],
        ),
        "Decrypt": (["kms:Decrypt"], ["<Key.Arn>"]),
        "Encrypt": (
            ["kms:Encrypt"],
            ["arn:<Partition>:kms:<PeerRegion>:<AccountId>:key/<Key.KeyId>"],
        ),
    }


def test_seed_s3_keys_are_used_only_through_s3_and_only_for_these_buckets(
    primary: Template,
) -> None:
    for statement, region, bucket in zip(
        statements(primary, "DocumentsReplication")[-2:],
        ("<Region>", "<PeerRegion>"),
        (HERE, THERE),
        strict=True,
    ):
        condition = statement["Condition"]["StringLike"]
        assert text(primary, condition["kms:ViaService"]) == f"s3.{region}.amazonaws.com"
        contexts = condition["kms:EncryptionContext:aws:s3:arn"]
        assert [text(primary, each) for each in contexts] == [bucket, f"{bucket}/*"]


@pytest.mark.parametrize("role", ["primary", "foundation"])
def test_seed_s3_bucket_is_versioned_encrypted_private_and_tiered(
    templates: dict[str, Template], role: str
) -> None:
    bucket = only(templates[role], "AWS::S3::Bucket")
    settings = bucket["Properties"]
    assert settings["VersioningConfiguration"] == {"Status": "Enabled"}
    (encryption,) = settings["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["BucketKeyEnabled"] is True
    assert encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert set(settings["PublicAccessBlockConfiguration"].values()) == {True}
    (lifecycle,) = settings["LifecycleConfiguration"]["Rules"]
    (transition,) = lifecycle["Transitions"]
    assert transition == {"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": 30}
    assert bucket["DeletionPolicy"] == "RetainExceptOnCreate"


@pytest.mark.parametrize("role", ["primary", "foundation"])
def test_seed_s3_only_tls_gets_in(templates: dict[str, Template], role: str) -> None:
    policy = only(templates[role], "AWS::S3::BucketPolicy")["Properties"]["PolicyDocument"]
    conditions = [each["Condition"] for each in policy["Statement"] if each["Effect"] == "Deny"]
    assert {"Bool": {"aws:SecureTransport": "false"}} in conditions


def test_the_bucket_waits_for_its_destination_and_for_the_role(primary: Template) -> None:
    waits = only(primary, "AWS::S3::Bucket")["DependsOn"]
    assert any(each.startswith("FoundationStackSet") for each in waits)
    assert any(each.startswith("DocumentsReplicationPolicy") for each in waits)


def test_the_rule_back_is_put_in_the_peer_once_both_buckets_are_there(
    primary: Template, workload: Template
) -> None:
    (back,) = of_type(workload, "Custom::DrBucketReplication")
    assert text(workload, back["Properties"]["DestinationBucketArn"]).endswith(
        "-<AccountId>-<LaunchRegion>"
    )
    stack_set = next(
        resource
        for name, resource in primary["Resources"].items()
        if name.startswith("WorkloadStackSet")
    )
    assert any(each.startswith("DocumentsBucket") for each in stack_set["DependsOn"])
