"""Restore jobs: a table under a new name, or a bucket's objects into a bucket that is there.

As for other jobs: what is wrong with the request is refused, what is wrong with the work ends the job
as FAILED. A restored table has the items, keys and indexes of the old, on demand; but no time to live,
point-in-time recovery, stream, protection or replica. A cluster is restored by its snapshot, with RDS.

See https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-dynamodb.html and
https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-s3.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from ministack.core.responses import get_account_id, get_region

from ..resource_types.context import here
from . import checks, contents, jobs, listing, sources, state, told
from .errors import invalid, not_found, refuse_others
from .state import Answer, Params, Record

_PARAMETERS = (
    "CopySourceTagsToRestoredResource",
    "IamRoleArn",
    "IdempotencyToken",
    "Metadata",
    "RecoveryPointArn",
    "ResourceType",
)
_FILTERS = {"ByResourceType": "ResourceType", "ByStatus": "Status", **listing.CREATED}
_TABLE = ("encryptionType", "kmsMasterKeyArn", "targetTableName")
_BUCKET = ("DestinationBucketName", "Encrypted", "EncryptionType", "KMSKey", "NewBucket")
_CALLS_FOR_TABLE = (
    "BatchWriteItem",
    "DeleteItem",
    "DescribeTable",
    "GetItem",
    "PutItem",
    "Query",
    "RestoreTableFromAwsBackup",
    "Scan",
    "UpdateItem",
)
_CALLS_FOR_BUCKET = (
    "GetBucketLocation",
    "GetBucketOwnershipControls",
    "GetBucketVersioning",
    "ListBucket",
    "ListBucketVersions",
)
_CALLS_FOR_OBJECTS = (
    "DeleteObject",
    "GetObject",
    "GetObjectAcl",
    "GetObjectTagging",
    "GetObjectVersion",
    "PutObject",
    "PutObjectTagging",
)


@dataclass(frozen=True)
class _Work:
    """What a job is to do.

    Args:
        arn: The resource that it makes or fills.
        calls: What its role must be allowed to do.
        key: The key that it encrypts with.
    """

    arn: str
    calls: tuple[tuple[str, str], ...]
    key: str


def _start(params: Params) -> Answer:
    refuse_others(params, _PARAMETERS)
    earlier = _earlier(params.get("IdempotencyToken"))
    if earlier is not None:
        return earlier
    point = _point(params["RecoveryPointArn"])
    kind = point["ResourceType"]
    if params.get("ResourceType", kind) != kind:
        raise invalid(f"The recovery point is of {kind}, not of {params['ResourceType']}")
    role = checks.role(params.get("IamRoleArn", ""))
    work = _work(kind, params["Metadata"])
    job = _created(params, point)
    problem = jobs.missing_call(role, work.calls) or _done(point, params["Metadata"], work)
    if problem:
        job |= {"Status": "FAILED", "StatusMessage": problem}
    else:
        if params.get("CopySourceTagsToRestoredResource"):
            _tag(kind, work.arn, point["Tags"])
        job |= {"Status": "COMPLETED", "PercentDone": "100.00%", "CreatedResourceArn": work.arn}
    job["CompletionDate"] = state.now()
    state.restore_jobs[job["RestoreJobId"]] = job
    told.of_restore(job)
    return job


def _point(arn: str) -> Record:
    found: Record | None = state.points.get(arn)
    if found is None:
        raise not_found(f"Cannot find recovery point {arn}")
    return found


def _work(kind: str, metadata: dict[str, str]) -> _Work:
    if kind == sources.DYNAMODB:
        refuse_others(metadata, _TABLE)
        if metadata.get("encryptionType") != "KMS":
            raise invalid(
                "The embedded AWS restores tables under a customer key: encryptionType KMS"
            )
        arn = f"arn:aws:dynamodb:{get_region()}:{get_account_id()}:table/{metadata['targetTableName']}"
        calls = tuple((f"dynamodb:{each}", arn) for each in _CALLS_FOR_TABLE)
        key = checks.key(metadata.get("kmsMasterKeyArn"))
        return _Work(arn, (*calls, ("kms:DescribeKey", key)), key)
    if kind == sources.S3:
        refuse_others(metadata, _BUCKET)
        wanted = {"Encrypted": "true", "EncryptionType": "SSE-KMS", "NewBucket": "false"}
        if any(metadata.get(name) != value for name, value in wanted.items()):
            raise invalid(f"The embedded AWS restores into buckets that are there, with {wanted}")
        arn = f"arn:aws:s3:::{metadata['DestinationBucketName']}"
        key = checks.key(metadata.get("KMSKey"))
        calls = (
            ("kms:DescribeKey", key),
            *((f"s3:{each}", arn) for each in _CALLS_FOR_BUCKET),
            *((f"s3:{each}", f"{arn}/*") for each in _CALLS_FOR_OBJECTS),
        )
        return _Work(arn, calls, key)
    raise invalid(f"The embedded AWS has no restore job for {kind}: restore its snapshot with RDS")


def _created(params: Params, point: Record) -> Record:
    return {
        "AccountId": get_account_id(),
        "BackupSizeInBytes": point["BackupSizeInBytes"],
        "BackupVaultArn": point["BackupVaultArn"],
        "CreationDate": state.now(),
        "IamRoleArn": params["IamRoleArn"],
        "IdempotencyToken": params.get("IdempotencyToken"),
        "IsParent": False,
        "PercentDone": "0.00%",
        "RecoveryPointArn": point["RecoveryPointArn"],
        "RecoveryPointCreationDate": point["CreationDate"],
        "ResourceType": point["ResourceType"],
        "RestoreJobId": state.new_id(),
        "SourceResourceArn": point["ResourceArn"],
    }


def _done(point: Record, metadata: dict[str, str], work: _Work) -> str:
    """Do it; why it can't be done, empty if it is."""
    try:
        if point["ResourceType"] == sources.DYNAMODB:
            _restore_table(metadata["targetTableName"], work.key, point["RecoveryPointArn"])
        else:
            _restore_objects(metadata["DestinationBucketName"], point["RecoveryPointArn"])
    except ClientError as error:
        return str(error.response["Error"]["Message"])
    return ""


def _restore_table(name: str, key: str, point: str) -> None:
    table = contents.of_table(point)
    here("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key},
        **table.shape,
    )
    contents.fill(name, table)


def _restore_objects(bucket: str, point: str) -> None:
    s3 = here("s3")
    for key, document in contents.of_bucket(point).items():
        s3.put_object(Bucket=bucket, Key=key, Body=document.body, **document.settings)


def _tag(kind: str, arn: str, tags: dict[str, str]) -> None:
    if kind == sources.DYNAMODB and tags:
        here("dynamodb").tag_resource(
            ResourceArn=arn,
            Tags=[{"Key": name, "Value": value} for name, value in tags.items()],
        )


def _earlier(token: str | None) -> Record | None:
    """The job that was started with the same token."""
    found = state.restore_jobs.values() if token else ()
    return next((each for each in found if each["IdempotencyToken"] == token), None)


def _describe(params: Params) -> Answer:
    job: Record | None = state.restore_jobs.get(params["RestoreJobId"])
    if job is None:
        raise not_found(f"Cannot find restore job {params['RestoreJobId']}")
    return job


def _list(params: Params) -> Answer:
    found = list(state.restore_jobs.values())
    return listing.page("RestoreJobs", reversed(found), params, filters=_FILTERS)


OPERATIONS: dict[str, Any] = {
    "DescribeRestoreJob": _describe,
    "ListRestoreJobs": _list,
    "StartRestoreJob": _start,
}
