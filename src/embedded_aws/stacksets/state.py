"""What is remembered of a StackSet, in the account and region where it was created."""

from __future__ import annotations

from typing import TypedDict

from ..extension import account_region_store


class Instance(TypedDict):
    """One stack instance."""

    account: str
    region: str
    stack_id: str
    status: str
    reason: str


class Operation(TypedDict):
    """One operation over the instances."""

    id: str
    action: str
    status: str
    created: str
    ended: str
    results: list[Instance]


class StackSet(TypedDict):
    """A StackSet; ``template`` is the text of its template."""

    name: str
    id: str
    arn: str
    description: str
    template: str
    url: str
    administration_role: str
    execution_role: str
    capabilities: list[str]
    parameters: dict[str, str]
    tags: dict[str, str]
    instances: list[Instance]
    operations: list[Operation]


stack_sets = account_region_store()
"""By name."""
