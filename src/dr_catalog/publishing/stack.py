"""One stack, brought to what its template says by a change set, or deleted; each waits for the end.

A template that is too long for a request goes through the stage's asset bucket, under its hash as releases do,
and CloudFormation reads it there as whoever asks: the bucket lets every account of the catalog read.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

from __future__ import annotations

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
        written = files.upload(self.s3, bucket=self.bucket, files={key: body})
        files.check(self.s3, bucket=self.bucket, keys=written)
        meta = self.s3.meta
        suffix = "amazonaws.com.cn" if meta.partition == "aws-cn" else "amazonaws.com"
        return f"https://s3.{meta.region_name}.{suffix}/{self.bucket}/{key}"


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
            too long and there is no store.
    """
    source = _source(name, template, store)
    stack = describe(cloudformation, name)
    if stack and stack["StackStatus"] in ("REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"):
        # What an earlier run left before it made anything, or rolled back: it holds nothing.
        cloudformation.delete_stack(StackName=name)
        _settle(cloudformation, name)
        stack = None
    elif stack and stack["StackStatus"].endswith("_IN_PROGRESS"):
        stack = _settle(cloudformation, name)
    values = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in (parameters or {}).items()
    ]
    created = cloudformation.create_change_set(
        StackName=name,
        ChangeSetName=f"dr-{uuid.uuid4()}",
        ChangeSetType="UPDATE" if stack else "CREATE",
        **source,
        Parameters=values,
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )["Id"]
    if not _has_changes(cloudformation, created, name):
        cloudformation.delete_change_set(ChangeSetName=created)
        assert stack is not None
        return Deployed(name=name, changed=False, outputs=outputs(stack))
    cloudformation.execute_change_set(ChangeSetName=created)
    after = _settle(cloudformation, name)
    if after is None or after["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise PublishError(
            f"stack {name} is {after['StackStatus'] if after else 'gone'}",
            why=_first_failure(cloudformation, name),
            hint="mend the reason and run the command again; it resumes",
        )
    return Deployed(name=name, changed=True, outputs=outputs(after))


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
