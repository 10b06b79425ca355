"""What is remembered of a StackSet, in the account and region where it was created."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TypedDict

from ..extension import account_region_store


class Instance(TypedDict):
    """One stack instance.

    ``status`` is CURRENT, OUTDATED (its stack is not as the StackSet says) or INOPERABLE (its stack
    could not be deleted); ``stack_id`` is empty while it has no stack.
    """

    account: str
    region: str
    stack_id: str
    status: str
    reason: str


class Outcome(TypedDict):
    """How an operation ended in one place: SUCCEEDED or FAILED, with the reason."""

    account: str
    region: str
    status: str
    reason: str


class Operation(TypedDict):
    """One operation over instances: CREATE, UPDATE or DELETE; RUNNING, SUCCEEDED or FAILED."""

    id: str
    action: str
    status: str
    created: str
    ended: str
    outcomes: list[Outcome]


class Definition(TypedDict):
    """What a StackSet brings up; ``template`` is the template's text, ``url`` where it was read."""

    description: str
    template: str
    url: str
    administration_role: str
    execution_role: str
    capabilities: list[str]
    parameters: dict[str, str]
    tags: dict[str, str]


class StackSet(TypedDict):
    """A StackSet; operations oldest first."""

    name: str
    id: str
    arn: str
    definition: Definition
    instances: list[Instance]
    operations: list[Operation]


stack_sets = account_region_store()
"""By name."""


def now() -> str:
    """This moment, as CloudFormation writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
