"""A launch of backup & restore whose region is lost: rebuilt in the peer from copies, with its data.

One launch: what was written before the copies were made is read through the restored API, what was written
after them is lost and said; the command is interrupted on the way, and told a second time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dr_catalog import names
from dr_catalog.provisioning.checks import Launch, inspect
from dr_catalog.provisioning.endpoint import call
from dr_catalog.restoring import running

from .conftest import PEER, REGION, TENANT, Identity, environment
from .rehearsal import control

SUFFIX = "kept"
PRODUCT = "backup-restore"
PURGED = ("--set", "DeletionProtection=false", "--set", "OnTermination=purge")


@pytest.fixture(scope="module")
def operator(elsewhere: Identity) -> Identity:
    """Who may launch and restore."""
    return elsewhere


@pytest.fixture(autouse=True)
def as_tenant(operator: Identity) -> Iterator[None]:
    """In place of the one for all: these tests have an operator of their own."""
    with environment(operator.settings):
        yield


@pytest.fixture(scope="module")
def address(operator: Identity) -> str:
    """The address of the embedded AWS."""
    return operator.settings["AWS_ENDPOINT_URL"]


@pytest.fixture(scope="module")
def copied(operator: Identity) -> str:
    """The API of a launch that has copies in the peer."""
    operator.ok("launch", PRODUCT, "--suffix", SUFFIX, *PURGED)
    looked_at(operator)
    endpoint = operator.json("outputs", "--suffix", SUFFIX)[REGION]["Endpoint"]
    with environment(operator.settings):
        assert post(operator, endpoint, "before") == 201
        put_document(operator, REGION, "contracts/1", b"signed")
        back_up(operator)
        assert post(operator, endpoint, "after") == 201
    found: str = endpoint
    return found


def looked_at(operator: Identity) -> None:
    """Every layer is as the tier has it, in both regions."""
    outputs = operator.json("outputs", "--suffix", SUFFIX)
    launch = Launch(
        session=operator.session(),
        account=TENANT,
        suffix=SUFFIX,
        region=REGION,
        peer_region=PEER,
        endpoints={REGION: outputs[REGION]["Endpoint"]},
    )
    with environment(operator.settings):
        found = inspect(launch)
    assert [check for check in found if not check.ok] == []
    assert {check.layer for check in found if check.region == PEER} == {"kms", "s3", "backup"}


def post(operator: Identity, endpoint: str, key: str) -> int:
    """What the launch region's API says to a transaction."""
    body = {"transactionId": key, "amount": "12.50"}
    answer = call(
        operator.session(),
        endpoint=endpoint,
        region=REGION,
        path="transactions",
        method="POST",
        body=body,
    )
    return answer.status


def put_document(operator: Identity, region: str, key: str, body: bytes) -> None:
    operator.client("s3", region).put_object(Bucket=bucket(region), Key=key, Body=body)


def bucket(region: str) -> str:
    return names.BUCKET.of(suffix=SUFFIX, account=TENANT, region=region)


def back_up(operator: Identity) -> None:
    """What the plan's hourly rule does: a recovery point of each store, and its copy in the peer's vault."""
    backup, vault = operator.client("backup"), names.VAULT.of(suffix=SUFFIX)
    role = f"arn:aws:iam::{TENANT}:role/{names.BACKUP_ROLE.of(suffix=SUFFIX, region=REGION)}"
    cluster = names.LEDGER_CLUSTER.of(suffix=SUFFIX, region=REGION)
    for arn in (
        f"arn:aws:rds:{REGION}:{TENANT}:cluster:{cluster}",
        f"arn:aws:dynamodb:{REGION}:{TENANT}:table/{names.TABLE.of(suffix=SUFFIX)}",
        f"arn:aws:s3:::{bucket(REGION)}",
    ):
        started = backup.start_backup_job(BackupVaultName=vault, ResourceArn=arn, IamRoleArn=role)
        job = backup.describe_backup_job(BackupJobId=started["BackupJobId"])
        assert job["State"] == "COMPLETED", job
        copied = backup.start_copy_job(
            RecoveryPointArn=job["RecoveryPointArn"],
            SourceBackupVaultName=vault,
            DestinationBackupVaultArn=f"arn:aws:backup:{PEER}:{TENANT}:backup-vault:{vault}",
            IamRoleArn=role,
        )
        job = backup.describe_copy_job(CopyJobId=copied["CopyJobId"])["CopyJob"]
        assert job["State"] == "COMPLETED", job


def restore(operator: Identity, *words: str) -> Any:
    return operator.run("restore", "--suffix", SUFFIX, "--region", PEER, *words)


@contextmanager
def gone(address: str) -> Iterator[None]:
    """The launch region is gone for the time of a block."""
    control(address, "regions", region=REGION, mode="gone")
    try:
        yield
    finally:
        control(address, "regions", region=REGION, mode="here")


def test_a_launch_whose_region_answers_is_not_restored_by_mistake(
    operator: Identity, copied: str
) -> None:
    refused = restore(operator)
    assert refused.exit_code == 1
    assert "us-east-1 still answers" in refused.output
    elsewhere = operator.run("restore", "--suffix", SUFFIX, "--region", REGION, "--yes")
    assert "us-east-1 can't rebuild 'kept'" in elsewhere.output
    assert operator.client("cloudformation", PEER).describe_stacks()["Stacks"]
    assert operator.client("backup", PEER).list_restore_jobs()["RestoreJobs"] == []


def test_a_lost_launch_is_rebuilt_with_what_was_copied(
    address: str, operator: Identity, copied: str, tmp_path: Path
) -> None:
    with gone(address):
        rebuilt(operator, tmp_path / "record.json")
    # It is back, and takes no writes once the command has reached it; what it holds can't be purged.
    assert post(operator, copied, "between") == 201
    again = restore(operator, "--yes", "--output", "json")
    assert again.exit_code == 0, again.output
    assert json.loads(again.stdout)["outcome"] == "done"
    assert "takes no writes any more" in again.stderr
    assert post(operator, copied, "too-late") == 503
    refused = operator.run("terminate", "--suffix", SUFFIX, "--yes")
    assert refused.exit_code == 1
    assert "it was rebuilt in us-west-2 from its copies" in refused.output
    taken_away(operator)
    operator.ok("terminate", "--suffix", SUFFIX, "--yes")
    assert left_of(operator) == []


def taken_away(operator: Identity) -> None:
    """Take the restored stack away, as the product's README says, and let the launch region write again."""
    stacks, name = operator.client("cloudformation", PEER), names.RESTORE_STACK.of(suffix=SUFFIX)
    stacks.delete_stack(StackName=name)
    stacks.get_waiter("stack_delete_complete").wait(
        StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    operator.client("ssm", PEER).delete_parameter(
        Name=names.parameter(suffix=SUFFIX, layer="restore", name="run")
    )
    operator.client("dynamodb").delete_item(
        TableName=names.RECOVERY_STATE.of(suffix=SUFFIX), Key={"id": {"S": "writer"}}
    )


def left_of(operator: Identity) -> list[str]:
    """What of the suffix is still there that holds data or costs, in either region."""
    return [
        f"{region} {each}"
        for region in (REGION, PEER)
        for each in (
            *operator.client("dynamodb", region).list_tables()["TableNames"],
            *(
                cluster["DBClusterIdentifier"]
                for cluster in operator.client("rds", region).describe_db_clusters()["DBClusters"]
            ),
            *(
                vault["BackupVaultName"]
                for vault in operator.client("backup", region).list_backup_vaults()[
                    "BackupVaultList"
                ]
            ),
            *(bucket["Name"] for bucket in operator.client("s3", region).list_buckets()["Buckets"]),
            *(
                parameter["Name"]
                for parameter in operator.client("ssm", region).describe_parameters()["Parameters"]
            ),
        )
        if SUFFIX in each
    ]


def rebuilt(lost: Identity, file: Path) -> None:
    """Restore while the region is gone, with an interruption on the way, and look at what is there."""
    unsure = restore(lost)
    assert unsure.exit_code == 2
    assert "needs a yes" in unsure.output
    too_early = restore(lost, "--yes", "--at", "2020-01-01T00:00:00Z")
    assert too_early.exit_code == 1
    assert "not every store has a copy" in too_early.output

    # It is interrupted while CloudFormation works, and goes on.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running._Run, "stack", interrupted)
        stopped = restore(lost, "--yes")
        assert stopped.exit_code == 130, stopped.output
    result = restore(lost, "--yes", "--output", "json", "--evidence", str(file))
    assert result.exit_code == 0, result.output
    assert "goes on with" in result.stderr
    record = json.loads(result.stdout)
    assert json.loads(file.read_text()) == record
    assert record["figures"]["newestTransaction"] <= record["began"]
    assert record["attempts"] == {"DynamoDB": 1, "S3": 1, "stack": 1}
    kept = lost.client("s3", PEER).get_object(
        Bucket=bucket(PEER), Key=record["figures"]["evidence"]["key"]
    )
    assert json.load(kept["Body"])["figures"]["rpoAtMost"].keys() == {
        "database",
        "table",
        "documents",
    }

    endpoint = record["figures"]["endpoint"]
    answers = {key: read(lost, endpoint, key) for key in ("before", "after")}
    assert (answers["before"].status, answers["after"].status) == (200, 404)
    assert answers["before"].body["amount"] == "12.5"
    document = lost.client("s3", PEER).get_object(Bucket=bucket(PEER), Key="contracts/1")
    assert document["Body"].read() == b"signed"
    table = lost.client("dynamodb", PEER).describe_table(TableName=names.TABLE.of(suffix=SUFFIX))
    assert table["Table"]["DeletionProtectionEnabled"]
    (cluster,) = lost.client("rds", PEER).describe_db_clusters(
        DBClusterIdentifier=names.LEDGER_CLUSTER.of(suffix=SUFFIX, region=PEER)
    )["DBClusters"]
    assert (cluster["DeletionProtection"], cluster["BackupRetentionPeriod"]) == (True, 35)


def interrupted(_: running._Run) -> str:
    raise KeyboardInterrupt


def read(operator: Identity, endpoint: str, key: str) -> Any:
    with environment(operator.settings):
        return call(operator.session(), endpoint=endpoint, region=PEER, path=f"transactions/{key}")
