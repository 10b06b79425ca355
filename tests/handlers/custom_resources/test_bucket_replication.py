"""Custom::DrBucketReplication over the emulated S3."""

from __future__ import annotations

from typing import Any

import bucket_replication
import pytest
from botocore.exceptions import ClientError

from ..conftest import STANDBY, WRITER, Aws
from .conftest import Context, Stack

KEY = f"arn:aws:kms:{STANDBY}:333333333333:key/mrk-1"
ROLE = "arn:aws:iam::333333333333:role/dr-replication"


@pytest.fixture
def bucket(aws: Aws, suffix: str) -> str:
    for region in (WRITER, STANDBY):
        make_bucket(aws, f"dr-{suffix}-{region}", region)
    return f"dr-{suffix}-{WRITER}"


def make_bucket(aws: Aws, name: str, region: str) -> None:
    s3 = aws.client("s3", region)
    where = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, **({} if region == WRITER else where))
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})


@pytest.fixture
def properties(bucket: str) -> dict[str, str]:
    return {
        "Bucket": bucket,
        "Role": ROLE,
        "DestinationBucketArn": f"arn:aws:s3:::{bucket.replace(WRITER, STANDBY)}",
        "ReplicaKmsKeyArn": KEY,
        "RuleId": "dr",
    }


def _rules(aws: Aws, bucket: str) -> list[dict[str, Any]]:
    found = aws.client("s3").get_bucket_replication(Bucket=bucket)["ReplicationConfiguration"]
    assert found["Role"] == ROLE
    rules: list[dict[str, Any]] = found["Rules"]
    return rules


def test_the_rule_covers_everything(
    aws: Aws, stack: Stack, context: Context, bucket: str, properties: dict[str, str]
) -> None:
    bucket_replication.handler(stack.event("Create", ResourceProperties=properties), context)
    answer = stack.answer()
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", bucket)
    assert _rules(aws, bucket) == [
        {
            "ID": "dr",
            "Priority": 1,
            "Filter": {},
            "Status": "Enabled",
            "SourceSelectionCriteria": {
                "SseKmsEncryptedObjects": {"Status": "Enabled"},
                "ReplicaModifications": {"Status": "Enabled"},
            },
            "DeleteMarkerReplication": {"Status": "Enabled"},
            "Destination": {
                "Bucket": properties["DestinationBucketArn"],
                "EncryptionConfiguration": {"ReplicaKmsKeyID": KEY},
                "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
                "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
            },
        }
    ]


def test_an_update_replaces_the_rule_under_the_same_id(
    aws: Aws, stack: Stack, context: Context, bucket: str, properties: dict[str, str]
) -> None:
    bucket_replication.handler(stack.event("Create", ResourceProperties=properties), context)
    first = stack.answer()
    changed = stack.event(
        "Update",
        PhysicalResourceId=first["PhysicalResourceId"],
        ResourceProperties={**properties, "RuleId": "dr-2"},
    )
    bucket_replication.handler(changed, context)
    # Another id would have CloudFormation delete the old one, and with it the new rule.
    assert stack.answer()["PhysicalResourceId"] == first["PhysicalResourceId"]
    assert [rule["ID"] for rule in _rules(aws, bucket)] == ["dr-2"]


def test_a_delete_removes_the_rule_and_bears_a_missing_bucket(
    aws: Aws, stack: Stack, context: Context, bucket: str, properties: dict[str, str]
) -> None:
    bucket_replication.handler(stack.event("Create", ResourceProperties=properties), context)
    stack.answer()
    delete = stack.event("Delete", PhysicalResourceId=bucket, ResourceProperties=properties)
    bucket_replication.handler(delete, context)
    assert stack.answer()["Status"] == "SUCCESS"
    with pytest.raises(ClientError, match="ReplicationConfigurationNotFoundError"):
        aws.client("s3").get_bucket_replication(Bucket=bucket)
    aws.client("s3").delete_bucket(Bucket=bucket)
    bucket_replication.handler(delete, context)
    assert stack.answer()["Status"] == "SUCCESS"


def test_another_error_is_told(
    aws: Aws, stack: Stack, context: Context, bucket: str, properties: dict[str, str]
) -> None:
    gone = {**properties, "Bucket": bucket + "-gone"}
    bucket_replication.handler(stack.event("Create", ResourceProperties=gone), context)
    answer = stack.answer()
    assert answer["Status"] == "FAILED"
    assert answer["Reason"].startswith("PutBucketReplication failed: NoSuchBucket")
