"""A change set leaves out what a condition leaves out, and knows what a change replaces.

ministack lists resources whose condition is false, and calls every change of a type that it has no
table for a conditional replacement. The types' schemas say which properties can't change in place.

It also makes a stack anew for each change set of one that is not there yet, so that two of them could
be executed, both to create it. AWS has one stack in review, and deletes its other change sets when one is
executed.

See https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

from __future__ import annotations

from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import (
    changesets,
    engine,
    handlers,
    provisioners,
    stacks,
)

from ..extension import require

_resolve = require(changesets, "_resolve_props_for_diff")
_evaluate = require(engine, "_evaluate_conditions")
_recreation = require(stacks, "_property_recreation")
_tables = require(provisioners, "_REPLACING_PROPERTIES")
_actions = require(handlers, "_ACTION_HANDLERS")
_create = require(changesets, "_create_change_set")
_stacks = require(cloudformation, "_stacks")
_change_sets = require(cloudformation, "_change_sets")


def install() -> None:
    """Once, before the server starts."""
    changesets._resolve_props_for_diff = resolved
    # The name that the comparison of templates knows; an update's own decision stays what it is.
    stacks._property_recreation = recreation
    _actions["CreateChangeSet"] = created


def resolved(
    template: dict[str, Any], params: dict[str, Any], stack_name: str, stack_id: str
) -> dict[str, Any]:
    """The template's resources that there will be, their properties resolved."""
    found: dict[str, Any] = _resolve(template, params, stack_name, stack_id)
    if not found:
        return found
    holds = _evaluate(template, params)
    kept = {
        name: body
        for name, body in found["Resources"].items()
        if "Condition" not in body or holds.get(body["Condition"], False)
    }
    return {**found, "Resources": kept}


def recreation(resource_type: str, name: str) -> str:
    """Whether a change of the property replaces the resource: Always, Conditionally or Never."""
    # Resource types take hold of ministack when they are imported: after the repairs, not before.
    from ..resource_types.schema import schema_of

    schema = None if resource_type in _tables else schema_of(resource_type)
    if schema is None:
        said: str = _recreation(resource_type, name)
        return said
    fixed = schema.get("createOnlyProperties", ())
    perhaps = [*fixed, *schema.get("conditionalCreateOnlyProperties", ())]
    if f"/properties/{name}" in fixed:
        return "Always"
    inside = f"/properties/{name}/"
    if any(path == inside[:-1] or path.startswith(inside) for path in perhaps):
        return "Conditionally"
    return "Never"


def created(params: dict[str, Any]) -> Any:
    """CreateChangeSet, in which the change sets of a stack in review stay those of one stack."""
    names = params.get("StackName", "")
    name = names[0] if isinstance(names, list) else names
    before = _stacks.get(name)
    in_review = before is not None and before["StackStatus"] == "REVIEW_IN_PROGRESS"
    answer = _create(params)
    after = _stacks.get(name)
    if before is None or not in_review or after is before:
        return answer
    if after is None:  # refused: what was in review stays so
        _stacks[name] = before
        return answer
    for each in _change_sets.values():
        if each.get("StackId") == before["StackId"]:
            each["StackId"] = after["StackId"]
    return answer
