"""Waiting for a plan or a change set to be made."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..errors import LaunchError
from .preview_model import ChangeSet

_MOST_SECONDS = 600.0

Sleep = Callable[[float], None]


def settled(read: Callable[[], ChangeSet], *, pause: float, sleep: Sleep = time.sleep) -> ChangeSet:
    """A plan or change set once it is made, or failed.

    Raises:
        LaunchError: It takes longer than ten minutes.
    """
    for _ in range(int(_MOST_SECONDS / pause)):
        found = read()
        if not found.making:
            return found
        sleep(pause)
    raise LaunchError("the plan was not made within ten minutes")
