"""A request that a service refuses, and its answer."""

from __future__ import annotations

import functools
from collections.abc import Callable

from ..extension import Response

Error = Callable[[str, str, int], Response]
"""A service's own way to answer an error: its code, message and status."""


class RefusedError(Exception):
    """The service refuses the request."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def refusing(run: Callable[..., Response], *, error: Error) -> Callable[..., Response]:
    """``run``, whose refusals become answers."""

    @functools.wraps(run)
    def answered(*arguments: object) -> Response:
        try:
            return run(*arguments)
        except RefusedError as refused:
            return error(refused.code, str(refused), refused.status)

    return answered
