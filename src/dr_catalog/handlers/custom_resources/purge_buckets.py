"""Empties and deletes the two buckets of an environment.

Replication stops first in both, or documents would keep arriving from the other side. What is gone
already is passed over, so a purge that was cut off can be repeated.

See https://docs.aws.amazon.com/AmazonS3/latest/userguide/empty-bucket.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError
from deadline import Deadline
from response import Refused, ignoring

ROUNDS = 5
"""Times a bucket is emptied again because a replica in flight arrived."""


def purge_buckets(clients: Mapping[str, Any], *, deadline: Deadline) -> None:
    """Delete these buckets with all they hold.

    Args:
        clients: An S3 client of its region for each bucket's name.
        deadline: When to stop.

    Raises:
        Refused: S3 won't delete some objects, or time is short.
        Unfinished: Time is short.
    """
    for bucket, s3 in clients.items():
        with ignoring("NoSuchBucket"):
            s3.delete_bucket_replication(Bucket=bucket)
    for bucket, s3 in clients.items():
        with ignoring("NoSuchBucket"):
            _delete(s3, bucket, deadline)


def _delete(s3: Any, bucket: str, deadline: Deadline) -> None:
    for _ in range(ROUNDS):
        _delete_versions(s3, bucket, deadline)
        _abort_uploads(s3, bucket, deadline)
        deadline.check()
        try:
            s3.delete_bucket(Bucket=bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] != "BucketNotEmpty":
                raise
        else:
            return
    raise Refused(
        f"Bucket {bucket} keeps filling while it is emptied. Stop what writes to it, then repeat "
        f"the deletion to continue."
    )


def _delete_versions(s3: Any, bucket: str, deadline: Deadline) -> None:
    """Delete the first page of versions and delete markers until there is none."""
    while True:
        deadline.check()
        page = s3.list_object_versions(Bucket=bucket)
        objects = [
            {"Key": each["Key"], "VersionId": each["VersionId"]}
            for each in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
        ]
        if not objects:
            return
        answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})
        errors = answer.get("Errors", [])
        if errors:
            codes = ", ".join(sorted({each.get("Code", "unknown") for each in errors}))
            raise Refused(
                f"{len(errors)} object versions of bucket {bucket} can't be deleted ({codes}). "
                f"Look for an object lock or a bucket policy, then repeat the deletion to continue."
            )


def _abort_uploads(s3: Any, bucket: str, deadline: Deadline) -> None:
    while True:
        deadline.check()
        uploads = s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
        if not uploads:
            return
        for upload in uploads:
            deadline.check()
            with ignoring("NoSuchUpload"):
                s3.abort_multipart_upload(
                    Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                )
