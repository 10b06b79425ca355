"""What a step on a resource needs: calls, each an action on a resource ARN with its condition keys.

``resource_actions.yaml`` lists the needs of each type; a :class:`Step` holds what is known when
CloudFormation takes it (properties, physical id, account, region); :func:`calls` fills the one into
the other. Nothing is evaluated here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from . import placeholders

_TAGS = ("Tags", "BackupPlanTags", "BackupVaultTags")  # what types call the tags that stacks add to
_REMOVED = "removed "  # before a property that an update takes away
FILE = Path(__file__).with_name("resource_actions.yaml")


class UnlistedTypeError(Exception):
    """A resource type has no entry, so no one can say what the role needs for it."""

    def __init__(self, resource_type: str) -> None:
        super().__init__(
            f"{resource_type} has no entry in embedded_aws/permissions/{FILE.name}: "
            "list the actions its creation, update and deletion need"
        )


@dataclass(frozen=True, kw_only=True)
class Need:
    """One entry of the file: actions on one resource, under one condition."""

    actions: tuple[str, ...]
    arn: str
    when: str = ""
    each: str = ""
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Step:
    """What CloudFormation is about to do to one resource.

    Args:
        verb: ``create``, ``update`` or ``delete``; of a stack also ``plan`` and ``execute``.
        resource_type: The CloudFormation type.
        properties: The resolved properties; the new ones on an update.
        previous: The properties before an update.
        physical_id: Empty on creation.
        generated_name: The name CloudFormation gives a resource that names itself nowhere.
        tagged: The stack carries tags, which reach every resource that takes tags.
    """

    verb: str
    resource_type: str
    properties: Mapping[str, Any]
    account: str
    region: str
    previous: Mapping[str, Any] = field(default_factory=dict)
    physical_id: str = ""
    generated_name: str = ""
    tagged: bool = False


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call to an AWS API, as IAM sees it; condition keys are in lower case."""

    action: str
    resource: str
    region: str
    context: Mapping[str, Any] = field(default_factory=dict)


def calls(step: Step) -> Iterator[Call]:
    """The calls that the type's handler makes for this step, in the order of the file.

    Raises:
        UnlistedTypeError: The file has no entry for the type.
    """
    types = _needs("types")
    listed = types.get(step.resource_type)
    if listed is None and step.resource_type.startswith("Custom::"):
        listed = types["Custom::*"]
    if listed is None:
        raise UnlistedTypeError(step.resource_type)
    return _fill(listed[step.verb], step)


def direct_calls(step: Step) -> Iterator[Call]:
    """The calls that Service Catalog or StackSets makes for a stack of this name; none for others.

    The step's properties are the parameters of the request.
    """
    name = str(step.properties.get("StackName", ""))
    for pattern, needs in _needs("direct").items():
        if fnmatchcase(name, pattern):
            return _fill(needs.get(step.verb, ()), step)
    return iter(())


def _fill(needs: tuple[Need, ...], step: Step) -> Iterator[Call]:
    tags = _tags(step)
    for need in needs:
        for item in _items(need, step):
            if not _applies(need, step, item):
                continue
            arn = placeholders.fill(need.arn, step, item, optional=need.when or "each")
            if not arn:  # the update takes away what the call would be about
                continue
            context = {
                key.lower(): value
                for key, template in need.context.items()
                if (value := placeholders.fill(template, step, item)) and value != "*"
            }
            for action in need.actions:
                yield Call(
                    action=action,
                    resource=arn,
                    region=_region(action, arn, step.region),
                    context={**tags, **context},
                )


def _items(need: Need, step: Step) -> list[Any]:
    if not need.each:
        return [None]
    name, _, removed = need.each.partition(".")
    entries = placeholders.listed(step.properties, name)
    if not removed:
        return entries
    return [entry for entry in placeholders.listed(step.previous, name) if entry not in entries]


def _applies(need: Need, step: Step, item: Any) -> bool:
    if not need.when:
        return True
    if need.when.startswith("each."):
        return placeholders.is_set(placeholders.look_up(item, need.when.removeprefix("each.")))
    name = need.when.removeprefix(_REMOVED)
    value = placeholders.look_up(step.properties, name)
    if step.verb == "update":
        if name != need.when and placeholders.is_set(value):
            return False
        return bool(value != placeholders.look_up(step.previous, name))
    return placeholders.is_set(value) or (need.when in _TAGS and step.tagged)


def _tags(step: Step) -> dict[str, Any]:
    """The tags as condition keys: requested on the way in, the resource's own afterwards."""
    tags = next((step.properties[name] for name in _TAGS if step.properties.get(name)), {})
    if isinstance(tags, list):
        tags = {tag["Key"]: tag["Value"] for tag in tags if isinstance(tag, Mapping)}
    prefix = "aws:resourcetag/" if step.verb == "delete" else "aws:requesttag/"
    keys: dict[str, Any] = {f"{prefix}{key}".lower(): str(value) for key, value in tags.items()}
    if tags and step.verb != "delete":
        keys["aws:tagkeys"] = list(tags)
    return keys


def _region(action: str, arn: str, region: str) -> str:
    """Where the call goes: the resource's region; global services have theirs in us-east-1."""
    if action.startswith(("iam:", "route53:")):
        return "us-east-1"
    parts = arn.split(":", 5)
    return parts[3] if len(parts) == 6 and parts[3] else region


@cache
def _needs(section: str) -> dict[str, dict[str, tuple[Need, ...]]]:
    document = yaml.load(FILE.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return {
        name: {
            verb: tuple(_parse(entry[verb], entry.get("arn", "")))
            for verb in entry
            if verb != "arn"
        }
        for name, entry in document[section].items()
    }


def _parse(entries: list[Any], arn: str) -> Iterator[Need]:
    for entry in entries:
        if isinstance(entry, list):
            yield from _parse(entry, arn)
        elif isinstance(entry, str):
            yield Need(actions=(entry,), arn=arn)
        else:
            yield Need(**{"arn": arn, **entry, "actions": tuple(entry["actions"])})
