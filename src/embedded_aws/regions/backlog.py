"""What one region's services have for another's while nothing gets through: kept, and delivered after.

The last writer wins: what is delivered gives way to what was written to the same thing over there, while
the two were apart, at a later time. The backlog lives as long as the process.

    a service -> wrote: this thing was written here now -> post: deliver it there, once it gets through
    the region is back -> all that gets through, oldest first
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from .. import controls, extension
from . import state


@dataclass(frozen=True)
class _Delivery:
    """One write for another region."""

    thing: Hashable
    source: str
    destination: str
    time: int
    apply: Callable[[], None]


_lock = threading.RLock()
_times = itertools.count(1)
_written: dict[tuple[Hashable, str], int] = {}
_waiting: list[_Delivery] = []


def install() -> None:
    """Once, before the server starts."""
    state.on_change(lambda *_: controls.on_loop(_deliver))
    extension.on_reset(_reset)


def wrote(thing: Hashable, region: str) -> int:
    """Note that a thing was written in a region; the time of it."""
    with _lock:
        _written[thing, region] = next(_times)
        return _written[thing, region]


def post(
    thing: Hashable, *, source: str, destination: str, time: int, apply: Callable[[], None]
) -> None:
    """Keep a write until it gets through.

    Args:
        time: Of `wrote`.
        apply: Carries it out; called on the loop that requests are served on, in no account's scope.
    """
    with _lock:
        _waiting.append(_Delivery(thing, source, destination, time, apply))


def _deliver() -> None:
    with _lock:
        through = [each for each in _waiting if not state.held(each.source, each.destination)]
        _waiting[:] = [each for each in _waiting if each not in through]
        for each in through:
            there = each.thing, each.destination
            if _written.get(there, 0) < each.time:
                each.apply()
                _written[there] = each.time
        if not _waiting:
            _written.clear()


def _reset() -> None:
    with _lock:
        _waiting.clear()
        _written.clear()
