"""What a change set's entries mean: added, changed, replaced or removed, and what becomes of data.

Replacing or removing what holds data loses it, unless its policy keeps it: then it is orphaned, still
there and paid for, but no longer part of the launch.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
"""

from __future__ import annotations

from dataclasses import dataclass

from ..releases.template import DATA_BEARING, Template
from .preview_model import ResourceChange

ADDED, CHANGED, TAGGED, REMOVED = "added", "changed", "tags", "removed"
REPLACED, PERHAPS_REPLACED = "replaced", "perhaps replaced"
LOST, ORPHANED, SNAPSHOT, UNTOLD = "lost", "orphaned", "snapshot", "unknown"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One resource that a launch or an upgrade adds, changes or takes away.

    Args:
        region: Where.
        part: ``primary``, or which of the peer's stacks.
        action: added, changed, tags (nothing else changes), replaced, perhaps replaced, or removed.
        resource: The logical id.
        type: The resource type.
        physical_id: What it is called now; empty for a new one.
        properties: The properties that change.
        data: What becomes of the data that it holds: lost, orphaned (kept outside the launch),
            snapshot, unknown (its policy could not be read); empty where none is at risk.
    """

    region: str
    part: str
    action: str
    resource: str
    type: str
    physical_id: str = ""
    properties: tuple[str, ...] = ()
    data: str = ""


def judged(
    change: ResourceChange, *, region: str, part: str, old: Template | None, new: Template | None
) -> Change:
    """What a change set's entry means.

    Args:
        old: The template that the stack was made of; None where it can't be read.
        new: The template that it will be made of; likewise.
    """
    action = _action(change)
    data = ""
    if change.type in DATA_BEARING and action == REMOVED:
        data = _fate(old, change.resource, "DeletionPolicy")
    elif change.type in DATA_BEARING and action in (REPLACED, PERHAPS_REPLACED):
        data = _fate(new, change.resource, "UpdateReplacePolicy")
    return Change(
        region=region,
        part=part,
        action=action,
        resource=change.resource,
        type=change.type,
        physical_id=change.physical_id,
        properties=change.properties,
        data=data,
    )


def _action(change: ResourceChange) -> str:
    if change.action != "MODIFY":
        return {"ADD": ADDED, "REMOVE": REMOVED}.get(change.action, CHANGED)
    if change.replacement == "TRUE":
        return REPLACED
    # Whether a custom resource is another one afterwards is its function's affair.
    if change.replacement == "CONDITIONAL" and not change.type.startswith("Custom::"):
        return PERHAPS_REPLACED
    return TAGGED if change.tags_only else CHANGED


def _fate(template: Template | None, resource: str, policy: str) -> str:
    found = template.by_id.get(resource) if template else None
    if found is None:
        return UNTOLD
    said = str(found.body.get(policy, "Delete"))
    return {"Snapshot": SNAPSHOT, "Delete": LOST}.get(said, ORPHANED)
