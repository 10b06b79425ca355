"""A rule with a schedule can be made to fire now, so that no one waits for its minute.

    POST /_embedded/rules {"account": ..., "region": ..., "rule": ...}

It fires as the clock would make it: to all its targets, once, if it is enabled. Its next time is
counted from then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.services import eventbridge

from .. import controls
from ..extension import require

_rules = require(eventbridge, "_rules")
_last_fired = require(eventbridge, "_rule_last_fired")
_tick = require(eventbridge, "_tick_scheduled_rules")
_rule_key = require(eventbridge, "_rule_key")
_LONG_AGO = 1.0


def install() -> None:
    """Once, before the server starts."""
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
    _tick()
    if _last_fired[key] == _LONG_AGO:
        raise ValueError(f"{asked['rule']} does not fire: it is {rule.get('State')}")
    return {"fired": rule["Arn"]}
