"""Idempotency tokens that a rerun derives again, so that it resumes instead of starting twice.

The SDK would fill in a random token per call. Derived from what is asked, the token is the same after
an interruption, and Service Catalog answers the record it has already begun.
https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ProvisionProduct.html (ProvisionToken)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True)
class Where:
    """What a launch belongs to: account, region and environment suffix, with its layer's name."""

    account: str
    region: str
    suffix: str


def derive(
    where: Where,
    *,
    operation: str,
    version_id: str = "",
    path_id: str = "",
    parameters: Mapping[str, str | None] | None = None,
    tags: Mapping[str, str] | None = None,
    after_record: str = "",
) -> str:
    """The token of one operation: 64 hexadecimal digits.

    Args:
        where: Account, region and suffix.
        operation: ``launch``, ``upgrade`` or ``terminate``.
        version_id: The provisioning artifact's id, which also says which product it is.
        path_id: The launch path's id, where one is sent.
        parameters: What is sent; None stands for the previous value.
        tags: What is sent.
        after_record: The last record before this operation, where there is one.
    """
    parts = {
        "where": asdict(where),
        "operation": operation,
        "version": version_id,
        "path": path_id,
        "parameters": dict(parameters or {}),
        "tags": dict(tags or {}),
        "after": after_record,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
