"""What an account holds that bears on a decision, read from the emulator's own stores.

Nothing here changes anything. Stores are read with account and region given, so it does not matter
whose request is being served.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import iam, kms, s3

from ..extension import require

# Where Service Catalog keeps its copies of templates; it belongs to no account one can see.
SERVICE_CATALOG_BUCKET = "servicecatalog-service-owned-templates"

_roles = require(iam, "_roles")
_aliases = require(kms, "_aliases")
_buckets = require(s3, "_buckets")
_object_tags = require(s3, "_object_tags")
_managed_document = require(iam_evaluator, "_resolve_managed_policy_document")


def role(account: str, name: str) -> dict[str, Any] | None:
    """The role's record, ``None`` when there is none."""
    found: dict[str, Any] | None = _roles.get_scoped(account, None, name)
    return found


def role_arn(account: str, name: str) -> str:
    """The ARN of a role that may be made by the same stack, so may not be there yet."""
    found = role(account, name)
    return str(found["Arn"]) if found else f"arn:aws:iam::{account}:role/{name}"


def role_boundary(account: str, name: str) -> str:
    """The ARN of the role's permissions boundary, empty when it has none."""
    return str((role(account, name) or {}).get("PermissionsBoundary") or "")


def policy_documents(account: str, record: dict[str, Any]) -> list[str]:
    """The documents of a role's inline and attached policies."""
    documents = [*(record.get("InlinePolicies") or {}).values()]
    documents += [_managed_document(arn, account) for arn in record.get("AttachedPolicies") or ()]
    return [_text(document) for document in documents if document]


def boundary_document(account: str, record: dict[str, Any]) -> str | None:
    """The document of a role's boundary; ``None`` without one, an empty one if it is gone."""
    arn = record.get("PermissionsBoundary")
    if not arn:
        return None
    return _text(_managed_document(arn, account) or {})


def key_arn(account: str, region: str, key: str) -> str:
    """The ARN of a KMS key named by ARN, id or alias; the alias itself when it leads nowhere."""
    if key.startswith("arn:") and ":alias/" not in key:
        return key
    if key.startswith("arn:"):
        region, key = key.split(":")[3], key.split(":", 5)[5]
    if key.startswith("alias/"):
        alias = f"arn:aws:kms:{region}:{account}:{key}"
        target = _aliases.get_scoped(account, region, alias)
        if not target:
            return alias
        key = str(target)
    return f"arn:aws:kms:{region}:{account}:key/{key}"


def key_aliases(arn: str) -> list[str]:
    """The aliases of a KMS key, which conditions call its ``kms:ResourceAliases``."""
    _, _, _, region, account, name = arn.split(":", 5)
    return [
        alias.split(":", 5)[5]
        for alias, target in _aliases.items_scoped(account, region)
        if target == name.removeprefix("key/")
    ]


def bucket_owner(bucket: str) -> str | None:
    """The account that owns the bucket; names are unique across accounts."""
    return next((owner for owner, name in list(_buckets._data) if name == bucket), None)


def object_tags(bucket: str, key: str) -> dict[str, str]:
    """The tags of an object, whoever owns it; Service Catalog tags its copies of templates."""
    if bucket == SERVICE_CATALOG_BUCKET:
        return {"servicecatalog:provisioning": "true"}
    owner = bucket_owner(bucket)
    record = (_buckets.get_scoped(owner, None, bucket) or {}).get("objects", {}).get(key)
    if record is None:
        return {}
    tags = _object_tags.get_scoped(owner, None, (bucket, key, record.get("version_id")))
    return dict(tags or {})


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document, sort_keys=True)
