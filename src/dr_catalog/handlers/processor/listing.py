"""What a listing by status asks for, read strictly.

| parameter | allowed |
|---|---|
| ``status`` | RECEIVED, PENDING, COMPLETED, FAILED; required |
| ``limit`` | 1 to 100, default 50 |
| ``next`` | what an earlier answer gave as ``next`` |

``next`` names the last transaction shown, so pages neither repeat nor skip what was there before.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from reply import Refused
from transaction import ID, STATUSES, Transaction

DEFAULT_LIMIT, LONGEST = 50, 100
_PARAMETERS = ("limit", "next", "status")


@dataclass(frozen=True)
class Listing:
    """A page that is asked for.

    Attributes:
        after: The id and the time of the last transaction of the page before.
    """

    status: str
    limit: int
    after: tuple[str, str] | None


def listing(event: dict[str, Any]) -> Listing:
    """The listing that a proxy event asks for.

    Raises:
        Refused: 400, with every problem.
    """
    asked = event.get("queryStringParameters") or {}
    problems = [
        f"{name[:64]!r} is not a known parameter" for name in asked if name not in _PARAMETERS
    ]
    status, limit = asked.get("status"), asked.get("limit", str(DEFAULT_LIMIT))
    if status not in STATUSES:
        problems.append("status must be one of " + ", ".join(STATUSES))
    if not (limit.isascii() and limit.isdigit() and len(limit) < 4 and 1 <= int(limit) <= LONGEST):
        problems.append(f"limit must be 1 to {LONGEST}")
    after = None
    if "next" in asked:
        after = _decoded(asked["next"])
        if after is None:
            problems.append("next must be what an earlier answer gave")
    if problems or status is None:
        raise Refused(400, "invalid request", problems)
    return Listing(status=status, limit=int(limit), after=after)


def token(last: Transaction) -> str:
    """What to ask with for the page after this transaction."""
    text = json.dumps([last.transaction_id, last.timestamp])
    return base64.urlsafe_b64encode(text.encode()).decode()


def _decoded(value: str) -> tuple[str, str] | None:
    try:
        transaction_id, timestamp = json.loads(base64.urlsafe_b64decode(value.encode()))
        if ID.fullmatch(transaction_id) and isinstance(timestamp, str) and timestamp:
            return transaction_id, timestamp
    except (ValueError, TypeError):
        pass
    return None
