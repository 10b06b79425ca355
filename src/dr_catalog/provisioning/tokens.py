"""Idempotency tokens that a rerun derives again, so that it resumes instead of starting twice.

The SDK would fill in a random token per call. Derived from what is asked, the token is the same after
an interruption, and Service Catalog answers the record it has already begun.
https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ProvisionProduct.html (ProvisionToken)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping


def derive(
    *,
    account: str,
    region: str,
    operation: str,
    suffix: str,
    version_id: str = "",
    parameters: Mapping[str, str | None] | None = None,
    tags: Mapping[str, str] | None = None,
    after_record: str = "",
) -> str:
    """The token of one operation: 64 hexadecimal digits.

    Args:
        account: The account that launches.
        region: The region of the launch.
        operation: ``launch``, ``upgrade`` or ``terminate``.
        suffix: The environment suffix.
        version_id: The provisioning artifact's id, which also says which product it is.
        parameters: What is sent; None stands for the previous value.
        tags: What is sent.
        after_record: The last record before this operation, where there is one.
    """
    parts = {
        "account": account,
        "region": region,
        "operation": operation,
        "suffix": suffix,
        "version": version_id,
        "parameters": dict(parameters or {}),
        "tags": dict(tags or {}),
        "after": after_record,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
