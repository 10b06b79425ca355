"""Templates and code in a stage's asset bucket, by content hash.

A key that is there holds what its name says, so it is never written again. Templates carry the tag
that lets a launch role read them (``servicecatalog:provisioning=true``).
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import ClientError

from ..errors import PublishError
from ..releases.manifest import digest

AT_ONCE = 8
"""Files under way at once, in a region."""


def template_key(sha256: str) -> str:
    """The key of the template with this digest."""
    return f"templates/{sha256}.json"


def asset_key(sha256: str) -> str:
    """The key of the code with this digest."""
    return f"assets/{sha256}.zip"


def listed(s3: Any, *, bucket: str) -> Mapping[str, str]:
    """What the bucket holds: key to ETag, 1,000 a call."""
    return {
        entry["Key"]: entry["ETag"].strip('"')
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for entry in page.get("Contents", [])
    }


def upload(s3: Any, *, bucket: str, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Put the files that the bucket lacks.

    Returns:
        The keys that were written.
    """
    present = listed(s3, bucket=bucket)
    missing = tuple(key for key in files if key not in present)
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        for _ in pool.map(lambda key: _put(s3, bucket, key, files[key]), missing):
            pass
    return missing


def put(s3: Any, *, bucket: str, key: str, body: bytes) -> None:
    """Put one file, unless its key is there; fetched back, it is what it was.

    Raises:
        PublishError: The file in the bucket is not what its name says.
    """
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchKey", "NotFound"):
            raise
        _put(s3, bucket, key, body)
        check(s3, bucket=bucket, key=key)


def _put(s3: Any, bucket: str, key: str, body: bytes) -> None:
    s3.put_object(
        Bucket=bucket,
        Key=key,
        Body=body,
        Tagging="servicecatalog:provisioning=true",
        ContentType="application/json" if key.endswith(".json") else "application/zip",
    )


def check(s3: Any, *, bucket: str, key: str) -> str:
    """Fetch the file and compare it with the digest in its key.

    Returns:
        Its ETag, which stays as long as the bytes do.

    Raises:
        PublishError: The file in the bucket is not what its name says.
    """
    answer = s3.get_object(Bucket=bucket, Key=key)
    found = digest(answer["Body"].read())
    if found not in key:
        raise PublishError(
            f"s3://{bucket}/{key} is not what its name says",
            why=f"its sha256 is {found}",
            hint="delete the object and publish again; then find out who wrote it",
        )
    return str(answer["ETag"]).strip('"')
