"""Statements into as few policies as IAM's limits allow.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from ..errors import ReleaseError

Statement = dict[str, Any]
Document = dict[str, Any]

MANAGED_POLICY_LIMIT = 6144  # characters without white space
ATTACHED_POLICIES_LIMIT = 10  # a role
PLACEHOLDER_ROOM = 200  # what is substituted may be longer than its placeholder


def document(statements: Iterable[Statement]) -> Document:
    """The statements as a policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def size(policy: Document) -> int:
    """Its length as IAM counts it."""
    return len(json.dumps(policy, separators=(",", ":")))


def pack(statements: Iterable[Statement]) -> list[Document]:
    """The statements, each in the first policy with room for it, the longest first.

    Raises:
        ReleaseError: They need more policies than a role may have.
    """
    policies: list[list[Statement]] = []
    pieces = [piece for statement in statements for piece in _split(statement)]
    for piece in sorted(pieces, key=lambda each: (-size(each), each["Sid"])):
        for policy in policies:
            if _fits([*policy, piece]):
                policy.append(piece)
                break
        else:
            policies.append([piece])
    if len(policies) > ATTACHED_POLICIES_LIMIT:
        raise ReleaseError(
            f"a role would need {len(policies)} policies",
            why=f"IAM attaches {ATTACHED_POLICIES_LIMIT} to a role",
            hint="exclude what the releases do without, in portfolio/launch_roles.yaml",
        )
    return [document(policy) for policy in policies]


def _split(statement: Statement) -> Iterator[Statement]:
    """The statement, by its actions in as many parts as it takes for each to fit into a policy."""
    actions = statement["Action"]
    if _fits([statement]) or isinstance(actions, str) or len(actions) == 1:
        yield statement
        return
    half = len(actions) // 2
    for part, some in (("A", actions[:half]), ("B", actions[half:])):
        yield from _split({**statement, "Sid": f"{statement['Sid']}{part}", "Action": some})


def _fits(statements: list[Statement]) -> bool:
    return size(document(statements)) <= MANAGED_POLICY_LIMIT - PLACEHOLDER_ROOM
