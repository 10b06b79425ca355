"""The role a stack works with: whether it may be assumed, and whether it allows a call.

Three kinds of stack, told apart by name as AWS tells them apart by caller: ``SC-*`` (Service Catalog
assumed the launch role), ``StackSet-*`` (the administration role assumed the execution role), any
other (the caller passed a service role to CloudFormation). Whichever it is, CloudFormation makes the
calls for resources with forward access, so ``aws:CalledVia`` names it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/fas-requests-and-permission-evaluation.html
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from . import accounts, policies
from .requirements import Call

CLOUDFORMATION = "cloudformation.amazonaws.com"
SERVICE_CATALOG = "servicecatalog.amazonaws.com"
_ROLE_ARN = re.compile(r"arn:aws:iam::(\d{12}):role/(?:.*/)?([^/]+)")
_SERVICE_NAMES = {
    "apigateway": "ApiGateway",
    "cloudformation": "CloudFormation",
    "cloudwatch": "CloudWatch",
    "dynamodb": "DynamoDb",
    "events": "EventBridge",
    "logs": "CloudWatchLogs",
}


class RoleError(ValueError):
    """CloudFormation can't work as the role."""

    def __init__(self, arn: str, reason: str) -> None:
        super().__init__(f"Role {arn} is invalid or cannot be assumed: {reason}")


class AccessDeniedError(ValueError):
    """The role does not allow a call; a ``ValueError``, which the emulator answers in its place."""


@dataclass(frozen=True)
class Role:
    """A role that was assumed for a stack.

    Args:
        account: The stack's account, which owns the role.
        name: The role's name.
    """

    account: str
    name: str

    def check(self, call: Call, *, forwarded: bool) -> None:
        """Refuse a call that the role's policies do not allow.

        Args:
            call: The call.
            forwarded: CloudFormation makes it; else Service Catalog or StackSets does.

        Raises:
            AccessDeniedError: With AWS's sentence, which names action and resource.
        """
        record = accounts.role(self.account, self.name) or {}
        reason = policies.refusal(
            action=call.action,
            resource=call.resource,
            context=self._context(call, record, forwarded),
            policies=accounts.policy_documents(self.account, record),
            boundary=accounts.boundary_document(self.account, record),
        )
        if reason is None:
            return
        caller = f"arn:aws:sts::{self.account}:assumed-role/{self.name}/AWSCloudFormation"
        service = call.action.partition(":")[0]
        raise AccessDeniedError(
            f"User: {caller} is not authorized to perform: {call.action} "
            f"on resource: {call.resource} {reason} "
            f"(Service: {_SERVICE_NAMES.get(service, service.capitalize())}, "
            f"Status Code: 403, Request ID: {uuid.uuid4()})"
        )

    def _context(self, call: Call, record: dict[str, Any], forwarded: bool) -> dict[str, Any]:
        keys = {
            "aws:principalaccount": self.account,
            "aws:principalarn": record.get("Arn"),
            "aws:principaltype": "AssumedRole",
            "aws:requestedregion": call.region,
            "aws:resourceaccount": _owner(call.resource) or self.account,
            "aws:securetransport": "true",
            "aws:viaawsservice": str(forwarded).lower(),
            **_object_keys(call),
            **call.context,
        }
        if forwarded:
            keys["aws:calledvia"] = [CLOUDFORMATION]
            keys["aws:calledviafirst"] = keys["aws:calledvialast"] = CLOUDFORMATION
        return keys


def assume(*, arn: str, account: str, stack_name: str, stack_arn: str) -> Role:
    """The role for a stack of this name.

    Raises:
        RoleError: It is not there, not this account's, or does not trust who assumes it.
    """
    match = _ROLE_ARN.fullmatch(arn)
    if match is None:
        raise RoleError(arn, "this is not the ARN of a role")
    owner, name = match.groups()
    if owner != account:
        raise RoleError(arn, f"it is not in the stack's account {account}")
    record = accounts.role(account, name)
    if record is None or record["Arn"] != arn:
        raise RoleError(arn, "it does not exist")
    keys = {"aws:sourceaccount": account, "aws:sourcearn": stack_arn}
    if stack_name.startswith("StackSet-"):
        trusted, who = _trusts_a_role(record), "no role that exists, so no administration role"
    elif stack_name.startswith("SC-"):
        trusted, who = _trusts(record, SERVICE_CATALOG, keys), f"not {SERVICE_CATALOG}"
    else:
        trusted = any(_trusts(record, name, keys) for name in (CLOUDFORMATION, SERVICE_CATALOG))
        who = f"neither {CLOUDFORMATION} nor {SERVICE_CATALOG}"
    if not trusted:
        raise RoleError(arn, f"it trusts {who}")
    return Role(account=account, name=name)


def _trusts(record: dict[str, Any], service: str, keys: Mapping[str, Any]) -> bool:
    """Whether a service may assume the role under these condition keys; a deny wins."""
    effects = {
        statement.get("Effect")
        for statement in _trust_statements(record)
        if service in _listed(_principals(statement).get("Service"))
        and policies.conditions_hold(statement.get("Condition") or {}, keys)
    }
    return "Allow" in effects and "Deny" not in effects


def _trusts_a_role(record: dict[str, Any]) -> bool:
    """Whether the role trusts another role that exists, or a whole account."""
    for statement in _trust_statements(record):
        for principal in _listed(_principals(statement).get("AWS")):
            match = _ROLE_ARN.fullmatch(principal)
            there = match is not None and accounts.role(*match.groups()) is not None
            if statement.get("Effect") == "Allow" and (there or principal.endswith(":root")):
                return True
    return False


def _trust_statements(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    document = record.get("AssumeRolePolicyDocument") or "{}"
    document = json.loads(document) if isinstance(document, str) else document
    for statement in _listed(document.get("Statement")):
        if {"sts:AssumeRole", "sts:*", "*"} & set(_listed(statement.get("Action"))):
            yield statement


def _principals(statement: dict[str, Any]) -> dict[str, Any]:
    principal = statement.get("Principal")
    return principal if isinstance(principal, dict) else {}


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _owner(arn: str) -> str | None:
    """The account that owns the resource; an S3 ARN names none, its bucket does."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return None
    if parts[2] == "s3":
        return accounts.bucket_owner(parts[5].partition("/")[0])
    return parts[4] or None


def _object_keys(call: Call) -> dict[str, str]:
    """The tags of the object that is read."""
    if not call.action.startswith("s3:GetObject"):
        return {}
    bucket, _, key = call.resource.removeprefix("arn:aws:s3:::").partition("/")
    tags = accounts.object_tags(bucket, key)
    return {f"s3:existingobjecttag/{name}".lower(): value for name, value in tags.items()}
