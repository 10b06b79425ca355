"""An answer, and the refusals that become one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SECURITY_HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True)
class Reply:
    """An HTTP answer with a JSON body."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)

    def proxy(self) -> dict[str, Any]:
        """The answer in the form that API Gateway's proxy integration wants."""
        return {
            "statusCode": self.status,
            "headers": {**SECURITY_HEADERS, **self.headers},
            "body": json.dumps(self.body),
            "isBase64Encoded": False,
        }


class Refused(Exception):
    """The request is not carried out, and its sender may know why.

    Args:
        status: The HTTP status, 400 or above.
        error: What is wrong, in a few words that never vary.
        reasons: Every problem found, one sentence each.
        headers: Further headers of the answer.
    """

    def __init__(
        self,
        status: int,
        error: str,
        reasons: Sequence[str],
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.reasons = list(reasons)
        self.headers = dict(headers or {})

    def reply(self, *, request_id: str) -> Reply:
        """The refusal as an answer."""
        body = {"error": self.error, "reasons": self.reasons, "requestId": request_id}
        return Reply(self.status, body, self.headers)
