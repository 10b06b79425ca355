"""S3 replication of objects encrypted with KMS, as S3 does it.

ministack copies every object that a rule covers. S3 leaves an object encrypted with KMS out unless the
rule selects such objects, encrypts the replica with the key that the rule names, and does it all under
the rule's role. A copy that the role or the key does not allow is FAILED; tags that change later follow
to the replica, and back when the rule of its bucket has replica modifications on.

While the two buckets' regions are apart an object is PENDING; it is copied afterwards, unless the other
bucket was given a later one meanwhile: that one stays, and the older is no version there.

See https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
and https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-for-metadata-changes.html
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id, request_scope
from ministack.services import kms, s3

from ..extension import Response, require
from ..permissions import accounts
from ..regions import backlog, state
from .replication_role import Copy, allows

ALGORITHM = "x-amz-server-side-encryption"
KEY_ID = "x-amz-server-side-encryption-aws-kms-key-id"

_replicate = require(s3, "_maybe_replicate")
_replicate_marker = require(s3, "_maybe_replicate_delete_marker")
_put_tags = require(s3, "_put_object_tagging")
_delete_tags = require(s3, "_delete_object_tagging")
_rule_for = require(s3, "_replication_rule_for")
_in_account = require(s3, "_in_account")
_owner = require(s3, "_bucket_owner_account")
_buckets = require(s3, "_buckets")
_object_tags = require(s3, "_object_tags")
_bucket_encryption = require(s3, "_bucket_encryption")
_versions = require(s3, "_object_versions")
_keys = require(kms, "_keys")

Record = dict[str, Any]
Tags = dict[str, str]


def install() -> None:
    """Put the selection in front of ministack's copy; once, before the server starts."""
    s3._maybe_replicate = replicate
    s3._maybe_replicate_delete_marker = replicate_marker
    s3._put_object_tagging = put_tags
    s3._delete_object_tagging = delete_tags


def replicate(bucket: str, key: str, record: Record, data: Any, tags: Tags | None = None) -> None:
    """Copy an object as its bucket's rule says, now or once it gets there."""
    rule, role = _rule_for(bucket, key, tags)
    if rule is None:
        return
    if _is_held(bucket, rule):
        record["replication_status"] = "PENDING"
        _post(
            bucket, key, rule, functools.partial(_replicate_late, bucket, key, record, data, tags)
        )
    else:
        _replicate_now(bucket, key, record, data, tags, rule, role)


def _replicate_late(
    bucket: str, key: str, record: Record, data: Any, tags: Tags | None = None
) -> None:
    """Copy an object that waited, and say so where its version is listed."""
    version = record.get("version_id")
    rule, role = _rule_for(bucket, key, tags)
    if rule is None:
        return
    _replicate_now(bucket, key, record, data, tags, rule, role)
    for entry in _versions.get((bucket, key)) or ():
        if entry["version_id"] == version and "replication_status" in record:
            entry["replication_status"] = record["replication_status"]
    replica = _replica_of(record)
    kept = _object_tags.get((bucket, key, version))
    if replica is not None and kept:
        name, replica_version, account = replica
        with _in_account(account):
            _object_tags[(name, key, replica_version)] = dict(kept)


def _replicate_now(
    bucket: str,
    key: str,
    record: Record,
    data: Any,
    tags: Tags | None,
    rule: Record,
    role: str,
) -> None:
    headers = record.get("preserved_headers", {})
    encrypted = str(headers.get(ALGORITHM, "")).startswith("aws:kms")
    if encrypted and not _selects(rule, "SseKmsEncryptedObjects"):
        return
    replica_key = (
        rule["Destination"].get("EncryptionConfiguration", {}).get("ReplicaKmsKeyID", "")
        if encrypted
        else ""
    )
    copy = _copy(bucket, key, rule, headers.get(KEY_ID, "") if encrypted else "", replica_key)
    if (replica_key and not _enabled(replica_key)) or not allows(role, copy, tagged=bool(tags)):
        record["replication_status"] = "FAILED"
        return
    # ministack copies the record with its headers: the replica's must stand there while it does.
    if encrypted:
        record["preserved_headers"] = {**headers, KEY_ID: replica_key}
    try:
        _replicate(bucket, key, record, data, tags)
    finally:
        record["preserved_headers"] = headers


def replicate_marker(bucket: str, key: str) -> None:
    """Copy a delete marker, when the role may, now or once it gets there."""
    rule, role = _rule_for(bucket, key, None)
    if rule is not None and _is_held(bucket, rule):
        _post(bucket, key, rule, functools.partial(replicate_marker, bucket, key))
    elif rule is not None and allows(role, _copy(bucket, key, rule, "", ""), deletes=True):
        _replicate_marker(bucket, key)


def put_tags(bucket: str, key: str, body: bytes, query: dict[str, Any] | None = None) -> Response:
    """PutObjectTagging."""
    answer: Response = _put_tags(bucket, key, body, query)
    _tags_follow(bucket, key, answer, query)
    return answer


def delete_tags(bucket: str, key: str, query: dict[str, Any] | None = None) -> Response:
    """DeleteObjectTagging."""
    answer: Response = _delete_tags(bucket, key, query)
    _tags_follow(bucket, key, answer, query)
    return answer


def _tags_follow(bucket: str, key: str, answer: Response, query: dict[str, Any] | None) -> None:
    """Give the other copy of the current version the tags of this one."""
    if answer[0] >= 300 or (query or {}).get("versionId"):
        return
    record = _buckets[bucket]["objects"][key]
    rule, role = _rule_for(bucket, key, None)
    if rule is not None and _is_held(bucket, rule):
        _post(bucket, key, rule, functools.partial(_tags_follow, bucket, key, answer, query))
        return
    if rule is None or not allows(role, _copy(bucket, key, rule, "", ""), tagged=True):
        return
    other = _replica_of(record) or _source_of(bucket, key, record, rule)
    if other is None:
        return
    name, version, account = other
    tags = dict(_object_tags.get((bucket, key, record.get("version_id"))) or {})
    with _in_account(account):
        _object_tags[(name, key, version)] = tags


def _is_held(bucket: str, rule: Record) -> bool:
    """Whether nothing gets to the bucket that a rule names."""
    return state.held(_region(bucket), _region(_destination(rule)))


def _post(bucket: str, key: str, rule: Record, apply: Callable[[], None]) -> None:
    """Keep a change of an object until it gets to the other bucket."""
    account, to = get_account_id(), _destination(rule)
    home = _region(bucket)
    thing = ("s3", frozenset((bucket, to)), key)

    def later() -> None:
        with request_scope(account, home):
            apply()

    time = backlog.wrote(thing, home)
    backlog.post(thing, source=home, destination=_region(to), time=time, apply=later)


def _destination(rule: Record) -> str:
    name: str = rule["Destination"]["Bucket"].rpartition(":")[2]
    return name


def _replica_of(record: Record) -> tuple[str, str, str] | None:
    """Where ministack put the replica: bucket, version and account."""
    found: tuple[str, str, str] | None = record.get("_replica")
    return found


def _source_of(bucket: str, key: str, record: Record, rule: Record) -> tuple[str, str, str] | None:
    """Where a replica came from, when its bucket's rule sends modifications back there."""
    if record.get("replication_status") != "REPLICA" or not _selects(rule, "ReplicaModifications"):
        return None
    name = _destination(rule)
    account = _owner(name)
    source = (_buckets.get_scoped(account, None, name) or {}).get("objects", {}).get(key, {})
    if tuple(source.get("_replica") or ())[:2] != (bucket, record.get("version_id")):
        return None
    return name, source["version_id"], account


def _selects(rule: Record, what: str) -> bool:
    selected = rule.get("SourceSelectionCriteria", {}).get(what, {})
    return bool(selected.get("Status") == "Enabled")


def _enabled(key: str) -> bool:
    """Whether a key ARN or alias ARN leads to a key that can be used."""
    _, _, _, region, account, _ = key.split(":", 5)
    arn = accounts.key_arn(account, region, key)
    found = _keys.get_scoped(account, region, arn.rpartition("/")[2])
    return found is not None and found.get("KeyState") == "Enabled"


def _copy(bucket: str, key: str, rule: Record, source_key: str, replica_key: str) -> Copy:
    to = _destination(rule)
    account = get_account_id()
    return Copy(
        account=account,
        source=bucket,
        source_key=accounts.key_arn(account, _region(bucket), source_key) if source_key else "",
        source_bucket_key=_has_bucket_key(bucket),
        destination=to,
        destination_key=accounts.key_arn(account, _region(to), replica_key) if replica_key else "",
        destination_bucket_key=_has_bucket_key(to),
        key=key,
    )


def _region(bucket: str) -> str:
    record = _buckets.get_scoped(_owner(bucket), None, bucket) or {}
    return str(record.get("region") or "us-east-1")


def _has_bucket_key(bucket: str) -> bool:
    settings = _bucket_encryption.get_scoped(_owner(bucket), None, bucket) or ""
    return "BucketKeyEnabled>true<" in settings
