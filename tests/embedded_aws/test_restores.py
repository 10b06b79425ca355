"""What is restored from a copy in the other region: a table, a bucket's objects, a cluster's rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ..layers.operations import PEER, REGION
from .aurora_estate import DATABASE, OUTPUTS, cluster, connected, network
from .stack_runner import Runner
from .test_backup import VAULT, Estate, add_role, new_estate

RESTORED = "dr-transactions-restored"
PASSWORD = "sixteen-or-more-1"


@pytest.fixture(scope="module")
def estate(new_account: Callable[[], str], client: Callable[..., Any]) -> Estate:
    """A table with an item and a bucket with a document, and copies of both in the peer."""
    made = new_estate(new_account(), client)
    table = made.api("dynamodb")
    table.put_item(TableName="dr-transactions-dev", Item={"id": {"S": "a"}, "amount": {"N": "7"}})
    made.api().update_region_settings(ResourceTypeOptInPreference={"S3": True})
    s3 = made.api("s3")
    create_bucket(made, bucket(made), REGION)
    s3.put_bucket_versioning(Bucket=bucket(made), VersioningConfiguration={"Status": "Enabled"})
    document = {"Key": "contracts/1", "Body": b"signed", "ContentType": "text/plain"}
    s3.put_object(Bucket=bucket(made), Metadata={"by": "ann"}, **document)
    for arn in (made.table, f"arn:aws:s3:::{bucket(made)}"):
        job = made.start(ResourceArn=arn)
        assert made.copy(RecoveryPointArn=job["RecoveryPointArn"])["State"] == "COMPLETED"
    table.delete_table(TableName="dr-transactions-dev")
    s3.put_object(Bucket=bucket(made), Key="contracts/1", Body=b"forged")
    return made


def bucket(estate: Estate, *, restored: bool = False) -> str:
    return f"dr-documents-{estate.account}{'-restored' if restored else ''}"


def create_bucket(estate: Estate, name: str, region: str) -> None:
    place = {} if region == "us-east-1" else {"LocationConstraint": region}
    configuration = {"CreateBucketConfiguration": place} if place else {}
    estate.api("s3", region).create_bucket(Bucket=name, **configuration)


def copy_of(estate: Estate, kind: str) -> str:
    (found,) = (each for each in estate.points(PEER) if each["ResourceType"] == kind)
    arn: str = found["RecoveryPointArn"]
    return arn


def restore(estate: Estate, kind: str, **changes: Any) -> dict[str, Any]:
    """Start a restore job in the peer; the job as it is described."""
    metadata = {
        "DynamoDB": {
            "targetTableName": RESTORED,
            "encryptionType": "KMS",
            "kmsMasterKeyArn": estate.peer_key,
        },
        "S3": {
            "DestinationBucketName": bucket(estate, restored=True),
            "NewBucket": "false",
            "Encrypted": "true",
            "EncryptionType": "SSE-KMS",
            "KMSKey": estate.peer_key,
        },
    }
    given = {
        "RecoveryPointArn": copy_of(estate, kind),
        "Metadata": metadata.get(kind, {}),
        "IamRoleArn": estate.role,
        "ResourceType": kind,
    }
    backup = estate.api(region=PEER)
    started = backup.start_restore_job(**{**given, **changes})
    job: dict[str, Any] = backup.describe_restore_job(RestoreJobId=started["RestoreJobId"])
    return job


def test_a_table_is_restored_without_what_aws_leaves_out(estate: Estate) -> None:
    job = restore(estate, "DynamoDB", CopySourceTagsToRestoredResource=True, IdempotencyToken="t")
    assert job["Status"] == "COMPLETED", job
    dynamodb = estate.api("dynamodb", PEER)
    items = dynamodb.scan(TableName=RESTORED)["Items"]
    assert items == [{"id": {"S": "a"}, "amount": {"N": "7"}}]
    table = dynamodb.describe_table(TableName=RESTORED)["Table"]
    assert table["SSEDescription"]["KMSMasterKeyArn"] == estate.peer_key
    assert table["TableArn"] == job["CreatedResourceArn"]
    tags = dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]
    assert {"Key": "dr:suffix", "Value": "dev"} in tags
    kept = dynamodb.describe_continuous_backups(TableName=RESTORED)["ContinuousBackupsDescription"]
    recovery = kept["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
    assert recovery == "DISABLED"
    # The same token is the same job; another one finds the table there.
    again = restore(estate, "DynamoDB", IdempotencyToken="t")
    assert again["RestoreJobId"] == job["RestoreJobId"]
    second = restore(estate, "DynamoDB")
    assert second["Status"] == "FAILED"
    assert RESTORED in second["StatusMessage"]
    listed = estate.api(region=PEER).list_restore_jobs(ByStatus="COMPLETED")["RestoreJobs"]
    assert job["RestoreJobId"] in [each["RestoreJobId"] for each in listed]


def test_a_buckets_objects_are_restored_as_they_were_then(estate: Estate) -> None:
    missing = restore(estate, "S3")
    assert (missing["Status"], "bucket" in missing["StatusMessage"]) == ("FAILED", True)
    s3 = estate.api("s3", PEER)
    create_bucket(estate, bucket(estate, restored=True), PEER)
    assert restore(estate, "S3")["Status"] == "COMPLETED"
    found = s3.get_object(Bucket=bucket(estate, restored=True), Key="contracts/1")
    assert (found["Body"].read(), found["ContentType"]) == (b"signed", "text/plain")
    assert found["Metadata"] == {"by": "ann"}


def test_what_is_deleted_with_its_recovery_point_is_gone(estate: Estate) -> None:
    point = estate.points()[0]["RecoveryPointArn"]
    backup = estate.api()
    backup.delete_recovery_point(BackupVaultName=VAULT, RecoveryPointArn=point)
    with pytest.raises(ClientError, match="Cannot find recovery point"):
        backup.start_restore_job(RecoveryPointArn=point, Metadata={}, IamRoleArn=estate.role)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"IamRoleArn": "arn:aws:iam::1:role/none"}, "cannot be assumed by AWS Backup"),
        ({"ResourceType": "S3"}, "is of DynamoDB, not of S3"),
        ({"Metadata": {"targetTableName": "t"}}, "encryptionType KMS"),
        ({"Metadata": {"newTable": "t"}}, "has no newTable"),
    ],
)
def test_requests_that_are_refused(estate: Estate, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        restore(estate, "DynamoDB", **change)


def test_a_role_that_may_not_restore_fails_the_job(estate: Estate) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": ["dynamodb:*"], "Resource": "*"},
    }
    add_role(estate.api("iam"), "narrow", policy=policy)
    role = f"arn:aws:iam::{estate.account}:role/narrow"
    job = restore(estate, "DynamoDB", IamRoleArn=role)
    assert job["Status"] == "FAILED"
    assert "kms:DescribeKey" in job["StatusMessage"]


def test_a_cluster_is_restored_from_a_copied_snapshot(
    estate: Estate, runner: Callable[..., Runner]
) -> None:
    home, peer = (runner(account=estate.account, region=each) for each in (REGION, PEER))
    first = cluster(
        GlobalClusterIdentifier=None,
        DatabaseName=DATABASE,
        MasterUsername="steward",
        MasterUserPassword=PASSWORD,
    )
    made = home.create("home", {**network(), **first}, Template=OUTPUTS)
    assert made.status == "CREATE_COMPLETE", made.reasons
    run(made.outputs, "CREATE TABLE payment AS SELECT 7 AS cents")
    job = estate.start(ResourceArn=f"arn:aws:rds:{REGION}:{estate.account}:cluster:dr-aurora-dev")
    run(made.outputs, "DELETE FROM payment")
    copied = estate.copy(RecoveryPointArn=job["RecoveryPointArn"])
    snapshot = copied["DestinationRecoveryPointArn"]
    assert home.delete("home").status == "DELETE_COMPLETE"

    inherited = {"GlobalClusterIdentifier": None, "StorageEncrypted": None}
    again = cluster(**inherited, SnapshotIdentifier=snapshot)
    restored = peer.create("peer", {**network(), **again}, Template=OUTPUTS)
    assert restored.status == "CREATE_COMPLETE", restored.reasons
    assert run(restored.outputs, "SELECT cents FROM payment") == [[7]]
    (found,) = estate.api("rds", PEER).describe_db_clusters()["DBClusters"]
    assert found["BackupRetentionPeriod"] == 7
    with pytest.raises(ClientError, match="awsbackup"):
        estate.api("rds", PEER).delete_db_cluster_snapshot(
            DBClusterSnapshotIdentifier=snapshot.split(":", 6)[6]
        )
    assert peer.delete("peer").status == "DELETE_COMPLETE"


def test_a_restored_cluster_states_nothing_that_it_has_from_its_snapshot(
    estate: Estate, runner: Callable[..., Runner]
) -> None:
    wrong = cluster(GlobalClusterIdentifier=None, SnapshotIdentifier="s", MasterUsername="steward")
    refused = runner(account=estate.account, region=REGION).create(
        "wrong", {**network(), "Cluster": wrong["Cluster"]}
    )
    assert any("from its snapshot" in reason for reason in refused.reasons), refused


def run(outputs: dict[str, str], statement: str) -> Any:
    host, port = outputs["Writer"], int(outputs["Port"])
    with connected(host, port, user="steward", password=PASSWORD) as connection:
        return connection.run(statement)
