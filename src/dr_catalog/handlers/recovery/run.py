"""A run and its record: what the item ``run#<id>`` holds, and how it changes.

The record is written as a whole, and only over the version that was read: whoever comes second reads
again. What a step is about to change that an abort must put back is written first, under ``touched``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import procedures
from procedures import Step
from world import World

LOCK, LAST = "lock", "last"
"""Items: who holds the lock, and how the last run ended."""
DETECTION = "detection"


@dataclass(frozen=True)
class Go:
    """The step is done."""

    told: str


@dataclass(frozen=True)
class Again:
    """The step is to be looked at again, after the row's pause or ``wait`` seconds."""

    told: str
    wait: int | None = None


@dataclass(frozen=True)
class Ask:
    """A person must decide; the machine waits for the token."""

    told: str


@dataclass(frozen=True)
class Abort:
    """The run goes no further, and what it touched is put back."""

    told: str


Outcome = Go | Again | Ask | Abort


def iso(moment: float) -> str:
    """Seconds since 1970 as ``2025-01-31T12:00:00.000Z``."""
    text = datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def seconds(text: str) -> float:
    """What ``iso`` made, back in seconds since 1970."""
    return datetime.fromisoformat(text).timestamp()


@dataclass
class Run:
    """A run as it was read.

    Attributes:
        record: Its record; ``index`` says what it holds.
        version: Of the item; 0 when it is not stored.
    """

    record: dict[str, Any]
    version: int = 0

    @property
    def id(self) -> str:
        return str(self.record["run"])

    @property
    def operation(self) -> str:
        return str(self.record["operation"])

    @property
    def by_person(self) -> bool:
        """Whether a person asked for it."""
        return bool(self.record["requestedBy"] != DETECTION)

    @property
    def source(self) -> str:
        """The old writer's region."""
        return str(self.record["from"])

    @property
    def target(self) -> str:
        """The new writer's region."""
        return str(self.record["to"])

    @property
    def epoch(self) -> int:
        """The epoch that it opens."""
        return int(self.record["epoch"])

    @property
    def figures(self) -> dict[str, Any]:
        figures: dict[str, Any] = self.record["figures"]
        return figures

    @property
    def touched(self) -> list[str]:
        touched: list[str] = self.record["touched"]
        return touched

    @property
    def committed(self) -> bool:
        """Whether the point of no return is, or may be, passed."""
        return bool(self.record["committed"])

    @property
    def aborting(self) -> bool:
        return bool(self.record["aborting"])

    def steps(self) -> tuple[Step, ...]:
        """What it still does or has done, in order."""
        procedure = procedures.PROCEDURES[self.operation]
        return procedures.ABORT if self.aborting else procedure

    def after(self, name: str) -> str:
        """The step after this one, or the last state."""
        names = [step.name for step in self.steps()]
        following = names[names.index(name) + 1 :]
        if following:
            return following[0]
        return procedures.ABORTED if self.aborting else procedures.DONE

    def entry(self, name: str, now: float) -> dict[str, Any]:
        """The entry of the step it is at, begun now when there is none."""
        steps: list[dict[str, Any]] = self.record["steps"]
        if not steps or steps[-1]["step"] != name or steps[-1]["ended"]:
            steps.append(
                {
                    "step": name,
                    "began": iso(now),
                    "ended": "",
                    "outcome": "",
                    "looks": 0,
                    "told": "",
                }
            )
        return steps[-1]

    def ended(self, name: str) -> str:
        """When this step ended last; empty when it did not."""
        return next(
            (each["ended"] for each in reversed(self.record["steps"]) if each["step"] == name), ""
        )

    def touch(self, world: World, what: str) -> None:
        """Remember, before it is changed, that ``what`` must be put back by an abort."""
        if what not in self.touched:
            self.touched.append(what)
            self.save(world)

    def save(self, world: World) -> None:
        """Store the record.

        Raises:
            Conflict: Another has stored it since it was read.
        """
        world.state.put(
            {
                "id": f"run#{self.id}",
                "version": self.version + 1,
                "operation": self.operation,
                "outcome": self.record["outcome"],
                "began": self.record["began"],
                "record": json.dumps(self.record),
            }
        )
        self.version += 1


def load(world: World, run_id: str) -> Run | None:
    """The run with this id."""
    item = world.state.item(f"run#{run_id}")
    return Run(json.loads(item["record"]), int(item["version"])) if item else None
