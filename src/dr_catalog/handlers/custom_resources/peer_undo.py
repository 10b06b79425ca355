"""``Custom::DrPeerUndo``: takes away what the peer's stacks would keep of a launch that failed.

The peer's stacks keep data and keys when they are deleted. A launch that fails half-way rolls back,
and CloudFormation deletes those stacks: what they keep holds nothing yet, but its names would be taken
when the launch is tried again. The resource is made before the StackSet that it follows, so it is
deleted after it, and looks at how its own stack stands:

- the launch rolls back, or is deleted without ever having been complete, and the resource was made by
  it: all that ``Kept`` lists is deleted;
- an upgrade rolls back, and the resource was made by it: what ``New`` lists came with it and goes;
- anything else: nothing is done. What a launch keeps on termination is the delete guard's matter.

What is there before was kept by an earlier launch, or is somebody's own: the resource is then not made,
and the launch ends before the StackSet begins. So nothing is deleted that the launch did not make.

Nothing with something in it is deleted: S3 and AWS Backup refuse a bucket or a vault that is not empty,
and a database that is in use is protected, which this function may not change.

Properties: ``Suffix``, ``LaunchRegion``, ``PeerRegion``, ``CompletedParameter`` (in the launch region),
``Kind`` (which StackSet), ``Kept`` and ``New`` (of ``bucket``, ``vault``, ``key``, ``database``), ``PeerBucket``, ``KeyId``, ``Vault``, and what
guarded_database.py lists.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from botocore.exceptions import ClientError
from deadline import Deadline
from guarded_database import guarded_database
from purge_database import purge_half
from purge_key import schedule_deletion
from purge_vaults import exists
from response import Refused, Result, client, ignoring, serve, text

BY_LAUNCH, BY_UPGRADE = "launch", "upgrade"
NOT_FOUND = 404
ELSEWHERE = (301, 403)
"""S3's answers for a bucket of another region, and of another account."""


def handler(event: dict[str, Any], context: Any) -> None:
    """What Lambda calls."""
    serve(event, context, act)


def act(event: dict[str, Any], context: Any) -> Result:
    """Remember on Create what made the resource; undo on Delete, when that is being rolled back."""
    if event["RequestType"] == "Update":
        return Result(event["PhysicalResourceId"])
    status = _stack_status(event)
    if event["RequestType"] == "Create":
        made_by = BY_LAUNCH if status.startswith("CREATE") else BY_UPGRADE
        _check_free(event, "Kept" if made_by == BY_LAUNCH else "New")
        return Result(f"dr-peer-undo-{text(event, 'Suffix')}-{text(event, 'Kind')}-by-{made_by}")
    made_by = event["PhysicalResourceId"].rpartition("-")[2]
    if made_by == BY_LAUNCH and _failed(event, status):
        _undo(event, "Kept", Deadline(event, context))
    elif made_by == BY_UPGRADE and status.startswith("UPDATE_ROLLBACK"):
        _undo(event, "New", Deadline(event, context))
    return Result(event["PhysicalResourceId"])


def _failed(event: dict[str, Any], status: str) -> bool:
    """Whether the launch never came to its end."""
    if status.startswith("DELETE"):  # after a rollback that failed as well
        ssm = client("ssm", text(event, "LaunchRegion"))
        found = ssm.get_parameters(Names=[text(event, "CompletedParameter")])
        return not found["Parameters"]
    return status.startswith("ROLLBACK")


def _stack_status(event: dict[str, Any]) -> str:
    stacks = client("cloudformation", text(event, "LaunchRegion")).describe_stacks(
        StackName=event["StackId"]
    )["Stacks"]
    return str(stacks[0]["StackStatus"])


def _check_free(event: dict[str, Any], which: str) -> None:
    listed = event["ResourceProperties"].get(which, ())
    taken = [name for thing in listed for name in TAKEN[thing](event)]
    if taken:
        raise Refused(
            f"In {text(event, 'PeerRegion')} there is already: {', '.join(taken)}. An earlier launch kept "
            f"that, or it is somebody's own, and nothing has been done to it. Move what it holds and "
            f"delete it, or launch under another suffix."
        )


def _undo(event: dict[str, Any], which: str, deadline: Deadline) -> None:
    for thing in event["ResourceProperties"].get(which, ()):
        deadline.check()
        UNDO[thing](event, deadline)


def _bucket(event: dict[str, Any], _: Deadline) -> None:
    bucket = text(event, "PeerBucket")
    try:
        with ignoring("NoSuchBucket"):
            client("s3", text(event, "PeerRegion")).delete_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["Error"]["Code"] != "BucketNotEmpty":
            raise
        raise Refused(
            f"The bucket {bucket} of a launch that failed holds documents already. Take them out and "
            f"delete it, then terminate the launch."
        ) from None


def _vault(event: dict[str, Any], _: Deadline) -> None:
    backup, vault = client("backup", text(event, "PeerRegion")), text(event, "Vault")
    if exists(backup, vault):
        backup.delete_backup_vault(BackupVaultName=vault)


def _key(event: dict[str, Any], _: Deadline) -> None:
    schedule_deletion(client("kms", text(event, "PeerRegion")), text(event, "KeyId"))


def _database(event: dict[str, Any], deadline: Deadline) -> None:
    database = guarded_database(event)
    assert database is not None  # the tier gives its names, or no "database" among the things
    purge_half(database, database.peer, deadline=deadline)


def _bucket_taken(event: dict[str, Any]) -> Iterator[str]:
    bucket = text(event, "PeerBucket")
    try:
        client("s3", text(event, "PeerRegion")).head_bucket(Bucket=bucket)
    except ClientError as error:  # without a body, and so without a name for it
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == NOT_FOUND:
            return
        if status not in ELSEWHERE:
            raise
    yield f"the bucket {bucket}"


def _vault_taken(event: dict[str, Any]) -> Iterator[str]:
    vault = text(event, "Vault")
    if exists(client("backup", text(event, "PeerRegion")), vault):
        yield f"the backup vault {vault}"


def _database_taken(event: dict[str, Any]) -> Iterator[str]:
    database = guarded_database(event)
    assert database is not None  # as in _database
    rds, group = database.peer.rds, database.group
    if database.peer.describe():
        yield f"the database cluster {database.peer.cluster}"
    with ignoring("DBSubnetGroupNotFoundFault"):
        rds.describe_db_subnet_groups(DBSubnetGroupName=group)
        yield f"the subnet group {group}"
    with ignoring("DBParameterGroupNotFound"):
        rds.describe_db_cluster_parameter_groups(DBClusterParameterGroupName=group)
        yield f"the cluster parameter group {group}"


TAKEN: dict[str, Callable[[dict[str, Any]], Iterable[str]]] = {
    "bucket": _bucket_taken,
    "database": _database_taken,
    "key": lambda _: (),  # bears the id of the launch's own key
    "vault": _vault_taken,
}
UNDO: dict[str, Callable[[dict[str, Any], Deadline], None]] = {
    "bucket": _bucket,
    "database": _database,
    "key": _key,
    "vault": _vault,
}
