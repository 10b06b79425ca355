"""What a product promises: ``objectives`` in its ``product.yaml``, and how long a time is in words.

    objectives:
      region: {rpo: 15 min, rto: 90 min}
      corruption: {rpo: 3 h, rto: 4 h}

``region`` is the loss of the launch region; ``corruption`` that of data destroyed or falsified in both
regions alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .reader import Form, Section

UNITS = {"s": 1, "min": 60, "h": 3600}
_DURATION = Form(
    rf"(0|[1-9]\d{{0,5}}) ({'|'.join(UNITS)})",
    "a whole number and a unit: s, min or h",
    "write it as 60 s, 15 min or 4 h",
)


@dataclass(frozen=True)
class Promise:
    """What is promised for one kind of loss.

    Args:
        rpo: Seconds of writes that may be lost.
        rto: Seconds until it is served again.
    """

    rpo: int
    rto: int


@dataclass(frozen=True)
class Objectives:
    """The product's promises, the fields named as in the file."""

    region: Promise
    corruption: Promise


def read_objectives(section: Section) -> Objectives:
    """The section's promises.

    Raises:
        DefinitionError: It is not as it must be.
    """
    objectives = Objectives(
        region=_promise(section.section("region")),
        corruption=_promise(section.section("corruption")),
    )
    section.done()
    return objectives


def spelled(seconds: int) -> str:
    """The time in words, such as ``90 s``, ``15 min`` or ``2 h 50 min``; none is lost."""
    if seconds < 2 * UNITS["min"] and seconds % UNITS["min"]:
        return f"{seconds} s"
    hours, rest = divmod(seconds, UNITS["h"])
    minutes, rest = divmod(rest, UNITS["min"])
    parts = [
        f"{count} {unit}" for count, unit in ((hours, "h"), (minutes, "min"), (rest, "s")) if count
    ]
    return " ".join(parts) or "0 s"


def _promise(section: Section) -> Promise:
    promise = Promise(rpo=_seconds(section, "rpo"), rto=_seconds(section, "rto"))
    section.done()
    return promise


def _seconds(section: Section, key: str) -> int:
    found = re.fullmatch(_DURATION.pattern, section.text(key, _DURATION))
    assert found is not None
    return int(found[1]) * UNITS[found[2]]
