"""What changed between two releases, and whether a tenant may meet it in an upgrade.

    templates before + templates after -> compare -> Contract(changes) -> refusals

Parameters and outputs count in the primary template, which a tenant launches; resources count in
all three. A breaking change asks for a new major version. Data-bearing resources are marked.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..definitions import SemanticVersion
from .schemas import create_only
from .template import DATA_BEARING, Resource, Template, dig

# Types that are renewed by design and that nobody outside the stack refers to.
RENEWED = frozenset(
    {
        "AWS::ApiGateway::Deployment",
        "AWS::IAM::Policy",
        "AWS::Lambda::Permission",
        "AWS::Lambda::Version",
    }
)
# A rule of a parameter, and whether a larger value lets fewer values in.
_BOUNDS = {"MinLength": True, "MinValue": True, "MaxLength": False, "MaxValue": False}


@dataclass(frozen=True, order=True)
class Change:
    """One difference.

    Args:
        template: The template's role, such as ``primary``.
        kind: ``parameter``, ``output`` or ``resource``.
        name: Its name or logical id.
        what: What happened to it.
        breaking: Whether it asks for a new major version.
        data_bearing: Whether the resource holds data or the key to it.
    """

    template: str
    kind: str
    name: str
    what: str
    breaking: bool
    data_bearing: bool = False

    def __str__(self) -> str:
        marks = [
            *(["breaking"] if self.breaking else []),
            *(["holds data"] if self.data_bearing else []),
        ]
        mark = f" [{', '.join(marks)}]" if marks else ""
        return f"{self.template}: {self.kind} {self.name}: {self.what}{mark}"


@dataclass(frozen=True)
class Contract:
    """Every difference between two releases of a product; breaking ones first."""

    before: str
    after: str
    changes: tuple[Change, ...]

    @property
    def major(self) -> bool:
        """Whether the later version is a new major version."""
        return SemanticVersion.parse(self.after).major > SemanticVersion.parse(self.before).major

    @property
    def breaking(self) -> tuple[Change, ...]:
        """The changes that ask for a new major version."""
        return tuple(change for change in self.changes if change.breaking)

    @property
    def refused(self) -> tuple[Change, ...]:
        """The breaking changes, unless the version is a new major one."""
        return () if self.major else self.breaking

    def __str__(self) -> str:
        head = f"{self.before} -> {self.after}: "
        if not self.changes:
            return head + "no change in parameters, outputs or resources"
        head += f"{len(self.changes)} changes, {len(self.breaking)} breaking"
        return "\n".join([head, *(f"  {change}" for change in self.changes)])


def compare(
    *, before: str, after: str, old: Mapping[str, bytes], new: Mapping[str, bytes]
) -> Contract:
    """Compare two releases.

    Args:
        before: The earlier version.
        after: The later version.
        old: The earlier version's templates by role.
        new: The later version's templates by role.

    Raises:
        ReleaseError: A resource is of a type that has no CloudFormation schema.
    """
    changes: list[Change] = []
    empty = b'{"Resources": {}}'
    for role in sorted(old.keys() | new.keys()):
        was = Template.parse(role, old.get(role, empty))
        now = Template.parse(role, new.get(role, empty))
        changes += _resources(was, now)
        if role == "primary":
            changes += [*_parameters(was, now), *_outputs(was, now)]
    ordered = sorted(changes, key=lambda change: (not change.breaking, change))
    return Contract(before=before, after=after, changes=tuple(ordered))


def _parameters(was: Template, now: Template) -> Iterator[Change]:
    for name in sorted(was.parameters.keys() | now.parameters.keys()):
        old, new = was.parameters.get(name), now.parameters.get(name)
        if new is None:
            yield Change("primary", "parameter", name, "removed", True)
        elif old is None:
            required = "Default" not in new
            what = "added, and a launch must give it" if required else "added, with a default"
            yield Change("primary", "parameter", name, what, required)
        else:
            for what, breaking in _rules(old, new):
                yield Change("primary", "parameter", name, what, breaking)


def _rules(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """What changed in a parameter's rules, and whether a value that was valid may be refused."""
    if old["Type"] != new["Type"]:
        yield f"type {old['Type']} became {new['Type']}", True
    if "Default" in old and "Default" not in new:
        yield "lost its default, so that a launch must give it", True
    elif old.get("Default") != new.get("Default"):
        yield f"default {old.get('Default', 'none')} became {new['Default']}", False
    if "AllowedValues" in new:
        if "AllowedValues" not in old:
            yield "only listed values are allowed now", True
        elif gone := [value for value in old["AllowedValues"] if value not in new["AllowedValues"]]:
            yield f"no longer allows {', '.join(map(str, gone))}", True
        elif len(new["AllowedValues"]) > len(old["AllowedValues"]):
            yield "allows more values", False
    elif "AllowedValues" in old:
        yield "allows any value now", False
    if old.get("AllowedPattern") != new.get("AllowedPattern"):
        # Whether one pattern admits all that another does can't be told from the two: take the worst.
        narrowed = "AllowedPattern" in new
        yield f"pattern became {new.get('AllowedPattern', 'none')}", narrowed
    for rule, grows_narrower in _BOUNDS.items():
        before, after = old.get(rule), new.get(rule)
        if before == after:
            continue
        larger = before is None or (after is not None and float(after) > float(before))
        narrowed = after is not None and (before is None or larger == grows_narrower)
        yield f"{rule} {before} became {after}", narrowed


def _outputs(was: Template, now: Template) -> Iterator[Change]:
    old, new = was.outputs, now.outputs
    for name in sorted(old.keys() - new.keys()):
        yield Change("primary", "output", name, "removed", True)
    for name in sorted(new.keys() - old.keys()):
        yield Change("primary", "output", name, "added", False)


def _resources(was: Template, now: Template) -> Iterator[Change]:
    for name in sorted(was.by_id.keys() | now.by_id.keys()):
        old, new = was.by_id.get(name), now.by_id.get(name)
        if old is None:
            assert new is not None
            yield Change(now.role, "resource", name, f"{new.type} added", False)
        elif new is None:
            yield _lost(was.role, old, f"{old.type} removed")
        elif old.type != new.type:
            yield _lost(was.role, old, f"{old.type} removed, {new.type} added in its place")
        elif changed := _replacing(old, new):
            yield _lost(was.role, old, f"{old.type} replaced, since {', '.join(changed)} changed")


def _lost(role: str, resource: Resource, what: str) -> Change:
    return Change(
        template=role,
        kind="resource",
        name=resource.id,
        what=what,
        breaking=resource.type not in RENEWED,
        data_bearing=resource.type in DATA_BEARING,
    )


def _replacing(old: Resource, new: Resource) -> list[str]:
    """The changed properties that CloudFormation can only set by making the resource anew."""
    return sorted(
        path
        for path in create_only(old.type)
        if _at(old.properties, path) != _at(new.properties, path)
    )


def _at(value: Any, path: str) -> str:
    """What lies at a schema's path, in which ``*`` stands for every entry of a list."""
    here, star, below = path.partition(".*.")
    found = dig(value, here)
    if star and isinstance(found, list):
        return json.dumps([_at(entry, below) for entry in found])
    return json.dumps(found, sort_keys=True)
