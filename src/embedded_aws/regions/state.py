"""Which regions are away, and how.

    gone            nothing of the region answers or runs, and nothing replicates to or from it
    cut-off         all of it goes on, but nothing replicates to or from it, and no other region can
                    have its way with it
    control-plane   calls that manage are refused; data, functions and executions go on
    slow            every call takes ``seconds`` longer, 2 unless told otherwise
    service:<name>  one service, by boto3's name, answers nothing; several are joined with commas
    here            all is well again

A region is in one of them at a time. It is the same for every account.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .. import controls, extension

GONE, CUT_OFF, CONTROL_PLANE, SLOW, HERE = "gone", "cut-off", "control-plane", "slow", "here"
_SERVICE = "service:"
_MODES = (GONE, CUT_OFF, CONTROL_PLANE, SLOW, HERE)
_SECONDS = 2.0


@dataclass(frozen=True)
class Outage:
    """How a region is away.

    Args:
        mode: One of the modes above; ``service:`` without the names.
        services: The services that answer nothing.
        seconds: What every call takes longer.
    """

    mode: str = HERE
    services: frozenset[str] = frozenset()
    seconds: float = 0.0


Listener = Callable[[str, Outage, Outage], None]

_changing = threading.Lock()
_outages: dict[str, Outage] = {}
_since: dict[str, float] = {}
"""When a region was last not apart before it was."""
_listeners: list[Listener] = []
_back = threading.Condition()


def install() -> None:
    """Once, before the server starts."""
    controls.register("regions", control)
    extension.on_reset(_reset)


def on_change(listener: Listener) -> None:
    """Call ``listener`` with region, outage before and after; the control answers once all are done."""
    _listeners.append(listener)


def outage(region: str) -> Outage:
    """How the region is."""
    return _outages.get(region, _WELL)


def any_away() -> bool:
    """Whether any region is not well."""
    return bool(_outages)


def gone(region: str) -> bool:
    """Whether nothing of the region answers or runs."""
    return outage(region).mode == GONE


def apart(region: str) -> bool:
    """Whether the region replicates with no other."""
    return outage(region).mode in (GONE, CUT_OFF)


def held(one: str, other: str) -> bool:
    """Whether nothing gets from one region to the other."""
    return one != other and (apart(one) or apart(other))


def since(*regions: str) -> float:
    """When the first of the regions that replicate with no other became so; a clock's seconds."""
    return min(_since[region] for region in regions if apart(region))


def wait_until_there(region: str) -> None:
    """Return when the region is not gone; what runs in it stands still until then."""
    with _back:
        _back.wait_for(lambda: not gone(region))


def control(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Set how a region is, if one is named; all that are not well.

    Raises:
        ValueError: The mode is none of those above.
    """
    if asked:
        change(str(asked["region"]), _wanted(asked))
    return {"regions": {region: _told(each) for region, each in sorted(_outages.items())}}


def change(region: str, after: Outage) -> None:
    """Set how a region is, and tell everyone."""
    with _changing:
        before = outage(region)
        was_apart = apart(region)
        if after == _WELL:
            _outages.pop(region, None)
        else:
            _outages[region] = after
        if not was_apart:
            _since[region] = time.time()
        with _back:
            _back.notify_all()
        for listener in _listeners:
            listener(region, before, after)


_WELL = Outage()


def _wanted(asked: Mapping[str, Any]) -> Outage:
    mode = str(asked["mode"])
    if mode.startswith(_SERVICE) and mode != _SERVICE:
        return Outage(_SERVICE, services=frozenset(mode.removeprefix(_SERVICE).split(",")))
    if mode not in _MODES:
        raise ValueError(f"mode is one of {', '.join(_MODES)} and {_SERVICE}<name>, not {mode}")
    return Outage(mode, seconds=float(asked.get("seconds", _SECONDS)) if mode == SLOW else 0.0)


def _told(each: Outage) -> str:
    return each.mode + ",".join(sorted(each.services))


def _reset() -> None:
    with _back:
        _outages.clear()
        _back.notify_all()
