"""Switchovers and failovers of a global cluster: begun by a call, done in the background.

    checked -> FailoverState pending (the call answers) -> failing-over or switching-over
    -> the new writer -> what can be reached follows it -> no FailoverState

While it lasts no member may be modified. A control decides how promotions of a global cluster go:

    POST /_embedded/promotions {"account": ..., "global_cluster": ..., "mode": "hang"}

``hang`` lets them wait until the mode is another, so that one may end after a caller's patience;
``fail`` ends them with everything as it was; ``go``, as it begins, carries them out. The rebuild of a
member that a failover left behind goes the same way.

See https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_FailoverState.html
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from pg8000.exceptions import DatabaseError, InterfaceError

from .. import controls
from . import databases
from .databases import Key, Record
from .postgres import PostgresError

_GO, _FAIL, _HANG = "go", "fail", "hang"
_modes: dict[tuple[str, str], str] = {}
_changed = threading.Condition()
_resets = 0


def install() -> None:
    """Once, before the server starts."""
    controls.register("promotions", control)


def forget() -> None:
    """No promotion goes on after a reset."""
    global _resets
    with _changed:
        _resets += 1
        _modes.clear()
        _changed.notify_all()


def control(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Decide how promotions of a global cluster go.

    Raises:
        ValueError: There is no such global cluster or mode.
    """
    account, name, mode = (str(asked[each]) for each in ("account", "global_cluster", "mode"))
    if databases.global_cluster(account, name) is None:
        raise ValueError(f"no global cluster {name} in {account}")
    if mode not in (_GO, _FAIL, _HANG):
        raise ValueError(f"mode is {_GO}, {_FAIL} or {_HANG}, not {mode}")
    with _changed:
        _modes[account, name] = mode
        _changed.notify_all()
    return {"global_cluster": name, "mode": mode}


def begin(record: Record, *, target: Key, state: Record, named: Callable[[Record], None]) -> None:
    """Begin to promote a secondary.

    Args:
        record: The global cluster.
        target: The secondary, which runs.
        state: The FailoverState to show, pending.
        named: Called once the roles have changed.
    """
    record["FailoverState"] = state
    lossless = not state["IsDataLossAllowed"]
    arguments = (record, target, lossless, named, _resets)
    threading.Thread(target=_promote, args=arguments, daemon=True, name="promotion").start()


def _promote(
    record: Record, target: Key, lossless: bool, named: Callable[[Record], None], resets: int
) -> None:
    state = record["FailoverState"]
    state["Status"] = "switching-over" if lossless else "failing-over"
    record["Status"], cluster = state["Status"], target.record or {}
    cluster["Status"] = databases.PROMOTED
    try:
        if goes_on(record) and resets == _resets:
            databases.switch(record, target, lossless=lossless)
            cluster["Status"] = databases.AVAILABLE
            named(record)
            databases.follow_again(record)
    except (PostgresError, DatabaseError, InterfaceError, OSError):  # a server went away meanwhile
        databases.go_on(record)
    finally:
        record["Status"] = cluster["Status"] = databases.AVAILABLE
        record.pop("FailoverState", None)


def hangs(record: Record) -> bool:
    """Whether what begins now would hang."""
    return _modes.get(_name(record)) == _HANG


def goes_on(record: Record) -> bool:
    """Whether what has begun is carried out, once it is not to hang any more."""
    with _changed:
        _changed.wait_for(lambda: not hangs(record))
        return _modes.get(_name(record)) != _FAIL


def _name(record: Record) -> tuple[str, str]:
    return record["GlobalClusterArn"].split(":")[4], record["GlobalClusterIdentifier"]
