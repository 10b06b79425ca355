"""A function's processes end with its own function, not with one of that name elsewhere.

ministack's CloudFormation ends the processes of every function of a name, in all accounts and regions,
when it makes one; a custom resource that one of them was answering then waits out its time-out. So do
launches under one suffix in two accounts at once, and in the two regions of one launch.

See https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc

from ..extension import require

_invalidate = require(lambda_svc, "invalidate_worker")


def install() -> None:
    """Once, before the server starts."""
    lambda_svc.invalidate_worker = invalidate


def invalidate(
    func_name: str,
    qualifier: str | None = None,
    account: str | None = None,
    region: str | None = None,
) -> None:
    """End the function's processes in the caller's account and region unless told others."""
    _invalidate(
        func_name,
        qualifier=qualifier,
        account=account or get_account_id(),
        region=region or get_region(),
    )
