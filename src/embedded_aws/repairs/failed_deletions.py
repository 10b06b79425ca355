"""A deletion that failed leaves what the failed resource depends on.

CloudFormation deletes a resource only once nothing depends on it any more, so a resource that depends
on everything and refuses its deletion keeps the whole stack. ministack goes on with the rest.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import handlers, stacks

from ..extension import require

_delete_stack = require(stacks, "_delete_stack_async")
_order = require(stacks, "_topological_sort")
_policy = require(stacks, "_resource_policy")
_retaining = require(stacks, "_RETAINING_POLICIES")
_with_dependencies = require(stacks, "_with_dependencies")
_snapshot = require(stacks, "_snapshot_resource")
_event = require(stacks, "_add_event")
_on_thread = require(stacks, "run_reentrant")
_stacks = require(cloudformation, "_stacks")
_exports = require(cloudformation, "_exports")

STACK = "AWS::CloudFormation::Stack"


def install() -> None:
    """Once, before the server starts."""
    for module in (stacks, handlers):
        if hasattr(module, "_delete_stack_async"):
            module._delete_stack_async = delete_stack


async def delete_stack(
    name: str, stack_id: str, retain_resources: Collection[str] = (), force: bool = False
) -> None:
    """Delete a stack's resources, dependents first, and stop where one can't be deleted."""
    stack = _stacks.get(name)
    if stack is None or force:
        await _delete_stack(name, stack_id, retain_resources, force)
        return
    _set(stack, stack_id, "DELETE_IN_PROGRESS", "")
    resources = stack.get("_resources", {})
    definitions = (stack.get("_template") or {}).get("Resources", {})
    failed: list[str] = []
    for logical_id in _dependents_first(stack, definitions, resources):
        if logical_id in _with_dependencies(failed, definitions, set(resources)):
            continue
        resource = resources[logical_id]
        policy = _policy_of(stack, stack_id, logical_id, definitions)
        kept = policy in _retaining or logical_id in retain_resources
        reason = "" if kept else await _delete(stack, stack_id, logical_id, policy)
        if reason:
            failed.append(logical_id)
            resource.update(ResourceStatus="DELETE_FAILED", ResourceStatusReason=reason)
        status = "DELETE_SKIPPED" if kept else "DELETE_FAILED" if reason else "DELETE_COMPLETE"
        _tell(stack, stack_id, logical_id, resource, status, reason)
        if not reason:
            del resources[logical_id]
    if failed:
        reason = f"The following resource(s) failed to delete: [{', '.join(sorted(failed))}]."
        _set(stack, stack_id, "DELETE_FAILED", reason)
        return
    for output in stack.get("Outputs", []):
        _exports.pop(output.get("ExportName"), None)
    _set(stack, stack_id, "DELETE_COMPLETE", "")


def _dependents_first(
    stack: dict[str, Any], definitions: dict[str, Any], resources: dict[str, Any]
) -> Iterator[str]:
    ordered = _order(definitions, stack.get("_conditions", {}))
    # What the template no longer declares has no dependents left.
    ordered += [each for each in resources if each not in ordered]
    return (each for each in reversed(ordered) if each in resources)


def _policy_of(stack: dict[str, Any], stack_id: str, logical_id: str, definitions: Any) -> str:
    policy: str = _policy(
        definitions.get(logical_id),
        "DeletionPolicy",
        stack["_resources"],
        stack.get("_resolved_params", {}),
        stack.get("_conditions", {}),
        (stack.get("_template") or {}).get("Mappings", {}),
        stack["StackName"],
        stack_id,
    )
    return policy


async def _delete(stack: dict[str, Any], stack_id: str, logical_id: str, policy: str) -> str:
    """Delete one resource; why it failed, or nothing."""
    resource = stack["_resources"][logical_id]
    _tell(stack, stack_id, logical_id, resource, "DELETE_IN_PROGRESS", "")
    kind = resource["ResourceType"]
    arguments = (
        kind,
        resource.get("PhysicalResourceId", ""),
        resource.get("Properties", {}),
        stack["StackName"],
        logical_id,
    )
    try:
        if policy == "Snapshot":
            _snapshot(kind, arguments[1], arguments[2])
        # Looked up now: the check of the stack's role stands in front of it.
        if stacks._runs_on_worker_thread(kind):
            await _on_thread(stacks._delete_resource, *arguments)
        else:
            stacks._delete_resource(*arguments)
    except Exception as error:
        return str(error) or type(error).__name__
    return ""


def _tell(
    stack: dict[str, Any],
    stack_id: str,
    logical_id: str,
    resource: dict[str, Any],
    status: str,
    reason: str,
) -> None:
    _event(
        stack_id,
        stack["StackName"],
        logical_id,
        resource["ResourceType"],
        status,
        reason,
        resource.get("PhysicalResourceId", ""),
    )


def _set(stack: dict[str, Any], stack_id: str, status: str, reason: str) -> None:
    stack.update(StackStatus=status, StackStatusReason=reason)
    _event(stack_id, stack["StackName"], stack["StackName"], STACK, status, reason, stack_id)
