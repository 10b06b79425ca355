"""``objectives`` in product.yaml, and times in words."""

from __future__ import annotations

import pytest

from dr_catalog.definitions import Objectives, Promise, load_product, spelled
from dr_catalog.errors import DefinitionError

from .conftest import Change

ABOVE = "exceptions:\n"
OBJECTIVES = """\
objectives:
  region: {rpo: 60 s, rto: 15 min}
  corruption: {rpo: 3 h, rto: 0 s}
"""


def test_a_product_may_promise_or_not(change: Change) -> None:
    path = change("product", ABOVE, ABOVE)
    assert load_product(path).objectives is None
    change("product", ABOVE, OBJECTIVES + ABOVE)
    assert load_product(path).objectives == Objectives(Promise(60, 900), Promise(10_800, 0))


# What is written instead; line and field; what is expected.
ROWS = [
    ("rpo: 60 s", "rpo: 60", "12: objectives.region.rpo", "a whole number and a unit"),
    ("rpo: 60 s", "rpo: 60s", "12: objectives.region.rpo", "a whole number and a unit"),
    ("rpo: 60 s", "rpo: 1.5 h", "12: objectives.region.rpo", "a whole number and a unit"),
    ("rpo: 60 s", "rpo: 1 d", "12: objectives.region.rpo", "a whole number and a unit"),
    ("rpo: 60 s", "rpo: -1 s", "12: objectives.region.rpo", "a whole number and a unit"),
    ("rpo: 60 s, ", "", "12: objectives.region.rpo", "the field"),
    ("rpo: 60 s", "rpo: 60 s, rpa: 1 s", "12: objectives.region.rpa", "one of the fields"),
    ("corruption", "corrupted", "12: objectives.corruption", "the field"),
    ("objectives:\n", "objectives:\n  fire: {}\n", "12: objectives.fire", "one of the fields"),
    ("{rpo: 60 s, rto: 15 min}", "60 s", "12: objectives.region", "a mapping"),
]


@pytest.mark.parametrize(("before", "after", "place", "expected"), ROWS)
def test_a_wrong_promise_names_line_and_field(
    change: Change, before: str, after: str, place: str, expected: str
) -> None:
    path = change("product", ABOVE, OBJECTIVES.replace(before, after, 1) + ABOVE)
    with pytest.raises(DefinitionError) as error:
        load_product(path)
    assert f":{place}: expected {expected}" in error.value.what
    assert error.value.hint


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (90, "90 s"), (150, "2 min 30 s"), (900, "15 min"),
     (3600, "1 h"), (10_200, "2 h 50 min"), (5295, "1 h 28 min 15 s"), (86_400, "24 h")],
)  # fmt: skip
def test_times_are_spelled(seconds: int, words: str) -> None:
    assert spelled(seconds) == words
