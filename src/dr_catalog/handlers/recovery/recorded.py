"""Which figure of a lag says what a failover would lose, when the other region has fallen silent.

Aurora's lag goes on to grow while nothing arrives: after an hour of silence it says an hour, also of a
database that had everything. What counts is what it said when the region last answered. It stands alone,
so that the commands read the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

FRESH = timedelta(minutes=10)
"""How old a figure may be where nobody says when the region last answered."""
WINDOW = timedelta(minutes=90)
"""How far to look back for that: the longest detection, an hour's wait for a person, and as much again."""


def recorded(
    values: Mapping[datetime, float], answers: Mapping[datetime, float], *, now: datetime
) -> tuple[float, datetime, bool] | None:
    """The value that counts, its minute, and whether it is that of the region's last answer.

    Args:
        values: The lag by the minute, of ``WINDOW``.
        answers: By the minute, 1 where a probe outside the region had an answer of it.
        now: The time.
    """
    heard = [at for at in values if answers.get(at, 0) >= 1]
    if heard:
        return values[max(heard)], max(heard), True
    fresh = [at for at in values if now - at <= FRESH]
    return (values[max(fresh)], max(fresh), False) if fresh else None
