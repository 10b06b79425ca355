"""The longest time between two runs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dr_catalog.objectives.model import Unbounded
from dr_catalog.objectives.schedule import longest_gap

HOUR, DAY = 3600, 86_400


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [
        ("rate(1 minute)", 60),
        ("rate(2 hours)", 2 * HOUR),
        ("rate(1 day)", DAY),
        ("cron(0 0/1 * * ? *)", HOUR),
        ("cron(0 * * * ? *)", HOUR),
        ("cron(0/15 * * * ? *)", 900),
        ("cron(0 0/5 * * ? *)", 5 * HOUR),
        ("cron(30 3 * * ? *)", DAY),
        ("cron(0 1,13 * * ? *)", 12 * HOUR),
        ("cron(0 8-18 * * ? *)", 14 * HOUR),
        ("cron(0 4 ? * SUN *)", 7 * DAY),
        ("cron(0 4 ? * MON-FRI *)", 3 * DAY),
        ("cron(0 4 ? * 1,4 *)", 4 * DAY),
    ],
)
def test_the_longest_gap(expression: str, seconds: int) -> None:
    assert longest_gap(expression) == seconds


@pytest.mark.parametrize(
    "expression",
    ["", "every hour", "cron(0 5 1 * ? *)", "cron(0 5 * 1 ? *)", "cron(0 5 * * ? 2027)",
     "cron(61 5 * * ? *)", "cron(x 5 * * ? *)", "cron(0 5 ? * 2#1 *)", "cron(0/0 5 * * ? *)"],
)  # fmt: skip
def test_what_can_not_be_told_is_refused(expression: str) -> None:
    with pytest.raises(Unbounded):
        longest_gap(expression)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 23), st.integers(0, 22))
def test_a_longer_step_never_gives_a_smaller_gap(step: int, more: int) -> None:
    longer = min(23, step + more)
    before, after = (longest_gap(f"cron(0 0/{hours} * * ? *)") for hours in (step, longer))
    assert after >= before
