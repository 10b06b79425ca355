"""Waits for stacks that services here have begun: the pauses, and how far a stack has come.

Read where CloudFormation keeps it: to render a page of events and parse it again, at every look,
takes longer than most resources. What a stack has to say once it is at rest is asked of the API.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import cloudformation

from .extension import require

_stacks = require(cloudformation, "_stacks")
_events = require(cloudformation, "_stack_events")
_FIRST_WAIT, _LONGEST_WAIT, _GROWTH = 0.02, 0.5, 1.1  # a tenth of what has passed


def turns() -> Iterator[None]:
    """Turns of a wait, the pauses between them growing; CloudFormation decides when it ends."""
    pause = _FIRST_WAIT
    while True:
        time.sleep(pause)
        yield
        pause = min(pause * _GROWTH, _LONGEST_WAIT)


def in_progress(*, account: str, region: str, stack_id: str) -> bool:
    """Whether the stack is at work."""
    with request_scope(account, region):
        stack = _stacks.get(stack_id.split("/")[1])
    return (
        stack is not None
        and stack["StackId"] == stack_id
        and stack["StackStatus"].endswith("_IN_PROGRESS")
    )


def events(*, account: str, region: str, stack_id: str) -> list[dict[str, Any]]:
    """The stack's events so far, oldest first."""
    with request_scope(account, region):
        return list(_events.get(stack_id) or ())
