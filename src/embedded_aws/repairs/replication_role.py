"""Whether the role of a replication rule allows S3 to make a copy.

See https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..permissions import accounts, policies
from ..trust import trusts

SERVICE = "s3.amazonaws.com"


@dataclass(frozen=True)
class Copy:
    """One object to copy.

    Args:
        account: The source bucket's account, which owns the role.
        source: The source bucket.
        source_key: The ARN of the KMS key the object is encrypted with; empty without one.
        source_bucket_key: Whether the source bucket has S3 Bucket Keys on.
        destination: The destination bucket.
        destination_key: The ARN of the replica's key; empty without one.
        destination_bucket_key: Whether the destination bucket has S3 Bucket Keys on.
        key: The object's key.
    """

    account: str
    source: str
    source_key: str
    source_bucket_key: bool
    destination: str
    destination_key: str
    destination_bucket_key: bool
    key: str


def allows(role: str, copy: Copy, *, tagged: bool = False, deletes: bool = False) -> bool:
    """Whether the role trusts S3 and its policies allow every call that the copy needs.

    Args:
        role: The role's ARN.
        copy: The object.
        tagged: Tags travel with it, or alone.
        deletes: It is a delete marker.
    """
    record = accounts.role(copy.account, role.rpartition("/")[2])
    if record is None or not trusts(record, "Service", SERVICE, {}):
        return False
    documents = accounts.policy_documents(copy.account, record)
    boundary = accounts.boundary_document(copy.account, record)
    return all(
        policies.refusal(
            action=action,
            resource=resource,
            context={"aws:principalaccount": copy.account, "aws:securetransport": "true", **keys},
            policies=documents,
            boundary=boundary,
        )
        is None
        for action, resource, keys in _calls(copy, tagged=tagged, deletes=deletes)
    )


def _calls(copy: Copy, *, tagged: bool, deletes: bool) -> Iterator[tuple[str, str, dict[str, Any]]]:
    source = f"arn:aws:s3:::{copy.source}"
    target = f"arn:aws:s3:::{copy.destination}/{copy.key}"
    yield "s3:GetReplicationConfiguration", source, {}
    yield "s3:ListBucket", source, {}
    if deletes:
        yield "s3:ReplicateDelete", target, {}
        return
    for action in ("GetObjectVersionForReplication", "GetObjectVersionAcl"):
        yield f"s3:{action}", f"{source}/{copy.key}", {}
    yield "s3:ReplicateObject", target, {}
    if tagged:
        yield "s3:GetObjectVersionTagging", f"{source}/{copy.key}", {}
        yield "s3:ReplicateTags", target, {}
    if copy.source_key:
        context = source if copy.source_bucket_key else f"{source}/{copy.key}"
        yield "kms:Decrypt", copy.source_key, _kms_keys(copy.source_key, context)
    if copy.destination_key:
        bucket = f"arn:aws:s3:::{copy.destination}"
        context = bucket if copy.destination_bucket_key else target
        yield "kms:Encrypt", copy.destination_key, _kms_keys(copy.destination_key, context)


def _kms_keys(key: str, context: str) -> dict[str, Any]:
    return {
        "kms:viaservice": f"s3.{key.split(':')[3]}.amazonaws.com",
        "kms:encryptioncontext:aws:s3:arn": context,
        "kms:resourcealiases": accounts.key_aliases(key),
    }
