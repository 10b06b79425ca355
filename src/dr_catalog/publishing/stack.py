"""One stack, brought to what its template says by a change set, or deleted; each waits for the end.

    prepare: what is there -> nothing to do, or a change set -> execute -> wait

A template that is too long for a request goes through the stage's asset bucket, under its hash as releases do,
and CloudFormation reads it there as whoever asks: the bucket lets every account of the catalog read.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from ..errors import PublishError
from ..releases.manifest import digest
from . import files
from .accounts import poll_seconds

INLINE_LIMIT = 51_200  # bytes of a template in a request
ATTEMPTS = 5
"""How often a change set is made anew when someone else's was executed in between."""
_REVIEW = "REVIEW_IN_PROGRESS"  # a change set of a stack that is not there yet
STABLE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
_STALE = "overtaken"
NOTHING_TO_DO = ("didn't contain changes", "No updates are to be performed")


@dataclass(frozen=True)
class Deployed:
    """A stack as it stands after a deployment."""

    name: str
    changed: bool
    outputs: Mapping[str, str]


@dataclass(frozen=True)
class Store:
    """An asset bucket in the stack's region, for templates that are too long for a request.

    Args:
        s3: A client of the bucket's owner in its region.
    """

    s3: Any
    bucket: str

    def put(self, template: str) -> str:
        """Upload the template unless it is there; its URL, path-style as a version's."""
        body = template.encode()
        key = files.template_key(digest(body))
        files.put(self.s3, bucket=self.bucket, key=key, body=body)
        meta = self.s3.meta
        suffix = "amazonaws.com.cn" if meta.partition == "aws-cn" else "amazonaws.com"
        return f"https://s3.{meta.region_name}.{suffix}/{self.bucket}/{key}"


class Overtaken(Exception):
    """Someone else changed the stack between the making of a change set and its execution."""


@dataclass(frozen=True)
class Prepared:
    """A change set that waits for its execution; without one, the stack is what it is to be."""

    cloudformation: Any
    name: str
    change_set: str
    outputs: Mapping[str, str]


def deploy(
    cloudformation: Any,
    *,
    name: str,
    template: str,
    parameters: Mapping[str, str] | None = None,
    store: Store | None = None,
) -> Deployed:
    """Create or update the stack and wait for it.

    Args:
        store: Where the template goes if it is too long for a request.

    Raises:
        PublishError: The stack failed, and the reason is its first failed resource; or its template is
            too long and there is no store; or others change the stack all the time.
    """
    for _ in range(ATTEMPTS):
        prepared = prepare(
            cloudformation, name=name, template=template, parameters=parameters, store=store
        )
        try:
            return execute(prepared)
        except Overtaken:
            continue  # it may be what it is to be by now
    raise overtaken(name)


def overtaken(name: str) -> PublishError:
    """The error for a stack that others keep changing."""
    return PublishError(
        f"stack {name} is changed by someone else at the same time",
        why=f"{ATTEMPTS} change sets were overtaken, one after the other",
        hint="let one publishing at a time run, and run the command again; it resumes",
    )


def prepare(
    cloudformation: Any,
    *,
    name: str,
    template: str,
    parameters: Mapping[str, str] | None = None,
    store: Store | None = None,
) -> Prepared:
    """Make a change set, unless the stack has this template and these parameters already.

    The stack itself stays what it is. CloudFormation deletes the change set when another one of the
    stack is executed, so that two who prepare at once can't both execute.

    Raises:
        PublishError: The template is too long and there is no store, or CloudFormation refuses it.
    """
    values = dict(parameters or {})
    stack = describe(cloudformation, name)
    if stack and stack["StackStatus"].endswith("_IN_PROGRESS") and stack["StackStatus"] != _REVIEW:
        stack = _settle(cloudformation, name)
    if stack and stack["StackStatus"] == "ROLLBACK_COMPLETE":
        cloudformation.delete_stack(StackName=name)  # a creation that failed: it holds nothing
        stack = _settle(cloudformation, name)
    exists = stack is not None and stack["StackStatus"] != _REVIEW
    if stack and exists and _is(cloudformation, stack, template, values):
        return Prepared(cloudformation, name, "", outputs(stack))
    try:
        change_set: str = cloudformation.create_change_set(
            StackName=name,
            ChangeSetName=f"dr-{uuid.uuid4()}",
            ChangeSetType="UPDATE" if exists else "CREATE",
            **_source(name, template, store),
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in values.items()
            ],
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )["Id"]
        changes = _has_changes(cloudformation, change_set, name)
    except ClientError as error:
        if not _is_overtaken(error):
            raise
        time.sleep(poll_seconds())  # someone else's began in between: look at what it makes
        return Prepared(cloudformation, name, _STALE, {})
    if not changes:
        cloudformation.delete_change_set(ChangeSetName=change_set)
        change_set = ""
    return Prepared(cloudformation, name, change_set, outputs(stack) if stack else {})


def execute(prepared: Prepared) -> Deployed:
    """Execute the change set, if there is one, and wait for the stack.

    Raises:
        Overtaken: Another change set of the stack was executed meanwhile; nothing was changed.
        PublishError: The stack failed, and the reason is its first failed resource.
    """
    cloudformation, name = prepared.cloudformation, prepared.name
    if not prepared.change_set:
        return Deployed(name=name, changed=False, outputs=prepared.outputs)
    if prepared.change_set == _STALE:
        raise Overtaken(name)
    try:
        cloudformation.execute_change_set(ChangeSetName=prepared.change_set)
    except ClientError as error:
        if _is_overtaken(error):
            raise Overtaken(name) from error
        raise
    after = _settle(cloudformation, name)
    if after is None or after["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise PublishError(
            f"stack {name} is {after['StackStatus'] if after else 'gone'}",
            why=_first_failure(cloudformation, name),
            hint="mend the reason and run the command again; it resumes",
        )
    return Deployed(name=name, changed=True, outputs=outputs(after))


def discard(prepared: Prepared) -> None:
    """Delete a change set that is not to be executed any more, if it is still there."""
    if prepared.change_set in ("", _STALE):
        return
    try:
        prepared.cloudformation.delete_change_set(ChangeSetName=prepared.change_set)
    except ClientError as error:
        if not _is_overtaken(error):
            raise


def template_of(cloudformation: Any, name: str) -> Any:
    """The template that the stack was made from, as an object."""
    body = cloudformation.get_template(StackName=name)["TemplateBody"]
    return json.loads(body) if isinstance(body, str) else body


def _is(cloudformation: Any, stack: Mapping[str, Any], template: str, values: Any) -> bool:
    if stack["StackStatus"] not in STABLE:
        return False
    has = {each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", [])}
    same: bool = has == values and template_of(cloudformation, stack["StackName"]) == json.loads(
        template
    )
    return same


def _is_overtaken(error: ClientError) -> bool:
    code, message = error.response["Error"].get("Code", ""), error.response["Error"]["Message"]
    return code.removesuffix("Exception") in (
        "ChangeSetNotFound",
        "InvalidChangeSetStatus",
        "AlreadyExists",
    ) or (code == "ValidationError" and "_IN_PROGRESS" in message)


def _source(name: str, template: str, store: Store | None) -> dict[str, str]:
    size = len(template.encode())
    if size <= INLINE_LIMIT:
        return {"TemplateBody": template}
    if store is None:
        raise PublishError(
            f"the template of stack {name} is too long",
            why=f"it has {size:,} bytes, and a request takes {INLINE_LIMIT:,}",
        )
    return {"TemplateURL": store.put(template)}


def remove(cloudformation: Any, *, name: str) -> bool:
    """Delete the stack, if it is there, and wait for it.

    Returns:
        Whether it was there.

    Raises:
        PublishError: Something it holds can't be deleted.
    """
    if _settle(cloudformation, name) is None:
        return False
    cloudformation.delete_stack(StackName=name)
    after = _settle(cloudformation, name)
    if after is not None:
        raise PublishError(
            f"stack {name} is {after['StackStatus']}",
            why=_first_failure(cloudformation, name),
            hint="mend the reason and run the command again; it resumes",
        )
    return True


def describe(cloudformation: Any, name: str) -> dict[str, Any] | None:
    """The stack, or None where there is none."""
    try:
        stack: dict[str, Any] = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise
    return stack


def outputs(stack: Mapping[str, Any]) -> Mapping[str, str]:
    """The stack's outputs by key."""
    return {entry["OutputKey"]: entry["OutputValue"] for entry in stack.get("Outputs", [])}


def _has_changes(cloudformation: Any, change_set: str, name: str) -> bool:
    while True:
        found = cloudformation.describe_change_set(ChangeSetName=change_set, StackName=name)
        if found["Status"] == "CREATE_COMPLETE":
            return True
        if found["Status"] == "FAILED":
            reason = found.get("StatusReason", "")
            if any(text in reason for text in NOTHING_TO_DO):
                return False
            raise PublishError(f"no change set for stack {name}", why=reason)
        time.sleep(poll_seconds())


def _settle(cloudformation: Any, name: str) -> dict[str, Any] | None:
    while True:
        stack = describe(cloudformation, name)
        if stack is None or not stack["StackStatus"].endswith("_IN_PROGRESS"):
            return stack
        time.sleep(poll_seconds())


def _first_failure(cloudformation: Any, name: str) -> str:
    """The oldest failure of the last operation; events come newest first."""
    reason = ""
    for event in cloudformation.describe_stack_events(StackName=name)["StackEvents"]:
        if event["ResourceStatus"].endswith("_FAILED"):
            why = event.get("ResourceStatusReason", "")
            reason = f"{event['LogicalResourceId']} ({event['ResourceType']}): {why}"
        if event["ResourceType"] == "AWS::CloudFormation::Stack" and event["ResourceStatus"] in (
            "CREATE_IN_PROGRESS",
            "UPDATE_IN_PROGRESS",
            "DELETE_IN_PROGRESS",
        ):
            break
    return reason
