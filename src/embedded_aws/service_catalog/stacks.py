"""The stacks of provisioned products, made through CloudFormation's API in the launching account.

Templates are handed over from a bucket that the service owns, in an account of its own: inline ones
end at 51,200 bytes. Two things an ordinary caller may not do are let through for our calls alone: tags
with the ``aws:servicecatalog:`` prefix, recognised by the operation's request token, and reading that
bucket from another account.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlparse

from botocore.exceptions import ClientError
from ministack.core.responses import get_region, request_scope
from ministack.services import s3
from ministack.services.cloudformation import handlers, helpers
from ministack.services.cloudformation import stacks as engine

from ..clients import client
from ..extension import require
from ..stack_progress import events, in_progress, turns
from .errors import ServiceCatalogError

# Not an account of anybody's: the service's own.
_SERVICE_ACCOUNT = "900000000242"
_BUCKET = "servicecatalog-templates-{region}"
_BUCKET_TAG = "servicecatalog:provisioning=true"
_TAG_PREFIX = "aws:servicecatalog:"
_CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]

_own_tokens: set[str] = set()


class StackError(ServiceCatalogError):
    """CloudFormation refused the stack, or the stack failed."""

    code = "AmazonCloudFormationException"


@dataclass(frozen=True)
class Launch:
    """A stack to create or update.

    Args:
        account: The launching account.
        region: Its region.
        name: ``SC-<account>-pp-<id>``.
        template: The template's text, constraints merged in.
        parameters: CloudFormation's list of parameters.
        tags: The provisioned product's tags, with those of Service Catalog.
        role_arn: The launch role; empty without a launch constraint.
    """

    account: str
    region: str
    name: str
    template: str
    parameters: list[dict[str, Any]]
    tags: dict[str, str]
    role_arn: str


@dataclass(frozen=True)
class Result:
    """A stack as it stands after an operation."""

    stack_id: str
    outputs: list[dict[str, str]] = field(default_factory=list)


def install() -> None:
    """Let our own calls carry the service's tags and read the service's bucket."""
    check_tags = require(helpers, "_validate_stack_tags")
    read_object = require(s3, "_get_object_data")
    request_token = require(engine, "CLIENT_REQUEST_TOKEN")
    actions = require(handlers, "_ACTION_HANDLERS")
    make_change_set = actions["CreateChangeSet"]

    def validate_stack_tags(tags: list[dict[str, Any]]) -> Any:
        if request_token.get() in _own_tokens:
            tags = [tag for tag in tags if not tag["Key"].startswith(_TAG_PREFIX)]
        return check_tags(tags)

    def create_change_set(params: dict[str, Any]) -> Any:
        # The one stack operation whose token has another name.
        given = params.get("ClientToken", "")
        scope = request_token.set(given[0] if isinstance(given, list) else given)
        try:
            return make_change_set(params)
        finally:
            request_token.reset(scope)

    def get_object_data(bucket_name: str, key: str, version_id: str | None = None) -> bytes | None:
        if not bucket_name.startswith(_BUCKET.partition("{")[0]):
            return read_object(bucket_name, key, version_id)
        with request_scope(_SERVICE_ACCOUNT, get_region()):
            return read_object(bucket_name, key, version_id)

    helpers._validate_stack_tags = validate_stack_tags
    actions["CreateChangeSet"] = create_change_set
    s3._get_object_data = get_object_data


def load_template(url: str, *, account: str, region: str, validate: bool) -> str:
    """The text of a template that lies in S3, read as its product's owner, validated if so asked.

    Raises:
        StackError: There is none, or it is not one that CloudFormation takes.
    """
    bucket, _, key = _s3_location(url)
    try:
        answer = client("s3", account=account, region=region).get_object(Bucket=bucket, Key=key)
        text = answer["Body"].read().decode()
    except ClientError as error:
        raise StackError(f"Unable to load template from {url}: {_message(error)}") from error
    if validate:
        address = _published(text, region=region)
        _call(account, region, "validate_template", TemplateURL=address)
    return text


def create(launch: Launch) -> Result:
    """Create the stack and wait for it."""
    address = _published(launch.template, region=launch.region)
    with _own_token() as token:
        settings = _settings(launch, address, token)
        answer = _call(launch.account, launch.region, "create_stack", **settings)
        return _settled(launch, answer["StackId"], token, wanted="CREATE_COMPLETE")


def update(launch: Launch) -> Result:
    """Update the stack and wait for it."""
    address = _published(launch.template, region=launch.region)
    with _own_token() as token:
        settings = _settings(launch, address, token)
        answer = _call(launch.account, launch.region, "update_stack", **settings)
        return _settled(launch, answer["StackId"], token, wanted="UPDATE_COMPLETE")


def plan(launch: Launch, *, name: str, new: bool) -> tuple[str, list[dict[str, Any]]]:
    """Make a change set of this name, and read it; the stack's id and the changes.

    Raises:
        StackError: CloudFormation refuses it, or it holds no change.
    """
    address = _published(launch.template, region=launch.region)
    with _own_token() as token:
        settings = _settings(launch, address, token)
        settings["ClientToken"] = settings.pop("ClientRequestToken")
        made = _call(
            launch.account,
            launch.region,
            "create_change_set",
            ChangeSetName=name,
            ChangeSetType="CREATE" if new else "UPDATE",
            **settings,
        )
    where = {"ChangeSetName": made["Id"]}
    answer = _call(launch.account, launch.region, "describe_change_set", **where)
    if answer["Status"] != "CREATE_COMPLETE":
        if not new:
            _call(launch.account, launch.region, "delete_change_set", **where)
        raise StackError(answer.get("StatusReason", ""))
    return made["StackId"], answer["Changes"]


def unplan(*, account: str, region: str, stack_id: str, name: str) -> None:
    """Delete a change set."""
    _call(account, region, "delete_change_set", ChangeSetName=name, StackName=stack_id)


def find(launch: Launch) -> str:
    """The id of the stack of this name, also of one that failed; empty when there is none."""
    try:
        answer = _call(launch.account, launch.region, "describe_stacks", StackName=launch.name)
    except StackError:
        return ""
    return answer["Stacks"][0]["StackId"]


def delete(*, account: str, region: str, stack_id: str, role_arn: str) -> None:
    """Delete the stack and wait for it; one that is gone already is deleted."""
    if not _exists(account, region, stack_id):
        return
    role = {"RoleARN": role_arn} if role_arn else {}
    with _own_token() as token:
        _call(
            account,
            region,
            "delete_stack",
            StackName=stack_id,
            ClientRequestToken=token,
            **role,
        )
        _deleted(account, region, stack_id, token)


def _settings(launch: Launch, address: str, token: str) -> dict[str, Any]:
    settings = {
        "StackName": launch.name,
        "TemplateURL": address,
        "Parameters": launch.parameters,
        "Tags": [{"Key": key, "Value": value} for key, value in launch.tags.items()],
        "Capabilities": _CAPABILITIES,
        "ClientRequestToken": token,
    }
    if launch.role_arn:
        settings["RoleARN"] = launch.role_arn
    return settings


def _settled(launch: Launch, stack_id: str, token: str, *, wanted: str) -> Result:
    for _ in turns():
        if not in_progress(account=launch.account, region=launch.region, stack_id=stack_id):
            break
    answer = _call(launch.account, launch.region, "describe_stacks", StackName=stack_id)
    stack = answer["Stacks"][0]
    if stack["StackStatus"] != wanted:
        raise StackError(_reason(launch.account, launch.region, stack_id, token))
    outputs = [
        {
            "OutputKey": output["OutputKey"],
            "OutputValue": output["OutputValue"],
            "Description": output.get("Description", ""),
        }
        for output in stack.get("Outputs", [])
    ]
    return Result(stack_id=stack_id, outputs=outputs)


def _exists(account: str, region: str, stack_id: str) -> bool:
    try:
        answer = _call(account, region, "describe_stacks", StackName=stack_id)
    except StackError:
        return False
    return answer["Stacks"][0]["StackStatus"] != "DELETE_COMPLETE"


def _deleted(account: str, region: str, stack_id: str, token: str) -> None:
    """Wait by the operation's own events: the stack's status may still be that of the last one."""
    for _ in turns():
        statuses = {
            event["ResourceStatus"]
            for event in events(account=account, region=region, stack_id=stack_id)
            if event.get("ClientRequestToken") == token
            and event.get("PhysicalResourceId") == stack_id
        }
        if "DELETE_COMPLETE" in statuses:
            return
        if "DELETE_FAILED" in statuses:
            raise StackError(_reason(account, region, stack_id, token))


def _reason(account: str, region: str, stack_id: str, token: str) -> str:
    """Why the operation failed: the reasons of its resources, or else the stack's own."""
    pages = client("cloudformation", account=account, region=region).get_paginator(
        "describe_stack_events"
    )
    failures = [
        event
        for part in pages.paginate(StackName=stack_id)
        for event in part["StackEvents"]
        if event.get("ClientRequestToken") == token and event["ResourceStatus"].endswith("_FAILED")
    ]
    failures.reverse()
    resources = [event for event in failures if event.get("PhysicalResourceId") != stack_id]
    reasons = [
        f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', 'no reason given')}"
        for event in resources or failures
    ]
    return "; ".join(reasons) or f"Stack {stack_id} did not reach the wanted state"


@contextmanager
def _own_token() -> Iterator[str]:
    token = secrets.token_hex(16)
    _own_tokens.add(token)
    try:
        yield token
    finally:
        _own_tokens.discard(token)


def _published(text: str, *, region: str) -> str:
    """The address of the template in the service's own bucket."""
    body = text.encode()
    bucket, key = _BUCKET.format(region=region), f"{hashlib.sha256(body).hexdigest()}.json"
    storage = client("s3", account=_SERVICE_ACCOUNT, region=region)
    place = {} if region == "us-east-1" else {"LocationConstraint": region}
    settings = {"CreateBucketConfiguration": place} if place else {}
    with suppress(storage.exceptions.BucketAlreadyOwnedByYou):
        storage.create_bucket(Bucket=bucket, **settings)
    storage.put_object(Bucket=bucket, Key=key, Body=body, Tagging=_BUCKET_TAG)
    return f"https://s3.{region}.amazonaws.com/{bucket}/{key}"


def _s3_location(url: str) -> tuple[str, str, str]:
    """Bucket and key of a URL whose path begins with the bucket, or whose host does."""
    parsed = urlparse(url)
    host, path = parsed.hostname or "", parsed.path.lstrip("/")
    virtual = re.fullmatch(r"(.+)\.s3[.-].*amazonaws\.com", host)
    return (virtual[1], "/", path) if virtual else path.partition("/")


def _call(account: str, region: str, operation: str, **settings: Any) -> dict[str, Any]:
    try:
        return getattr(client("cloudformation", account=account, region=region), operation)(
            **settings
        )
    except ClientError as error:
        raise StackError(_message(error)) from error


def _message(error: ClientError) -> str:
    return error.response["Error"].get("Message", str(error))
