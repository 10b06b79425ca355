"""A rule with a schedule can be made to fire now, so that no one waits for its minute.

    POST /_embedded/rules {"account": ..., "region": ..., "rule": ...}

It fires as the clock would make it: to all its targets, once, if it is enabled. Its next time is
counted from then. The control answers once the functions among the targets have.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

from ministack.services import eventbridge

from .. import controls
from ..extension import require

_rules = require(eventbridge, "_rules")
_last_fired = require(eventbridge, "_rule_last_fired")
_tick = require(eventbridge, "_tick_scheduled_rules")
_rule_key = require(eventbridge, "_rule_key")
_own = require(eventbridge, "threading")
_LONG_AGO = 1.0
_PATIENCE = 60.0
_fired: ContextVar[list[threading.Thread] | None] = ContextVar("fired", default=None)


class _Thread(threading.Thread):
    """A thread of EventBridge's, which calls a function; noted while a control fires a rule."""

    def start(self) -> None:
        """Start it."""
        super().start()
        noted = _fired.get()
        if noted is not None:
            noted.append(self)


def install() -> None:
    """Once, before the server starts."""
    eventbridge.threading = SimpleNamespace(**{**vars(_own), "Thread": _Thread})
    controls.register("rules", fire)


def fire(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Fire a rule now.

    Raises:
        ValueError: There is none of that name, or it has no schedule or is not enabled.
    """
    key = (asked["account"], asked["region"], _rule_key(asked["rule"], "default"))
    rule = _rules._data.get(key)
    if rule is None or not rule.get("ScheduleExpression"):
        raise ValueError(f"{asked['rule']} is no rule with a schedule in {asked['region']}")
    _last_fired[key] = _LONG_AGO
    started: list[threading.Thread] = []
    before = _fired.set(started)
    try:
        _tick()
    finally:
        _fired.reset(before)
    for thread in started:
        thread.join(_PATIENCE)
    if _last_fired[key] == _LONG_AGO:
        raise ValueError(f"{asked['rule']} does not fire: it is {rule.get('State')}")
    return {"fired": rule["Arn"]}
