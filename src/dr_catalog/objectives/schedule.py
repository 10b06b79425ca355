"""The longest time between two runs of a schedule: ``rate(1 hour)``, ``cron(0 0/1 * * ? *)``.

See https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from __future__ import annotations

import re
from itertools import pairwise

from .model import Unbounded

_UNITS = {"minute": 60, "hour": 3_600, "day": 86_400}
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_DAY, _WEEK = 24 * 60, 7 * 24 * 60
_ANY = ("*", "?")


def longest_gap(expression: str) -> int:
    """Seconds between two runs at most.

    Raises:
        Unbounded: The schedule runs by days of the month or by months, or is none.
    """
    if rate := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression):
        return int(rate[1]) * _UNITS[rate[2]]
    cron = re.fullmatch(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)", expression)
    if cron is None or cron[3] not in _ANY or cron[4] != "*" or cron[6] != "*":
        raise Unbounded(f"how often '{expression}' runs can't be told")
    minutes, hours = _values(cron[1], 0, 59), _values(cron[2], 0, 23)
    weekdays = (
        range(7) if cron[5] in _ANY else [day - 1 for day in _values(_numbered(cron[5]), 1, 7)]
    )
    runs = sorted(
        day * _DAY + hour * 60 + minute for day in weekdays for hour in hours for minute in minutes
    )
    return 60 * max(after - before for before, after in pairwise([*runs, runs[0] + _WEEK]))


def _numbered(field: str) -> str:
    for number, day in enumerate(_DAYS, start=1):
        field = field.replace(day, str(number))
    return field


def _values(field: str, least: int, most: int) -> list[int]:
    """What a field stands for: ``*``, ``5``, ``0/2``, ``1-5`` and lists of these."""
    found: set[int] = set()
    for part in field.split(","):
        parsed = re.fullmatch(r"(\*|\d+)(?:-(\d+))?(?:/(\d+))?", part)
        if parsed is None:
            raise Unbounded(f"'{field}' is no field of a schedule that can be told")
        first = least if parsed[1] == "*" else int(parsed[1])
        ends = parsed[1] == "*" or parsed[3] is not None
        last = int(parsed[2]) if parsed[2] else most if ends else first
        step = int(parsed[3] or 1)
        if not (least <= first <= last <= most and step):
            raise Unbounded(f"'{field}' is no field of a schedule that can be told")
        found.update(range(first, last + 1, step))
    return sorted(found)
