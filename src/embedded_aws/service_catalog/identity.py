"""Who calls, which principals exist, and which roles Service Catalog may assume.

IAM and STS are read in the emulator's own process: an operation runs inside a request, where a call
back over the network could wait for itself.
"""

from __future__ import annotations

import re
from typing import Any

from ministack.core.iam_evaluator import resolve_caller_identity
from ministack.services import iam

from ..extension import require
from ..permissions import roles
from .errors import InvalidParametersError, ServiceCatalogError
from .state import Caller, Principal

_roles = require(iam, "_roles")
_users = require(iam, "_users")
_groups = require(iam, "_groups")
_ARN = re.compile(r"arn:aws:(?:iam|sts)::(\d{12}):([a-z-]+)/(.+)")
_PATTERN_ARN = re.compile(r"arn:aws:iam:::(?:role|user|group)/[\w+=,.@/*?-]+")


class AssumeRoleError(ServiceCatalogError):
    """Service Catalog may not act as the launch role."""

    code = "AccessDeniedException"


def caller(*, access_key: str, account: str, region: str) -> Caller:
    """The caller behind an access key.

    A 12-digit key is the root of that account; a key of a user is the user; a session's is the role.
    """
    identity = resolve_caller_identity(access_key)
    session_arn = identity["userArn"] if identity else f"arn:aws:iam::{account}:root"
    arn = session_arn
    match = _ARN.fullmatch(session_arn)
    if match and match[2] == "assumed-role":
        name = match[3].split("/")[0]
        record = role(account=match[1], name=name)
        arn = record["Arn"] if record else f"arn:aws:iam::{match[1]}:role/{name}"
    return Caller(account=account, region=region, arn=arn, session_arn=session_arn)


def role(*, account: str, name: str) -> dict[str, Any] | None:
    """The role of this name in the account, as IAM keeps it."""
    return _roles.get_scoped(account, None, name)


def check_principal(caller: Caller, principal: Principal) -> None:
    """Refuse a principal that can't be associated.

    Raises:
        InvalidParametersError: An IAM principal that does not exist in the caller's account, or a
            pattern that carries an account or is malformed.
    """
    arn = principal["arn"]
    if principal["kind"] == "IAM_PATTERN":
        if not _PATTERN_ARN.fullmatch(arn):
            raise InvalidParametersError(
                f"Invalid principal ARN pattern: {arn}. It must have the form "
                "arn:aws:iam:::role/resource-name, without an account"
            )
        return
    if arn == f"arn:aws:iam::{caller.account}:root":
        return
    match = _ARN.fullmatch(arn)
    stores = {"role": _roles, "user": _users, "group": _groups}
    if match and match[1] == caller.account and match[2] in stores:
        record = stores[match[2]].get_scoped(caller.account, None, match[3].rsplit("/", 1)[-1])
        if record and record["Arn"] == arn:
            return
    raise InvalidParametersError(f"Invalid principal ARN: {arn}. The principal does not exist")


def is_principal(caller: Caller, principal: Principal) -> bool:
    """Whether an association lets this caller in; members of a group count as the group."""
    if principal["kind"] == "IAM":
        return principal["arn"] == caller.arn or _in_group(caller, principal["arn"])
    anywhere = re.sub(r"^(arn:aws:iam::)\d{12}(:)", r"\1\2", caller.arn)
    wanted = "".join(
        {"*": ".*", "?": "."}.get(character, re.escape(character)) for character in principal["arn"]
    )
    return re.fullmatch(wanted, anywhere) is not None


def _in_group(caller: Caller, arn: str) -> bool:
    match = _ARN.fullmatch(arn)
    if not match or match[2] != "group":
        return False
    group = _groups.get_scoped(caller.account, None, match[3].rsplit("/", 1)[-1])
    user = caller.arn.rsplit("/", 1)[-1]
    return ":user/" in caller.arn and group is not None and user in group.get("Users", [])


def check_assumable(arn: str, *, account: str, region: str, stack_name: str) -> None:
    """Refuse a launch role that is missing or does not trust Service Catalog.

    Raises:
        AssumeRoleError: With AWS's sentence.
    """
    stack_arn = f"arn:aws:cloudformation:{region}:{account}:stack/{stack_name}"
    try:
        roles.assume(arn=arn, account=account, stack_name=stack_name, stack_arn=stack_arn)
    except roles.RoleError as error:
        raise AssumeRoleError(f"Access denied while assuming the role {arn}") from error
