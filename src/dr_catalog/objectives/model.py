"""What comes out: sums of lines, one for each store that differs, and the worst of them.

Computed -> Loss (region, corruption) -> Objective (RPO, RTO) -> Sum a store -> Line
"""

from __future__ import annotations

from dataclasses import dataclass

REGION, CORRUPTION = "region", "corruption"
LOSSES = {
    REGION: "the launch region is gone",
    CORRUPTION: "data is destroyed or falsified, in both regions alike",
}
"""The kinds of loss, and what they are."""
DATABASE, TABLE, DOCUMENTS = "database", "table", "documents"
STORES = (DATABASE, TABLE, DOCUMENTS)
ALL = "all"
"""What stands for the stores that come back together."""


class Unbounded(Exception):
    """Nothing in the templates bounds the time; the text says what is missing."""


@dataclass(frozen=True)
class Line:
    """One term of a sum.

    Args:
        term: What takes the time.
        seconds: How long, at most.
        source: A template's property, a step of the machine, or why a reviewed figure is so.
    """

    term: str
    seconds: int
    source: str


@dataclass(frozen=True)
class Sum:
    """An objective of one store.

    Args:
        store: ``database``, ``table``, ``documents`` or ``all``.
        lines: Its terms.
        unbounded: What is missing that would bound it; empty where it is bounded.
    """

    store: str
    lines: tuple[Line, ...]
    unbounded: str = ""

    @property
    def seconds(self) -> int | None:
        """The sum; None where nothing bounds it."""
        return None if self.unbounded else sum(line.seconds for line in self.lines)

    @property
    def dominant(self) -> Line | None:
        """The longest of its terms; None where nothing bounds it."""
        return None if self.unbounded else max(self.lines, key=lambda line: line.seconds)


@dataclass(frozen=True)
class Objective:
    """The RPO or the RTO of a tier for one kind of loss: that of the worst store."""

    sums: tuple[Sum, ...]

    @property
    def worst(self) -> Sum:
        """The store that decides; the first of equals."""
        return max(self.sums, key=_weight)

    @property
    def seconds(self) -> int | None:
        """The tier's objective; None where nothing bounds it."""
        return self.worst.seconds

    def within(self, seconds: int) -> bool:
        """Whether it is no longer than that."""
        return self.seconds is not None and self.seconds <= seconds


@dataclass(frozen=True)
class Loss:
    """Both objectives for one kind of loss."""

    kind: str
    rpo: Objective
    rto: Objective


def _weight(entry: Sum) -> float:
    return float("inf") if entry.seconds is None else entry.seconds
