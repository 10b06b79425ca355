"""How much of an invocation's time is left, so that it can answer before it is cut off."""

from __future__ import annotations

import time
from typing import Any

from response import Refused

MARGIN = 45
"""Seconds kept for the call in flight and for the answer."""


FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds between two looks at something that takes its time."""


class Deadline:
    """The end of this Lambda invocation.

    Args:
        context: Lambda's context.
    """

    def __init__(self, context: Any) -> None:
        self._context = context
        self._pause = FIRST_PAUSE

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

    def pause(self) -> None:
        """Sleep, when there is time for it; each pause is twice as long as the last, up to 5 s."""
        self.check(ahead=self._pause)
        time.sleep(self._pause)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
