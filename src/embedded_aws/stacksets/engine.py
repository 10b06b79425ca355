"""Brings stack instances up, changes them and takes them down, through CloudFormation's own API."""

from __future__ import annotations

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from ministack.core.responses import get_region

from ..clients import client
from .state import Instance, Operation, StackSet

POLL_SECONDS = 0.05
NOTHING_TO_DO = "No updates are to be performed"
GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE")


class StackSetError(ValueError):
    """An operation failed; the message is the one CloudFormation gives."""


def operate(stack_set: StackSet, action: str, instances: list[Instance]) -> None:
    """Run ``CREATE``, ``UPDATE`` or ``DELETE`` over ``instances`` and record the operation.

    Raises:
        StackSetError: An instance failed; its stack has rolled back where it could.
    """
    operation = Operation(
        id=secrets.token_hex(16),
        action=action,
        status="RUNNING",
        created=now(),
        ended="",
        results=[],
    )
    stack_set["operations"].append(operation)
    with ThreadPoolExecutor(max_workers=4) as pool:
        # Each worker gets the caller's account and region.
        runs = [
            pool.submit(copy_context().run, _run, stack_set, action, each) for each in instances
        ]
        for run in runs:
            run.result()
    failed = [each for each in instances if each["status"] != "CURRENT"]
    operation.update(
        status="FAILED" if failed else "SUCCEEDED",
        ended=now(),
        results=[Instance(**each) for each in instances],
    )
    if failed:
        raise StackSetError(
            f"Resource handler returned message: "
            f'"StackSet {stack_set["name"]}: {action} failed in {failed[0]["region"]} '
            f'({failed[0]["account"]}): {failed[0]["reason"]}"'[:850]
        )


def new_instance(account: str, region: str) -> Instance:
    """An instance that has no stack yet."""
    return Instance(account=account, region=region, stack_id="", status="OUTDATED", reason="")


def now() -> str:
    """This moment, as CloudFormation writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _run(stack_set: StackSet, action: str, instance: Instance) -> None:
    cloudformation = client(
        "cloudformation", account=instance["account"], region=instance["region"]
    )
    try:
        if action == "DELETE" or (action == "UPDATE" and instance["stack_id"]):
            name = instance["stack_id"]
        else:
            name = f"StackSet-{stack_set['name']}-{secrets.token_hex(16)}"
        if action == "DELETE":
            cloudformation.delete_stack(StackName=name)
        else:
            _apply(cloudformation, stack_set, instance, name)
        stack = _settle(cloudformation, instance["stack_id"])
        status = stack["StackStatus"] if stack else "DELETE_COMPLETE"
        good = status in GOOD
        reason = "" if good else _first_failure(cloudformation, instance["stack_id"])
    except ClientError as error:
        message = error.response["Error"]["Message"]
        good, reason = NOTHING_TO_DO in message, message
    instance["status"] = "CURRENT" if good else "INOPERABLE" if action == "DELETE" else "OUTDATED"
    instance["reason"] = "" if good else reason


def _apply(cloudformation: Any, stack_set: StackSet, instance: Instance, name: str) -> None:
    arguments: dict[str, Any] = {
        "StackName": name,
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": value}
            for key, value in stack_set["parameters"].items()
        ],
        "Capabilities": stack_set["capabilities"],
        "RoleARN": f"arn:aws:iam::{instance['account']}:role/{stack_set['execution_role']}",
        "Tags": [{"Key": key, "Value": value} for key, value in stack_set["tags"].items()],
    }
    source = (
        {"TemplateURL": stack_set["url"]}
        if stack_set["url"]
        else {"TemplateBody": stack_set["template"]}
    )
    if name == instance["stack_id"]:
        cloudformation.update_stack(**arguments, **source)
    else:
        instance["stack_id"] = cloudformation.create_stack(**arguments, **source)["StackId"]


def _settle(cloudformation: Any, stack_id: str) -> dict[str, Any] | None:
    while True:
        try:
            stack: dict[str, Any] = cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]
        except ClientError:
            return None
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return stack
        time.sleep(POLL_SECONDS)


def _first_failure(cloudformation: Any, stack_id: str) -> str:
    """The oldest failure of the stack's last operation; events come newest first."""
    reason = "no failed resource was reported"
    for event in cloudformation.describe_stack_events(StackName=stack_id)["StackEvents"]:
        if event["ResourceStatus"] in ("CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED"):
            why = event.get("ResourceStatusReason", "")
            reason = f"ResourceLogicalId:{event['LogicalResourceId']}, ResourceType:{event['ResourceType']}, ResourceStatusReason:{why}"
        if event["ResourceType"] == "AWS::CloudFormation::Stack" and event["ResourceStatus"] in (
            "CREATE_IN_PROGRESS",
            "UPDATE_IN_PROGRESS",
            "DELETE_IN_PROGRESS",
        ):
            break
    return reason


def arn(name: str, identifier: str, account: str) -> str:
    """A StackSet's ARN."""
    return f"arn:aws:cloudformation:{get_region()}:{account}:stackset/{name}:{identifier}"
