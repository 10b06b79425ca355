"""S3 replication of objects encrypted with KMS, as S3 does it.

ministack copies every object that a rule covers. S3 leaves an object encrypted with KMS out unless the
rule selects such objects, and encrypts the replica with the key that the rule names.

See https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
"""

from __future__ import annotations

from typing import Any

from ministack.services import s3

from ..extension import require

ALGORITHM = "x-amz-server-side-encryption"
KEY_ID = "x-amz-server-side-encryption-aws-kms-key-id"

_replicate = require(s3, "_maybe_replicate")
_rule_for = require(s3, "_replication_rule_for")


def install() -> None:
    """Put the selection in front of ministack's copy; once, before the server starts."""
    s3._maybe_replicate = replicate


def replicate(
    bucket: str, key: str, record: dict[str, Any], data: Any, tags: dict[str, str] | None = None
) -> None:
    """Copy an object as its bucket's rule says."""
    headers = record.get("preserved_headers", {})
    if not str(headers.get(ALGORITHM, "")).startswith("aws:kms"):
        _replicate(bucket, key, record, data, tags)
        return
    rule, _ = _rule_for(bucket, key, tags)
    if rule is None:
        return
    selection = rule.get("SourceSelectionCriteria", {}).get("SseKmsEncryptedObjects", {})
    if selection.get("Status") != "Enabled":
        return
    replica_key = rule["Destination"].get("EncryptionConfiguration", {}).get("ReplicaKmsKeyID")
    # ministack copies the record with its headers: the replica's must stand there while it does.
    record["preserved_headers"] = {**headers, KEY_ID: replica_key}
    try:
        _replicate(bucket, key, record, data, tags)
    finally:
        record["preserved_headers"] = headers
