"""Where the check stands in the emulator's CloudFormation.

The actions that start work on a stack find its role (the request's ``RoleARN``, else the one the
stack remembers), make sure it can be assumed, and hand it down in a context variable; the task that
does the work inherits it. In the task, the three functions that make, change and delete a resource
ask first, and so do the two that read values out of Systems Manager and Secrets Manager.
"""

from __future__ import annotations

import contextvars
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from ministack.core import responses
from ministack.services import cloudformation, secretsmanager, ssm
from ministack.services.cloudformation import changesets, handlers, helpers, stacks

from ..extension import require
from . import accounts
from .requirements import Call, Step, UnlistedTypeError, calls, direct_calls
from .roles import AccessDeniedError, Role, RoleError, assume

# What the stack's record remembers its role under; DescribeStacks names it so.
ROLE = "RoleARN"

# The actions that start work, with the section of direct calls they need, if one.
_VERBS = {
    "CreateStack": "create",
    "UpdateStack": "update",
    "DeleteStack": "delete",
    "CreateChangeSet": "plan",
    "ExecuteChangeSet": "execute",
    "RollbackStack": "",
    "ContinueUpdateRollback": "",
}

_current: contextvars.ContextVar[Role | None] = contextvars.ContextVar("stack_role", default=None)

_actions = require(handlers, "_ACTION_HANDLERS")
_resolve_stack = require(handlers, "_resolve_stack")
_find_change_set = require(changesets, "_find_change_set")
_error = require(helpers, "_error")
_stacks = require(cloudformation, "_stacks")
_provision = require(stacks, "_provision_resource")
_update = require(stacks, "_update_resource")
_delete = require(stacks, "_delete_resource")
_replaces = require(stacks, "_replacing_change")
_read_parameter = require(ssm, "resolve_parameter_value")
_read_secret = require(secretsmanager, "resolve_secret_string")


def install() -> None:
    """Put the checks in place; once, before the server starts."""
    for action in _VERBS:
        _actions[action] = _as_role(action, _actions[action])
    _actions["DescribeStacks"] = _with_roles(_actions["DescribeStacks"])
    stacks._provision_resource = _checked_provision
    stacks._update_resource = _checked_update
    stacks._delete_resource = _checked_delete
    ssm.resolve_parameter_value = _checked_parameter
    secretsmanager.resolve_secret_string = _checked_secret


def _as_role(action: str, handler: Callable[[dict[str, Any]], Any]) -> Callable[..., Any]:
    """The action, run as the stack's role when it has one."""

    def run(params: dict[str, Any]) -> Any:
        stack = None if action == "CreateStack" else _stack_of(params)
        arn = _first(params, ROLE) or (stack or {}).get(ROLE)
        if not arn or (stack is None and action == "DeleteStack"):
            return handler(params)
        name = (stack or {}).get("StackName") or _first(params, "StackName")
        try:
            role = _assume(arn, name)
            _check(role, direct_calls(_request(_VERBS[action], name, params)), forwarded=False)
        except RoleError as refused:
            return _error("ValidationError", str(refused))
        except AccessDeniedError as denied:
            return _error("AccessDenied", str(denied), 403)
        token = _current.set(role)
        try:
            answer = handler(params)
        finally:
            _current.reset(token)
        stack = _stacks.get(name)
        if answer[0] < 300 and stack is not None:
            stack[ROLE] = arn
        return answer

    return run


def _assume(arn: str, stack_name: str) -> Role:
    account, region = responses.get_account_id(), responses.get_region()
    return assume(
        arn=arn,
        account=account,
        stack_name=stack_name,
        stack_arn=f"arn:aws:cloudformation:{region}:{account}:stack/{stack_name}",
    )


def _request(verb: str, name: str, params: dict[str, Any]) -> Step:
    url = _first(params, "TemplateURL")
    return Step(
        verb=verb,
        resource_type="AWS::CloudFormation::Stack",
        properties={"StackName": name, **({"TemplateURL": url} if url else {})},
        account=responses.get_account_id(),
        region=responses.get_region(),
    )


def _stack_of(params: dict[str, Any]) -> dict[str, Any] | None:
    """The record of the stack a request is about; a change set's ARN may stand alone for it."""
    name = _first(params, "StackName")
    if not name:
        _, change_set = _find_change_set(_first(params, "ChangeSetName"), "")
        name = (change_set or {}).get("StackName", "")
    found: dict[str, Any] | None = _resolve_stack(name) if name else None
    if found is not None and found.get("StackStatus") == "DELETE_COMPLETE":
        return None
    return found


def _first(params: dict[str, Any], name: str) -> str:
    value = params.get(name, "")
    return str(value[0] if isinstance(value, list) and value else value or "")


def _with_roles(handler: Callable[[dict[str, Any]], Any]) -> Callable[..., Any]:
    """DescribeStacks, naming each stack's role; a launch's is Service Catalog's own affair."""

    def run(params: dict[str, Any]) -> Any:
        status, headers, body = handler(params)
        for stack in _stacks.values():
            if stack.get(ROLE) and not stack["StackName"].startswith("SC-"):
                mark = f"<StackId>{stack['StackId']}</StackId>"
                role = f"{mark}<RoleARN>{stack[ROLE]}</RoleARN>"
                body = body.replace(mark.encode(), role.encode())
        return status, headers, body

    return run


def _checked_provision(
    resource_type: str, logical_id: str, props: dict[str, Any], stack_name: str
) -> Any:
    _check_step("create", resource_type, props, stack_name=stack_name, logical_id=logical_id)
    answer = _provision(resource_type, logical_id, props, stack_name)
    _keep_boundary(resource_type, answer[0], props)
    return answer


def _checked_update(
    resource_type: str,
    physical_id: str,
    old_props: dict[str, Any],
    new_props: dict[str, Any],
    stack_name: str,
    logical_id: str | None = None,
    old_attrs: dict[str, Any] | None = None,
) -> Any:
    if old_props != new_props:
        # A replacement is made as a new resource; the old one goes in the stack's clean-up.
        replaced = _replaces(resource_type, old_props, new_props)
        _check_step(
            "create" if replaced else "update",
            resource_type,
            new_props,
            previous=old_props,
            physical_id="" if replaced else physical_id,
            stack_name=stack_name,
            logical_id=logical_id or physical_id,
        )
    answer = _update(
        resource_type, physical_id, old_props, new_props, stack_name, logical_id, old_attrs
    )
    _keep_boundary(resource_type, answer[0], new_props)
    return answer


def _keep_boundary(resource_type: str, name: str, props: dict[str, Any]) -> None:
    """Give a role of a template its boundary, which the emulator's own provisioner drops."""
    if resource_type == "AWS::IAM::Role" and (
        record := accounts.role(responses.get_account_id(), name)
    ):
        record["PermissionsBoundary"] = props.get("PermissionsBoundary")


def _checked_delete(
    resource_type: str,
    physical_id: str,
    props: dict[str, Any],
    stack_name: str | None = None,
    logical_id: str | None = None,
) -> Any:
    _check_step(
        "delete",
        resource_type,
        props,
        physical_id=physical_id,
        stack_name=stack_name or "",
        logical_id=logical_id or "",
    )
    return _delete(resource_type, physical_id, props, stack_name, logical_id)


def _check_step(
    verb: str,
    resource_type: str,
    props: dict[str, Any],
    *,
    stack_name: str,
    logical_id: str,
    previous: dict[str, Any] | None = None,
    physical_id: str = "",
) -> None:
    role = _current.get()
    if role is None:
        return
    step = Step(
        verb=verb,
        resource_type=resource_type,
        properties=props or {},
        previous=previous or {},
        physical_id=physical_id,
        generated_name=f"{stack_name}-{logical_id}-*",
        account=role.account,
        region=responses.get_region(),
        tagged=bool((_stacks.get(stack_name) or {}).get("Tags")),
    )
    try:
        _check(role, calls(step), forwarded=True)
    except AccessDeniedError as denied:
        raise AccessDeniedError(
            f'Resource handler returned message: "{denied}" '
            f"(RequestToken: {uuid.uuid4()}, HandlerErrorCode: AccessDenied)"
        ) from None
    except UnlistedTypeError as unlisted:
        raise AccessDeniedError(str(unlisted)) from None


def _check(role: Role, needed: Iterable[Call], *, forwarded: bool) -> None:
    for call in needed:
        role.check(call, forwarded=forwarded)


def _checked_parameter(name: str, *args: Any, **kwargs: Any) -> Any:
    _check_read("ssm", "GetParameters", name, f"parameter/{name.lstrip('/')}")
    return _read_parameter(name, *args, **kwargs)


def _checked_secret(secret_id: str, *args: Any, **kwargs: Any) -> Any:
    _check_read("secretsmanager", "GetSecretValue", secret_id, f"secret:{secret_id}-??????")
    return _read_secret(secret_id, *args, **kwargs)


def _check_read(service: str, operation: str, name: str, resource: str) -> None:
    """A value that CloudFormation reads for a template: before the resource, so not on its behalf."""
    role = _current.get()
    if role is None:
        return
    region = responses.get_region()
    arn = (
        name if name.startswith("arn:") else f"arn:aws:{service}:{region}:{role.account}:{resource}"
    )
    role.check(Call(action=f"{service}:{operation}", resource=arn, region=region), forwarded=False)
