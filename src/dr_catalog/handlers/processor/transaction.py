"""What a transaction is, and what a request for one must look like.

| field | allowed |
|---|---|
| ``transactionId`` | 1 to 64 of ``A-Z a-z 0-9 . _ : -`` |
| ``amount`` | a JSON number, or a string that reads as one: at most 38 digits, 12 of them decimals; may be negative |
| ``status`` | RECEIVED (default), PENDING, COMPLETED, FAILED |
| ``timestamp`` | ``2025-01-31T12:00:00.123456Z`` or with an offset; absent: the time of arrival |

Values are normalised: an amount loses what carries no value (``1.50`` is ``1.5``, ``-0`` is ``0``,
``1e3`` is ``1000``), a timestamp becomes UTC with microseconds and ``Z``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from reply import Refused

STATUSES = ("RECEIVED", "PENDING", "COMPLETED", "FAILED")
DIGITS, DECIMALS = 38, 12
ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_FIELDS = ("transactionId", "amount", "status", "timestamp")
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_LISTED = 20


@dataclass(frozen=True)
class Transaction:
    """A transaction with normalised values; ``amount`` is an exact decimal as text."""

    transaction_id: str
    amount: str
    status: str
    timestamp: str

    def body(self) -> dict[str, str]:
        """The transaction as JSON shows it."""
        return {
            "transactionId": self.transaction_id,
            "amount": self.amount,
            "status": self.status,
            "timestamp": self.timestamp,
        }


@dataclass(frozen=True)
class Request:
    """A request for a transaction, normalised; ``timestamp`` is None when none was given."""

    transaction_id: str
    amount: str
    status: str
    timestamp: str | None

    def transaction(self, *, now: datetime) -> Transaction:
        """What the request creates when it arrives ``now``."""
        return Transaction(
            transaction_id=self.transaction_id,
            amount=self.amount,
            status=self.status,
            timestamp=self.timestamp or utc(now),
        )

    def fingerprint(self) -> str:
        """The same for two requests exactly when they ask the same."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def repeats(self, *, fingerprint: str, first: Transaction) -> bool:
        """Whether this is an exact repeat of the request with this fingerprint, which made ``first``.

        It is when every normalised value is the same; an absent status is RECEIVED. Of the time:
        none given both times, or the same time given both times, or now the time which the first
        was assigned. A time given first and left out now is another request: it asks for the time
        of arrival.
        """
        if fingerprint == self.fingerprint():
            return True
        without = replace(self, timestamp=None)
        return self.timestamp == first.timestamp and fingerprint == without.fingerprint()


def request(fields: Mapping[str, Any]) -> Request:
    """The request that these fields of a JSON object make.

    Raises:
        Refused: 400, with every problem in the fields.
    """
    problems: list[str] = []

    def read(name: str, rule: Callable[[Any], str], default: str | None = None) -> str | None:
        if name not in fields:
            if default is None and name in ("transactionId", "amount"):
                problems.append(f"{name} is missing")
            return default
        try:
            return rule(fields[name])
        except ValueError as error:
            problems.append(f"{name} {error}")
            return default

    transaction_id = read("transactionId", _identifier)
    amount = read("amount", exact)
    status = read("status", _status, STATUSES[0])
    timestamp = read("timestamp", _timestamp)
    unknown = sorted(set(fields) - set(_FIELDS))
    problems += [f"{name[:64]!r} is not a known field" for name in unknown[:_LISTED]]
    if len(unknown) > _LISTED:
        problems.append(f"{len(unknown) - _LISTED} more fields are not known")
    if problems or transaction_id is None or amount is None or status is None:
        raise Refused(400, "invalid request", problems)
    return Request(transaction_id, amount, status, timestamp)


def utc(moment: datetime) -> str:
    """A moment as ``2025-01-31T12:00:00.000000Z``, which sorts as it passes."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def exact(value: Any) -> str:
    """A decimal as text without exponent, trailing zeros or a negative zero.

    Raises:
        ValueError: It is no finite decimal of at most 38 digits with 12 decimals.
    """
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value):
            raise ValueError("must be a JSON number, or a string that reads as one")
        try:
            value = Decimal(value)
        except InvalidOperation:
            raise ValueError(f"must have at most {DIGITS} digits") from None
    if not isinstance(value, Decimal):
        raise ValueError("must be a JSON number, or a string that reads as one")
    if not value:
        return "0"
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)  # it is a letter only for infinities and NaN
    kept = "".join(map(str, digits)).rstrip("0")
    exponent += len(digits) - len(kept)
    decimals = max(0, -exponent)
    if decimals > DECIMALS:
        raise ValueError(f"must have at most {DECIMALS} decimals")
    if max(0, len(kept) + exponent) + decimals > DIGITS:
        raise ValueError(f"must have at most {DIGITS} digits")
    return format(Decimal((sign, tuple(map(int, kept)), exponent)), "f")


def _identifier(value: Any) -> str:
    if not isinstance(value, str) or not ID.fullmatch(value):
        raise ValueError("must be a string of 1 to 64 characters A-Z a-z 0-9 . _ : -")
    return value


def _status(value: Any) -> str:
    if not isinstance(value, str) or value not in STATUSES:
        raise ValueError("must be one of " + ", ".join(STATUSES))
    return value


def _timestamp(value: Any) -> str:
    wrong = ValueError(
        "must be an ISO 8601 time with a zone and at most microseconds, "
        "such as 2025-01-31T12:00:00.123456Z"
    )
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise wrong
    try:
        return utc(datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        raise wrong from None
