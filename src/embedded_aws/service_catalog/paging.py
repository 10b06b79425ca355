"""Pages of at most 20, under tokens that belong to one operation.

https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ListPortfolios.html (PageSize, PageToken)
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from .errors import InvalidParametersError

PAGE = 20


def page(
    items: Sequence[Any],
    request: dict[str, Any],
    *,
    operation: str,
    name: str,
    token_name: str = "NextPageToken",
) -> dict[str, Any]:
    """One page of ``items`` under ``name``, with the next page's token when there is one.

    Args:
        items: All of them, in the order they are listed.
        request: The request, whose ``PageSize`` (at most 20 counts) and ``PageToken`` matter.
        operation: What a token is good for.
        name: The answer's member for the items.
        token_name: The answer's member for the token.

    Raises:
        InvalidParametersError: The token is not one of this operation's.
    """
    start = _offset(request.get("PageToken"), operation)
    size = min(request.get("PageSize") or PAGE, PAGE)
    answer: dict[str, Any] = {name: list(items[start : start + size])}
    if start + size < len(items):
        answer[token_name] = _token(operation, start + size)
    return answer


def _token(operation: str, offset: int) -> str:
    return base64.urlsafe_b64encode(f"{operation}:{offset}".encode()).decode()


def _offset(token: str | None, operation: str) -> int:
    if not token:
        return 0
    try:
        issuer, _, offset = base64.urlsafe_b64decode(token).decode().partition(":")
        if issuer == operation:
            return int(offset)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        pass
    raise InvalidParametersError("Invalid page token")
