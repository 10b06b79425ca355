"""What AWS Backup looks at before it takes a request: keys, roles, lifecycles and schedules."""

from __future__ import annotations

import re
from typing import Any

from botocore.exceptions import ClientError
from ministack.core.responses import get_account_id, get_region

from ..permissions import accounts, policies
from ..resource_types.context import here
from ..trust import trusts
from .errors import RefusedError, invalid
from .state import Record

SERVICE = "backup.amazonaws.com"
COLD_DAYS = 90
MOST_DAYS = 36500
_ROLE = re.compile(r"arn:aws:iam::(\d{12}):role/(?:[^/]+/)*([^/]+)")
_SCHEDULE = re.compile(
    r"cron\((?:[^\s()]+ ){5}[^\s()]+\)|rate\((?:1 (?:hour|day)|[1-9]\d* (?:hours|days))\)"
)


def key(arn: str | None) -> str:
    """The key that a vault encrypts with: enabled, in this account and region.

    Raises:
        RefusedError: It is none.
    """
    if not arn:
        raise invalid("The embedded AWS has no key aws/backup: give an EncryptionKeyArn")
    if not arn.startswith(f"arn:aws:kms:{get_region()}:{get_account_id()}:key/"):
        raise invalid(f"EncryptionKeyArn must be the ARN of a key of {get_region()}, not {arn}")
    try:
        found = here("kms").describe_key(KeyId=arn)["KeyMetadata"]
    except ClientError:
        raise invalid(f"The key {arn} does not exist") from None
    if found["KeyState"] != "Enabled" or found["KeySpec"] != "SYMMETRIC_DEFAULT":
        raise invalid(
            f"The key {arn} is {found['KeyState']}, of {found['KeySpec']}; it can't be used"
        )
    return arn


def role(arn: str) -> Record:
    """The role that AWS Backup works with.

    Raises:
        RefusedError: It is not there, is another account's or does not trust AWS Backup.
    """
    match = _ROLE.fullmatch(arn)
    found = accounts.role(match[1], match[2]) if match and match[1] == get_account_id() else None
    keys = {"aws:sourceaccount": get_account_id()}
    if found is None or found["Arn"] != arn or not trusts(found, "Service", SERVICE, keys):
        raise invalid(f"IAM Role {arn} cannot be assumed by AWS Backup")
    return found


def allowed(record: Record, action: str, resource: str) -> bool:
    """Whether the policies of a role let it make a call."""
    account = get_account_id()
    keys: dict[str, Any] = {
        "aws:principalaccount": account,
        "aws:principalarn": record["Arn"],
        "aws:requestedregion": get_region(),
        "aws:resourceaccount": account,
        "aws:securetransport": "true",
    }
    if action.startswith("kms:"):
        keys["kms:resourcealiases"] = accounts.key_aliases(resource)
    refusal = policies.refusal(
        action=action,
        resource=resource,
        context=keys,
        policies=accounts.policy_documents(account, record),
        boundary=accounts.boundary_document(account, record),
    )
    return refusal is None


def lifecycle(wanted: dict[str, Any] | None) -> dict[str, Any]:
    """How long a recovery point is kept, and when it moves to cold storage; empty for ever.

    Raises:
        RefusedError: It is too short or too long.
    """
    wanted = wanted or {}
    days, cold = wanted.get("DeleteAfterDays"), wanted.get("MoveToColdStorageAfterDays")
    for name in ("DeleteAfterDays", "MoveToColdStorageAfterDays"):
        if name in wanted and not 1 <= wanted[name] <= MOST_DAYS:
            raise invalid(f"Invalid lifecycle. {name} must be between 1 and {MOST_DAYS}")
    if days is not None and cold is not None and days < cold + COLD_DAYS:
        raise invalid(
            f"Invalid lifecycle. DeleteAfterDays cannot be less than {COLD_DAYS} days apart from "
            "MoveToColdStorageAfterDays"
        )
    return wanted


def windows(start: float | None, end: float | None) -> None:
    """The minutes in which a job must begin and end.

    Raises:
        RefusedError: They are too few.
    """
    if start is not None and start < 60:
        raise invalid("Invalid start window. StartWindowMinutes must be at least 60")
    if start is not None and end is not None and end < start + 60:
        raise invalid(
            "Invalid completion window. It must be at least 60 minutes longer than the start window"
        )


def schedule(expression: str) -> None:
    """Check a schedule's form.

    Raises:
        RefusedError: It is neither ``cron`` with six fields nor ``rate``.
    """
    if not _SCHEDULE.fullmatch(expression):
        raise invalid(f"Provided CronExpression is not valid: {expression}")


def name(value: str, pattern: str, kind: str) -> None:
    """Check a name.

    Raises:
        RefusedError: It does not fit the pattern.
    """
    if not re.fullmatch(pattern, value):
        raise invalid(f"Invalid {kind} {value}: it must match {pattern}")


def exists_already(kind: str, arn: str) -> RefusedError:
    """A resource of this name is there."""
    return RefusedError("AlreadyExistsException", f"{kind} already exists", Arn=arn)
