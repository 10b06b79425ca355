"""CloudFormation and Lambda reading a bucket of another account, as its policy lets them.

ministack looks in the caller's own account only. A template or a function's code that can't be read
fails what asked for it, where ministack would go on without. And a client's plain HTTP on the loopback
stands for the TLS it would use with AWS: policies of other accounts' buckets ask for it.
"""

from __future__ import annotations

from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import lambda_svc, s3

from ..extension import require

_read = require(s3, "_get_object_data")
_owner = require(s3, "_bucket_owner_account")
_policies = require(s3, "_bucket_policies")
_allows = require(s3, "_foreign_bucket_allows")
_origin = require(iam_evaluator, "_request_origin")
_code = require(lambda_svc, "_fetch_code_from_s3")


def install() -> None:
    """Once, before the server starts."""
    s3._get_object_data = read_object
    s3._foreign_bucket_allows = as_if_encrypted
    lambda_svc._fetch_code_from_s3 = read_code


def as_if_encrypted(*arguments: Any) -> bool:
    """Whether another account's bucket lets a client in, which came as securely as it can here."""
    token = _origin.set((_origin.get()[0], True))
    try:
        allowed: bool = _allows(*arguments)
    finally:
        _origin.reset(token)
    return allowed


def read_object(bucket: str, key: str, version_id: str | None = None) -> bytes | None:
    """The object's bytes; None when it is not there or its owner does not share it."""
    owner, caller = _owner(bucket), get_account_id()
    if owner in (None, caller):
        found: bytes | None = _read(bucket, key, version_id)
        return found
    asked = iam_evaluator.EvalContext(
        principal_arn=f"arn:aws:iam::{caller}:root",
        principal_type="Root",
        principal_account=caller,
        action="s3:GetObject",
        resource_arn=f"arn:aws:s3:::{bucket}/{key}",
        secure_transport=True,  # AWS services call each other over TLS
        region=get_region(),
    )
    policy = _policies.get_scoped(owner, None, bucket)
    if not policy or iam_evaluator.evaluate_resource_policy(policy, asked).decision != "Allow":
        return None
    with request_scope(owner, get_region()):
        return _read(bucket, key, version_id)


def read_code(bucket: str, key: str, version_id: str | None = None) -> bytes:
    """A function's code.

    Raises:
        ValueError: It can't be read.
    """
    code: bytes | None = _code(bucket, key, version_id)
    if code is None:
        raise ValueError(
            "Error occurred while GetObject. S3 Error Code: NoSuchKey or AccessDenied. "
            f"S3 Error Message: s3://{bucket}/{key} can't be read from account {get_account_id()}"
        )
    return code
