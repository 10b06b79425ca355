"""A role that is not there, or does not trust who calls, can't be assumed.

ministack gives anyone a session of any name. AWS answers the same to both, so that nobody learns which
roles another account has. Within an account the trust is not weighed: its administrators call. What
the caller's own policies say of ``sts:AssumeRole`` is not weighed either.

See https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import sts

from ..extension import require
from ..permissions import accounts
from ..trust import trusts

_ROLE = re.compile(r"arn:aws:iam::(\d{12}):role/(?:[^/]+/)*([^/]+)")
_SESSION = re.compile(r"arn:aws:sts::(\d{12}):assumed-role/([^/]+)/[^/]+")
_assumed = require(sts, "_assumed_role_arn")
_error = require(sts, "_error")
_identity = require(sts, "_caller_identity")
_handle = require(sts, "handle_request")
_caller: ContextVar[str] = ContextVar("caller_of_sts")


def install() -> None:
    """Once, before the server starts."""
    sts._assumed_role_arn = assumed
    sts.handle_request = handle


async def handle(
    method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
) -> Any:
    """Answer a request, and know by whose credentials it is made."""
    identity = _identity(headers, query)
    if isinstance(identity, dict):
        _caller.set(identity["userArn"])
    return await _handle(method, path, headers, body, query)


def assumed(arn: str, session_name: str) -> tuple[Any, Any]:
    """The session's ARN, and the error that answers instead where there is one."""
    session, problem = _assumed(arn, session_name)
    caller = _caller.get(f"arn:aws:iam::{get_account_id()}:root")
    if problem or _may(caller, arn):
        return session, problem
    message = f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: {arn}"
    return None, _error(403, "AccessDenied", message, ns="sts")


def _may(caller: str, arn: str) -> bool:
    match = _ROLE.fullmatch(arn)
    role = accounts.role(match[1], match[2]) if match else None
    if match is None or role is None or role["Arn"] != arn:
        return False
    account = get_account_id()
    session = _SESSION.fullmatch(caller)
    # A session is known by its role, wherever conditions and principals speak of it.
    principal = accounts.role_arn(session[1], session[2]) if session else caller
    keys = {"aws:principalaccount": account, "aws:principalarn": principal}
    return match[1] == account or any(
        trusts(role, "AWS", who, keys)
        for who in {account, f"arn:aws:iam::{account}:root", principal, caller, "*"}
    )
