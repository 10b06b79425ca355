"""Brings stack instances up, changes them and takes them down, through CloudFormation's own API.

An operation goes over its instances one after the other, as StackSets does by default
(`MaxConcurrentCount` 1, `FailureToleranceCount` 0), and stops at the first failure. An instance whose
stack failed to come up has rolled back; the stack that is left says why, and goes with the instance.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-concepts.html
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from ..clients import client
from ..stack_progress import in_progress, turns
from . import roles
from .state import Instance, Operation, Outcome, StackSet, now

REASON_LIMIT = 850
_NOTHING_TO_DO = "No updates are to be performed"
_GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE")


class InstanceError(ValueError):
    """An instance's stack could not be made, changed or deleted."""


class OperationError(ValueError):
    """An operation failed; the message names the region and the reason, cut at 850 characters."""

    def __init__(self, operation: Operation, failed: Outcome) -> None:
        super().__init__(
            f"StackSet operation {operation['id']} ({operation['action']}) failed in "
            f"{failed['region']} of account {failed['account']}: {failed['reason']}"[:REASON_LIMIT]
        )


def operate(stack_set: StackSet, action: str, instances: Sequence[Instance]) -> None:
    """Run CREATE, UPDATE or DELETE over ``instances``, and record the operation.

    Raises:
        OperationError: An instance failed; those after it were not begun.
    """
    operation = Operation(
        id=str(uuid.uuid4()),
        action=action,
        status="RUNNING",
        created=now(),
        ended="",
        outcomes=[],
    )
    stack_set["operations"].append(operation)
    failed = None
    for instance in instances:
        outcome = _run(stack_set, action, instance)
        operation["outcomes"].append(outcome)
        if outcome["status"] == "FAILED":
            failed = outcome
            break
    operation["status"] = "FAILED" if failed else "SUCCEEDED"
    operation["ended"] = now()
    if failed:
        raise OperationError(operation, failed)


def _run(stack_set: StackSet, action: str, instance: Instance) -> Outcome:
    reason = ""
    try:
        _act(stack_set, action, instance)
        instance["status"] = "CURRENT"
    except (ClientError, InstanceError, roles.RoleError) as error:
        reason = (
            error.response["Error"]["Message"] if isinstance(error, ClientError) else str(error)
        )
        instance["status"] = "INOPERABLE" if action == "DELETE" else "OUTDATED"
    instance["reason"] = reason
    return Outcome(
        account=instance["account"],
        region=instance["region"],
        status="FAILED" if reason else "SUCCEEDED",
        reason=reason,
    )


def _act(stack_set: StackSet, action: str, instance: Instance) -> None:
    if action == "DELETE" and not instance["stack_id"]:
        return
    definition = stack_set["definition"]
    roles.check(
        administration=definition["administration_role"],
        execution=definition["execution_role"],
        account=stack_set["arn"].split(":")[4],
        target=instance["account"],
        arn=stack_set["arn"],
    )
    api = client("cloudformation", account=instance["account"], region=instance["region"])
    if action == "DELETE":
        _delete(api, instance)
        return
    arguments = _arguments(stack_set, instance)
    if instance["stack_id"]:
        try:
            api.update_stack(StackName=instance["stack_id"], **arguments)
        except ClientError as error:
            if _NOTHING_TO_DO not in error.response["Error"]["Message"]:
                raise
            return
    else:
        name = f"StackSet-{stack_set['name']}-{uuid.uuid4()}"
        instance["stack_id"] = api.create_stack(StackName=name, **arguments)["StackId"]
    _await(api, instance)


def _arguments(stack_set: StackSet, instance: Instance) -> dict[str, Any]:
    definition = stack_set["definition"]
    url, text = definition["url"], definition["template"]
    return {
        **({"TemplateURL": url} if url else {"TemplateBody": text}),
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in definition["parameters"].items()
        ],
        "Capabilities": definition["capabilities"],
        "RoleARN": f"arn:aws:iam::{instance['account']}:role/{definition['execution_role']}",
        "Tags": [{"Key": key, "Value": value} for key, value in definition["tags"].items()],
    }


def _delete(api: Any, instance: Instance) -> None:
    stack_id = instance["stack_id"]
    if _status(api, stack_id) != "DELETE_COMPLETE":
        api.delete_stack(StackName=stack_id)
        _await(api, instance)
    instance["stack_id"] = ""


def _await(api: Any, instance: Instance) -> None:
    """Wait until the instance's stack has come to rest.

    Raises:
        InstanceError: Not where it was to go; with the reason of its first failure.
    """
    place = {"account": instance["account"], "region": instance["region"]}
    stack_id = instance["stack_id"]
    for _ in turns():
        if not in_progress(**place, stack_id=stack_id):
            break
    if _status(api, stack_id) not in _GOOD:
        raise InstanceError(_first_failure(api, stack_id))


def _status(api: Any, stack_id: str) -> str:
    status: str = api.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"]
    return status


def _first_failure(api: Any, stack_id: str) -> str:
    """The oldest failure of the stack's last operation, as StackSets words it."""
    reason = ""
    pages = api.get_paginator("describe_stack_events").paginate(StackName=stack_id)
    for event in (event for page in pages for event in page["StackEvents"]):  # newest first
        status = event["ResourceStatus"]
        own = event["PhysicalResourceId"] == stack_id
        if status.endswith("_FAILED") and not (own and reason):
            reason = (
                f"ResourceLogicalId:{event['LogicalResourceId']}, "
                f"ResourceType:{event['ResourceType']}, "
                f"ResourceStatusReason:{event.get('ResourceStatusReason', 'none given')}."
            )
        if own and status in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"):
            break
    return reason or "no resource failed, but the stack did"
