"""How much time is left, so that a handler can stop before it is cut off.

Two clocks run. Lambda ends an invocation after at most 15 minutes: the work then goes on in another.
CloudFormation waits an hour for an answer: before that the work is given up with a reason, and a
repeated deletion takes it up again.
"""

from __future__ import annotations

import time
from typing import Any

from response import STARTED, Refused, Unfinished

MARGIN = 45
"""Seconds kept for the call in flight and for the answer."""
PATIENCE = 50 * 60
"""Seconds from the first invocation in which CloudFormation gets its answer; it waits for 3600."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds between two looks at something that takes its time."""


class Deadline:
    """The end of this invocation, and that of CloudFormation's patience.

    Args:
        event: CloudFormation's request, with the time of its first invocation.
        context: Lambda's context.
    """

    def __init__(self, event: dict[str, Any], context: Any) -> None:
        self._end = event[STARTED] + PATIENCE
        self._context = context
        self._pause = FIRST_PAUSE

    def check(self, *, ahead: float = 0) -> None:
        """Go on when there is time for ``ahead`` seconds more.

        Raises:
            Unfinished: Not in this invocation.
            Refused: Not before CloudFormation must be answered; what was done so far stays done.
        """
        if time.time() + ahead > self._end:
            raise Refused(
                "This is not finished, and CloudFormation does not wait any longer. What is done stays "
                "done: repeat the deletion or the update to continue."
            )
        if self._context.get_remaining_time_in_millis() / 1000 < MARGIN + ahead:
            raise Unfinished

    def pause(self) -> None:
        """Sleep, when there is time for it; each pause is twice as long as the last, up to 5 s."""
        self.check(ahead=self._pause)
        time.sleep(self._pause)
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
