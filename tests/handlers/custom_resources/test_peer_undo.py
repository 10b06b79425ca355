"""Custom::DrPeerUndo on the embedded AWS: what a launch that failed left in the peer goes, once.

The database is undone in test_delete_guard_database.py, which has one.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import boto3
import peer_undo
import pytest

from ...embedded_aws.stack_runner import Runner
from ..conftest import STANDBY, WRITER
from ..database import Database
from .conftest import Context, Stack

ACCOUNT = "333333333336"
EVERYTHING = ["bucket", "key", "vault"]
KEPT, NEW = ["bucket", "vault", "key"], ["vault"]


@pytest.fixture
def api(empty_database: Database, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A client of the test's account."""
    session = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="test")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)
    monkeypatch.setenv("AWS_ENDPOINT_URL", empty_database.url)
    monkeypatch.setenv("AWS_REGION", WRITER)
    return lambda service, region=STANDBY: boto3.client(service, region_name=region)


@pytest.fixture
def event(api: Callable[..., Any], stack: Stack, suffix: str) -> dict[str, Any]:
    """A Delete of the foundation's resource; all that the foundation keeps is there."""
    kms = api("kms", WRITER)
    key = kms.create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    replica = kms.replicate_key(KeyId=key, ReplicaRegion=STANDBY)["ReplicaKeyMetadata"]["Arn"]
    properties = {
        "Suffix": suffix,
        "LaunchRegion": WRITER,
        "PeerRegion": STANDBY,
        "Kind": "foundation",
        "Kept": KEPT,
        "New": NEW,
        "PeerBucket": f"dr-{suffix}-{STANDBY}",
        "KeyId": key,
        "Vault": f"dr-vault-{suffix}",
        "CompletedParameter": f"/dr/{suffix}/guard/completed",
    }
    api("s3").create_bucket(
        Bucket=properties["PeerBucket"],
        CreateBucketConfiguration={"LocationConstraint": STANDBY},
    )
    api("backup").create_backup_vault(BackupVaultName=properties["Vault"], EncryptionKeyArn=replica)
    return stack.event("Delete", ResourceProperties=properties, PhysicalResourceId="")


@pytest.fixture
def left(api: Callable[..., Any], event: dict[str, Any]) -> Callable[[], list[str]]:
    """What there still is in the peer; a key whose deletion is scheduled is gone."""
    properties = event["ResourceProperties"]

    def left() -> list[str]:
        buckets = {each["Name"] for each in api("s3").list_buckets()["Buckets"]}
        vaults = api("backup").list_backup_vaults()["BackupVaultList"]
        key = api("kms").describe_key(KeyId=properties["KeyId"])["KeyMetadata"]["KeyState"]
        return [
            *["bucket"] * (properties["PeerBucket"] in buckets),
            *["key"] * (key == "Enabled"),
            *["vault"] * (properties["Vault"] in {each["BackupVaultName"] for each in vaults}),
        ]

    assert left() == EVERYTHING
    return left


@pytest.fixture
def run(
    event: dict[str, Any], stack: Stack, no_pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., dict[str, Any]]:
    """Sends a request while the stack stands so; the answer."""

    def run(request_type: str, status: str, made_by: str = "launch") -> dict[str, Any]:
        monkeypatch.setattr(peer_undo, "_stack_status", lambda event: status)
        event["PhysicalResourceId"] = f"dr-peer-undo-x-foundation-by-{made_by}"
        peer_undo.handler({**event, "RequestType": request_type}, Context(900))
        return stack.answer()

    return run


@pytest.mark.parametrize(
    ("status", "made_by"),
    [("CREATE_IN_PROGRESS", "launch"), ("UPDATE_IN_PROGRESS", "upgrade")],
)
def test_what_made_it_is_remembered(
    run: Callable[..., dict[str, Any]],
    left: Callable[[], list[str]],
    event: dict[str, Any],
    status: str,
    made_by: str,
) -> None:
    suffix = event["ResourceProperties"]["Suffix"]
    event["ResourceProperties"] |= {
        "Kept": [],
        "New": [],
    }  # what is taken is test_peer_undo_taken's
    made = run("Create", status)["PhysicalResourceId"]
    assert made == f"dr-peer-undo-{suffix}-foundation-by-{made_by}"
    for before in ("launch", "upgrade"):  # an update changes nothing of it
        answer = run("Update", status, before)
        assert answer["PhysicalResourceId"].endswith(f"-by-{before}")
    assert left() == EVERYTHING


@pytest.mark.parametrize(
    ("made_by", "status", "remains"),
    [
        ("launch", "ROLLBACK_IN_PROGRESS", []),
        ("upgrade", "UPDATE_ROLLBACK_IN_PROGRESS", ["bucket", "key"]),
        ("upgrade", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", ["bucket", "key"]),
        # A termination, whatever made it, and an upgrade that fails later on.
        ("upgrade", "DELETE_IN_PROGRESS", EVERYTHING),
        ("launch", "UPDATE_ROLLBACK_IN_PROGRESS", EVERYTHING),
        ("launch", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", EVERYTHING),
        ("upgrade", "ROLLBACK_IN_PROGRESS", EVERYTHING),
    ],
)
def test_only_the_failure_of_what_made_it_is_undone(
    run: Callable[..., dict[str, Any]],
    left: Callable[[], list[str]],
    made_by: str,
    status: str,
    remains: list[str],
) -> None:
    for _ in range(2):  # a repeat finds nothing more to do
        answer = run("Delete", status, made_by)
        assert (answer["Status"], answer["Reason"]) == ("SUCCESS", "")
        assert left() == remains


@pytest.mark.parametrize(("complete", "remains"), [(True, EVERYTHING), (False, [])])
def test_a_deletion_undoes_only_a_launch_that_never_was_complete(
    api: Callable[..., Any],
    event: dict[str, Any],
    run: Callable[..., dict[str, Any]],
    left: Callable[[], list[str]],
    complete: bool,
    remains: list[str],
) -> None:
    if complete:
        name = event["ResourceProperties"]["CompletedParameter"]
        api("ssm", WRITER).put_parameter(Name=name, Value="true", Type="String")
    answer = run("Delete", "DELETE_IN_PROGRESS")
    assert (answer["Status"], answer["Reason"]) == ("SUCCESS", "")
    assert left() == remains


def test_a_bucket_that_holds_documents_is_refused(
    run: Callable[..., dict[str, Any]],
    left: Callable[[], list[str]],
    api: Callable[..., Any],
    event: dict[str, Any],
) -> None:
    bucket = event["ResourceProperties"]["PeerBucket"]
    api("s3").put_object(Bucket=bucket, Key="a", Body=b"1")
    answer = run("Delete", "ROLLBACK_IN_PROGRESS")
    assert answer["Status"] == "FAILED"
    assert f"The bucket {bucket} of a launch that failed holds documents" in answer["Reason"]
    assert left() == EVERYTHING  # the bucket comes first
    api("s3").delete_object(Bucket=bucket, Key="a")
    assert run("Delete", "ROLLBACK_IN_PROGRESS")["Status"] == "SUCCESS"
    assert left() == []


def test_a_vault_that_holds_recovery_points_is_refused(
    run: Callable[..., dict[str, Any]],
    left: Callable[[], list[str]],
    api: Callable[..., Any],
    event: dict[str, Any],
) -> None:
    back_up(api, STANDBY, event["ResourceProperties"]["Vault"])
    answer = run("Delete", "ROLLBACK_IN_PROGRESS")
    assert answer["Status"] == "FAILED"
    assert "contains recovery points" in answer["Reason"]
    assert left() == ["key", "vault"]


@pytest.mark.parametrize(
    ("made", "remains"), [("ROLLBACK_COMPLETE", []), ("CREATE_COMPLETE", EVERYTHING)]
)
def test_the_status_is_that_of_the_launchs_own_stack(
    api: Callable[..., Any],
    event: dict[str, Any],
    stack: Stack,
    left: Callable[[], list[str]],
    no_pauses: list[float],
    made: str,
    remains: list[str],
) -> None:
    cloudformation, name = api("cloudformation", WRITER), event["ResourceProperties"]["Suffix"]
    key = {"Type": "AWS::KMS::Alias", "Properties": {"AliasName": "a", "TargetKeyId": "none"}}
    queue = {"Type": "AWS::SQS::Queue", "Properties": {}}
    result = Runner(cloudformation, ACCOUNT, WRITER).create(
        name, {"One": queue if made == "CREATE_COMPLETE" else key}
    )
    assert result.status == made, result.reasons
    (found,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    told = {
        "StackId": found["StackId"],
        "PhysicalResourceId": "dr-peer-undo-x-foundation-by-launch",
    }
    peer_undo.handler({**event, **told}, Context(900))
    assert stack.answer()["Status"] == "SUCCESS"
    assert left() == remains


def back_up(api: Callable[..., Any], region: str, vault: str, days: int = 7) -> str:
    """Back a table up into the vault; the recovery point."""
    dynamodb, iam = api("dynamodb", region), api("iam", region)
    table = f"for-{vault}"
    if table not in dynamodb.list_tables()["TableNames"]:
        dynamodb.create_table(
            TableName=table,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    trust = {"Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName="backup", AssumeRolePolicyDocument=_policy(trust))
    rights = _policy({"Action": "*", "Resource": "*"})
    iam.put_role_policy(RoleName="backup", PolicyName="p", PolicyDocument=rights)
    backup = api("backup", region)
    started = backup.start_backup_job(
        BackupVaultName=vault,
        ResourceArn=f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/{table}",
        IamRoleArn=f"arn:aws:iam::{ACCOUNT}:role/backup",
        Lifecycle={"DeleteAfterDays": days},
    )
    job = backup.describe_backup_job(BackupJobId=started["BackupJobId"])
    assert job["State"] == "COMPLETED", job
    return str(job["RecoveryPointArn"])


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})
