"""Identity policies as IAM evaluates them: a deny wins, then an allow, within the boundary.

Documents are parsed once, and for each document the statements that name an action are found once;
after that a decision compares resources and conditions only, some microseconds each. The caches are
keyed by the documents' text, so a new policy version is a new entry.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from ministack.core import iam_evaluator

from ..extension import require

_parse = require(iam_evaluator, "parse_policy_document")
_action_matches = require(iam_evaluator, "_action_matches")
_resource_matches = require(iam_evaluator, "_resource_matches")
_condition_holds = require(iam_evaluator, "_evaluate_single_condition")


def refusal(
    *,
    action: str,
    resource: str,
    context: Mapping[str, Any],
    policies: Iterable[str],
    boundary: str | None,
) -> str | None:
    """Why the policies do not allow the action on the resource; ``None`` when they do.

    Args:
        action: ``service:Action``.
        resource: Its ARN, ``*`` for an action without resources.
        context: Condition keys, in lower case.
        policies: The documents of the identity's policies.
        boundary: The document of its permissions boundary, ``None`` without one.
    """
    allowed, denied = _decide(policies, action, resource, context)
    if denied:
        return "with an explicit deny in an identity-based policy"
    if boundary is not None:
        within, outside = _decide([boundary], action, resource, context)
        if outside:
            return "with an explicit deny in a permissions boundary"
        if allowed and not within:
            return f"because no permissions boundary allows the {action} action"
    if not allowed:
        return f"because no identity-based policy allows the {action} action"
    return None


def conditions_hold(conditions: Mapping[str, Any], context: Mapping[str, Any]) -> bool:
    """Whether every operator of a ``Condition`` block holds for these keys."""
    return all(
        _condition_holds(
            operator,
            context.get(key.lower()),
            [str(value) for value in (expected if isinstance(expected, list) else [expected])],
        )
        for operator, keys in conditions.items()
        for key, expected in keys.items()
    )


def _decide(
    documents: Iterable[str], action: str, resource: str, context: Mapping[str, Any]
) -> tuple[bool, bool]:
    """Whether a statement allows, and whether one denies."""
    effects = {
        statement.effect
        for document in documents
        for statement in _naming(document, action)
        if _resource_matches(resource, statement.resources, statement.not_resources)
        and conditions_hold(statement.conditions, context)
    }
    return "Allow" in effects, "Deny" in effects


@lru_cache(maxsize=65_536)  # a launch asks more than 4,096 questions, in one order
def _naming(document: str, action: str) -> tuple[Any, ...]:
    """The document's statements that name the action."""
    return tuple(
        statement
        for statement in _statements(document)
        if _action_matches(action, statement.actions, statement.not_actions)
    )


@lru_cache(maxsize=256)
def _statements(document: str) -> tuple[Any, ...]:
    return tuple(_parse(document))
