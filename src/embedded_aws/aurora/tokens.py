"""Whether an RDS IAM token opens a database: the signature first, then what its principal may do.

The credentials of a function are its account's here, not its role's, so a function's own
``rds-db:connect`` is never asked for; that of an assumed role is.

See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAMDBAuth.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ministack.core import iam_evaluator, rds_iam
from ministack.core.responses import request_scope

from ..extension import require

_verify = require(rds_iam, "verify_rds_iam_token")
_Verified = require(rds_iam, "VerifiedRdsToken")
_resolve_principal = require(iam_evaluator, "resolve_principal")
_evaluate = require(iam_evaluator, "evaluate")
_Context = require(iam_evaluator, "EvalContext")
_AuthError = require(iam_evaluator, "AuthError")


@dataclass(frozen=True, kw_only=True)
class Door:
    """What a token must be made for.

    Args:
        hosts: The endpoints that lead to the database.
        resource_id: The cluster's ``DbClusterResourceId``.
    """

    account: str
    region: str
    hosts: tuple[str, ...]
    port: int
    resource_id: str


def opens(token: str, *, user: str, door: Door) -> bool:
    """Whether the token was signed, is in time, and is for this user at this door."""
    with request_scope(door.account, door.region):
        for verified in _verified(token, user, door):
            return _allowed(verified, user, door)
    return False


def _verified(token: str, user: str, door: Door) -> Iterable[object]:
    for host in door.hosts:
        verified = _verify(
            token,
            hostname=host,
            port=door.port,
            db_user=user,
            region=door.region,
            account_id=door.account,
        )
        if isinstance(verified, _Verified):
            yield verified


def _allowed(verified: object, user: str, door: Door) -> bool:
    principal = _resolve_principal(verified.access_key_id, door.account)  # type: ignore[attr-defined]
    if isinstance(principal, _AuthError):
        return False
    if principal.policies is None:  # the account itself
        return True
    resource = f"arn:aws:rds-db:{door.region}:{door.account}:dbuser:{door.resource_id}/{user}"
    asked = _Context(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=door.account,
        action="rds-db:connect",
        resource_arn=resource,
        region=door.region,
        principal_keys=principal.keys,
    )
    return bool(_evaluate(asked, principal.policies, *principal.limits).decision == "Allow")
