"""The stack events of both regions in one time line, oldest first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from .. import names
from . import catalog
from .aws import Aws
from .events import StackEvents
from .model import Launch, StackEvent
from .stacks import peer_stacks, stack_name

POLL_SECONDS, LOCAL_POLL_SECONDS = 5.0, 0.1
_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)


def timeline(
    aws: Aws, suffix: str, layer: str = "", *, whole: bool = False
) -> tuple[StackEvent, ...]:
    """The events of the last operation, or of the launch's whole life, newest last.

    Raises:
        NotFoundError: Nothing is launched under this suffix.
        UsageError: Several layers are launched under it, and none is named.
        SetupError: The stacks may not be read.
    """
    names.check_suffix(suffix)
    launch = catalog.find_launch(aws, suffix, layer)
    since = _BEGINNING if whole else aws.record(launch.last_record).created.replace(microsecond=0)
    name = stack_name(account=aws.account, launch_id=launch.id)
    stack = aws.stack(name)
    found = list(aws.events(stack.id if stack else name, since=since))
    for peer in peer_stacks(aws, stack) if stack else ():
        found += aws.events(peer.id, since=since, region=peer.region)
    return tuple(sorted(found, key=lambda event: (event.time, event.id)))


def follow(
    aws: Aws, suffix: str, layer: str = "", *, sleep: Callable[[float], None] = time.sleep
) -> Iterator[tuple[StackEvent, ...]]:
    """The events of the operation that runs, as they come, until it ends.

    Each turn gives what is new, perhaps nothing. Where no operation runs, the last one's events come
    at once.

    Raises:
        NotFoundError: Nothing is launched under this suffix.
        UsageError: Several layers are launched under it, and none is named.
        SetupError: The stacks may not be read.
    """
    names.check_suffix(suffix)
    launch: Launch = catalog.find_launch(aws, suffix, layer)
    if not launch.changing:
        yield timeline(aws, suffix, launch.layer)
        return
    record = aws.record(launch.last_record)
    name = stack_name(account=aws.account, launch_id=launch.id)
    events = StackEvents(aws, suffix=suffix, layer=launch.layer, stack=name, since=record.created)
    while True:
        record = aws.record(record.id)
        yield events.fresh()
        if events.blocked_by is not None:
            raise events.blocked_by
        if record.finished:
            return
        sleep(LOCAL_POLL_SECONDS if aws.local else POLL_SECONDS)
