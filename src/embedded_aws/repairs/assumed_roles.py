"""A role that is not there, or does not trust the account that calls, can't be assumed.

ministack gives anyone a session of any name. AWS answers the same to both, so that nobody learns which
roles another account has. Within an account the trust is not weighed: its administrators call.

See https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

import re
from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import sts

from ..extension import require
from ..permissions import accounts
from ..trust import trusts

_ROLE = re.compile(r"arn:aws:iam::(\d{12}):role/(?:[^/]+/)*([^/]+)")
_assumed = require(sts, "_assumed_role_arn")
_error = require(sts, "_error")


def install() -> None:
    """Once, before the server starts."""
    sts._assumed_role_arn = assumed


def assumed(arn: str, session_name: str) -> tuple[Any, Any]:
    """The session's ARN, and the error that answers instead where there is one."""
    session, problem = _assumed(arn, session_name)
    if problem or _may(arn):
        return session, problem
    caller = f"arn:aws:iam::{get_account_id()}:root"
    message = f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: {arn}"
    return None, _error(403, "AccessDenied", message, ns="sts")


def _may(arn: str) -> bool:
    match = _ROLE.fullmatch(arn)
    role = accounts.role(match[1], match[2]) if match else None
    if match is None or role is None or role["Arn"] != arn:
        return False
    caller = get_account_id()
    return match[1] == caller or any(
        trusts(role, "AWS", who, {"aws:principalaccount": caller})
        for who in (caller, f"arn:aws:iam::{caller}:root", "*")
    )
