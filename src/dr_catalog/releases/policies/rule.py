"""A rule: an id, one sentence, the page it stands on, and a function over one template.

Adding a rule is adding one function with the ``@rule`` decorator to a module of this package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..template import Template

Violations = Iterator[tuple[str, str]]
"""Logical id (or parameter, or section) and what is wrong with it."""


@dataclass(frozen=True)
class Rule:
    """One rule.

    Args:
        id: ``DR`` and three digits, never reused.
        sentence: What must hold, in one sentence.
        source: The page it stands on.
        check: Yields what violates it.
    """

    id: str
    sentence: str
    source: str
    check: Callable[[Template], Violations]


REGISTRY: dict[str, Rule] = {}


def rule(
    rule_id: str, sentence: str, *, source: str
) -> Callable[[Callable[[Template], Violations]], Callable[[Template], Violations]]:
    """Register the decorated function as the check of a rule."""

    def register(check: Callable[[Template], Violations]) -> Callable[[Template], Violations]:
        if rule_id in REGISTRY:
            raise ValueError(f"two rules have the id {rule_id}")
        REGISTRY[rule_id] = Rule(id=rule_id, sentence=sentence, source=source, check=check)
        return check

    return register
