"""Idempotency tokens: one belongs to one operation and one set of parameters.

A repeat gets the first call's answer; the same token with other parameters is refused.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from . import state
from .errors import InvalidParametersError
from .state import Caller


def repeated(caller: Caller, operation: str, token: str, request: dict[str, Any]) -> str | None:
    """The id of what the first call with this token made; None when there was none.

    Raises:
        InvalidParametersError: The first call had other parameters.
    """
    seen = caller.get(state.tokens, f"{operation}:{token}")
    if seen is None:
        return None
    if seen["digest"] != _digest(request):
        raise InvalidParametersError(
            f"The idempotency token {token} was used before with different parameters"
        )
    made: str = seen["record"]
    return made


def remember(
    caller: Caller, operation: str, token: str, request: dict[str, Any], made: str
) -> None:
    """Keep the id of what a call with this token made."""
    seen = {"digest": _digest(request), "record": made}
    caller.put(state.tokens, f"{operation}:{token}", seen)


def _digest(request: dict[str, Any]) -> str:
    text = json.dumps(request, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
