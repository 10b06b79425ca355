"""The reviewed files: what is excluded, what is added, and which resources an action may touch.

The library's three files and a catalog's own ``portfolio/launch_roles.yaml`` have one form; the
dataclasses carry its field names. A catalog's entries come first, so that they may be narrower.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from ..definitions.reader import Form, Section, read

FILES = ("exclusions.yaml", "supplement.yaml", "resources.yaml")
CATALOG_FILE = "launch_roles.yaml"
_ACTION = Form(
    r"[a-z0-9-]+:[A-Za-z*.]+", "service:Action", "such as s3:PutBucketPolicy, or s3:Put*"
)
_SERVICE = Form(
    r"[a-z0-9.-]+\.amazonaws\.com", "a service principal", "such as lambda.amazonaws.com"
)


@dataclass(frozen=True)
class Exclusion:
    """Actions of a type's handlers that a launch does not get.

    Args:
        type: A glob over resource types.
        actions: Globs.
        unless: Properties of the type; a released template that sets one lifts the exclusion.
    """

    type: str
    actions: tuple[str, ...]
    unless: tuple[str, ...]
    reason: str

    def covers(self, action: str) -> bool:
        """Whether the action is one of these."""
        return _fits(action, self.actions)


@dataclass(frozen=True)
class Supplement:
    """What a type needs beyond its handlers.

    Args:
        type: A glob over resource types.
        passed_to: Services that take a role of the resource.
        linked_roles: Services whose service-linked role the resource brings about.
    """

    type: str
    actions: tuple[str, ...]
    passed_to: tuple[str, ...]
    linked_roles: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class Target:
    """The resources that actions may touch.

    Args:
        name: The statement's id.
        actions: Globs.
        resources: ARNs with ``{partition}`` and ``{account}``.
        is_global: The request goes to no region of the pair.
        within_boundary: The role that is touched must carry the boundary.
    """

    name: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    is_global: bool
    within_boundary: bool

    def covers(self, action: str) -> bool:
        """Whether the action is one of these."""
        return _fits(action, self.actions)


@dataclass(frozen=True)
class Review:
    """Every entry, a catalog's own before the library's."""

    exclusions: tuple[Exclusion, ...]
    supplements: tuple[Supplement, ...]
    targets: tuple[Target, ...]

    def target(self, action: str) -> Target | None:
        """The first target with this action."""
        return next((target for target in self.targets if target.covers(action)), None)


def load_review(portfolio: Path | None = None) -> Review:
    """The library's files, and the one in the folder ``portfolio`` where there is one.

    Raises:
        DefinitionError: The catalog's file is not as it must be.
    """
    own = portfolio / CATALOG_FILE if portfolio else None
    return _joined(_load(own), _library()) if own and own.is_file() else _library()


@cache
def _library() -> Review:
    return _joined(*(_load(Path(__file__).with_name(name)) for name in FILES))


def _load(path: Path) -> Review:
    top = read(path)
    review = Review(
        exclusions=tuple(map(_exclusion, top.sections("exclusions", optional=True))),
        supplements=tuple(map(_supplement, top.sections("supplement", optional=True))),
        targets=tuple(map(_target, top.sections("resources", optional=True))),
    )
    top.done()
    return review


def _joined(*reviews: Review) -> Review:
    return Review(
        exclusions=tuple(entry for review in reviews for entry in review.exclusions),
        supplements=tuple(entry for review in reviews for entry in review.supplements),
        targets=tuple(entry for review in reviews for entry in review.targets),
    )


def _exclusion(section: Section) -> Exclusion:
    entry = Exclusion(
        type=section.text("type"),
        actions=section.texts("actions", _ACTION),
        unless=section.texts("unless", optional=True),
        reason=section.text("reason"),
    )
    section.done()
    return entry


def _supplement(section: Section) -> Supplement:
    entry = Supplement(
        type=section.text("type"),
        actions=section.texts("actions", _ACTION, optional=True),
        passed_to=section.texts("passed_to", _SERVICE, optional=True),
        linked_roles=section.texts("linked_roles", _SERVICE, optional=True),
        reason=section.text("reason"),
    )
    for position, action in enumerate(entry.actions):
        if "*" in action:
            raise section.refuse(
                "actions", "one action", f"'{action}'", position=position, hint="name each action"
            )
    section.done()
    return entry


def _target(section: Section) -> Target:
    resources = section.texts("resources")
    named = all(":dr-" in each or "/dr-" in each or "/dr/" in each for each in resources)
    (section.optional_text if named else section.text)("reason")
    entry = Target(
        name=section.text("name", Form("[A-Za-z0-9]+", "letters and digits")),
        actions=section.texts("actions", _ACTION),
        resources=resources,
        is_global="global" in section.names and section.flag("global"),
        within_boundary="within_boundary" in section.names and section.flag("within_boundary"),
    )
    section.done()
    return entry


@cache
def _fits(action: str, globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(action, glob) for glob in globs)
