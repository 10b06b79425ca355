"""The condition keys that tell where in an organisation a caller's account is.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from typing import Any

from ministack.core import iam_evaluator

from ..extension import require
from . import state

_resolve = require(iam_evaluator, "_resolve_condition_key")
require(iam_evaluator, "_principal_org_id")


def install() -> None:
    """Once, before the server starts."""
    iam_evaluator._principal_org_id = organization_id
    iam_evaluator._resolve_condition_key = resolved


def organization_id(account: str) -> str | None:
    """``aws:PrincipalOrgID``: None for an account that is in no organisation."""
    organization = state.of(account)
    return organization["id"] if organization else None


def resolved(key: str, context: Any) -> Any:
    """The value of a condition key; ``aws:PrincipalOrgPaths`` is a list of one path."""
    if key.lower() != "aws:principalorgpaths":
        return _resolve(key, context)
    organization = state.of(context.principal_account)
    if organization is None:
        return None
    return ["/".join(state.path(organization, context.principal_account)) + "/"]
