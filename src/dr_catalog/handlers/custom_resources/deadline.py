"""How much time is left, so that a handler can stop before it is cut off.

Two clocks run. Lambda ends an invocation after at most 15 minutes: the work then goes on in another.
CloudFormation waits an hour for an answer: before that the work is given up with a reason, and a
repeated deletion takes it up again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
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

    def check(self, *, ahead: float = 0) -> None:
        """Go on when there is time for ``ahead`` seconds more.

        Raises:
            Unfinished: Not in this invocation.
            Refused: Not before CloudFormation must be answered; what was done so far stays done.
        """
        if time.time() + ahead > self._end:
            raise Refused(
                "This is not finished, and CloudFormation does not wait any longer. What is done stays "
                "done: repeat the deletion to continue, or the update."
            )
        if self._context.get_remaining_time_in_millis() / 1000 < MARGIN + ahead:
            raise Unfinished

    def repeat(self, act: Callable[[], bool]) -> None:
        """Act for as long as that says something is left, with pauses that grow up to 5 s between.

        Raises:
            Unfinished, Refused: As ``check`` does.
        """
        pause = FIRST_PAUSE
        while act():
            self.check(ahead=pause)
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
