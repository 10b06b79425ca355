"""Whether a role's trust policy lets somebody in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .permissions import policies


def trusts(role: Mapping[str, Any], kind: str, who: str, keys: Mapping[str, str]) -> bool:
    """Whether ``who`` may assume the role; a deny wins.

    Args:
        role: The role's record, of `permissions.accounts.role`.
        kind: ``Service`` or ``AWS``.
        who: The principal: a service's name, an ARN or an account.
        keys: Condition keys in lower case.
    """
    effects = {
        statement.get("Effect")
        for statement in _statements(role)
        if who in _listed(_principals(statement).get(kind))
        and policies.conditions_hold(statement.get("Condition") or {}, keys)
    }
    return "Allow" in effects and "Deny" not in effects


def _statements(role: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    document = role.get("AssumeRolePolicyDocument") or "{}"
    document = json.loads(document) if isinstance(document, str) else document
    for statement in _listed(document.get("Statement")):
        if {"sts:AssumeRole", "sts:*", "*"} & set(_listed(statement.get("Action"))):
            yield statement


def _principals(statement: Mapping[str, Any]) -> dict[str, Any]:
    principal = statement.get("Principal")
    return principal if isinstance(principal, dict) else {}


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
