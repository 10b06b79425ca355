"""From what released templates use to the rights a role needs for it.

For each type: the actions that its schema names, less the exclusions, plus the supplement. What no one
has reviewed is told, never guessed at.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from .review import Review, Supplement


@dataclass(frozen=True)
class Use:
    """What released templates do with one resource type.

    Args:
        properties: Dotted paths of every property that one of them sets.
        actions: What the handlers of its schema name, wildcards included.
    """

    type: str
    properties: frozenset[str]
    actions: frozenset[str]


@dataclass(frozen=True)
class Rights:
    """What a role needs.

    Args:
        actions: Each without a wildcard.
        passed_to: The services that roles are passed to.
        linked_roles: The services that may make their service-linked role.
    """

    actions: frozenset[str] = field(default_factory=frozenset)
    passed_to: frozenset[str] = field(default_factory=frozenset)
    linked_roles: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Gap:
    """Something about a type that nobody has reviewed: what, why, and how to mend it."""

    type: str
    what: str
    hint: str


def derive(uses: Iterable[Use], review: Review) -> Rights:
    """The rights for all of these types together."""
    uses = tuple(uses)
    added = [entry for use in uses for entry in _supplements(use, review)]
    actions = {action for use in uses for action in _actions(use, review)}
    return Rights(
        actions=frozenset(actions),
        passed_to=frozenset(service for entry in added for service in entry.passed_to),
        linked_roles=frozenset(service for entry in added for service in entry.linked_roles),
    )


def unreviewed(use: Use, review: Review) -> Iterator[Gap]:
    """What keeps the rights for a type from being derived."""
    where = "portfolio/launch_roles.yaml"
    if not use.actions and not _supplements(use, review):
        yield Gap(
            use.type,
            f"no launch role can be derived for {use.type}: its schema names no handlers, and no "
            "supplement does",
            f"list the actions that it needs under supplement: in {where}, with a reason",
        )
    for action in sorted(_actions(use, review)):
        if "*" in action:
            yield Gap(
                use.type,
                f"the schema of {use.type} names the wildcard {action}",
                f"exclude it in {where}, and list the actions that are needed under supplement:",
            )
        elif review.target(action) is None:
            yield Gap(
                use.type,
                f"nothing says which resources {action} may touch, which {use.type} needs",
                f"give it under resources: in {where}, or exclude it with a reason",
            )


def _actions(use: Use, review: Review) -> frozenset[str]:
    excluded = [
        entry
        for entry in review.exclusions
        if fnmatchcase(use.type, entry.type) and use.properties.isdisjoint(entry.unless)
    ]
    kept = {action for action in use.actions if not any(entry.covers(action) for entry in excluded)}
    return frozenset(kept.union(*(entry.actions for entry in _supplements(use, review))))


def _supplements(use: Use, review: Review) -> tuple[Supplement, ...]:
    return tuple(entry for entry in review.supplements if fnmatchcase(use.type, entry.type))
