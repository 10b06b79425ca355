"""How much of an invocation's time is left, so that it can answer before it is cut off."""

from __future__ import annotations

import time
from typing import Any

from response import Refused

MARGIN = 45
"""Seconds kept for the call in flight and for the answer."""


class Deadline:
    """The end of this Lambda invocation.

    Args:
        context: Lambda's context.
    """

    def __init__(self, context: Any) -> None:
        self._context = context

    def check(self, *, ahead: float = 0) -> None:
        """Go on when there is time for ``ahead`` seconds more.

        Raises:
            Refused: There is not; what was done so far stays done.
        """
        left = self._context.get_remaining_time_in_millis() / 1000
        if left < MARGIN + ahead:
            raise Refused(
                "The purge is not finished, and the time of one invocation is nearly over. "
                "What is deleted stays deleted: repeat the deletion to continue."
            )

    def pause(self, seconds: float) -> None:
        """Sleep, when there is time for it."""
        self.check(ahead=seconds)
        time.sleep(seconds)
