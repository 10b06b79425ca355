"""What a recovery is made of, as plain frozen objects.

`aws.Aws` makes them from what the services answer and from the items of the state table; everything
else in this package reads them only. Times are ISO 8601 in UTC, as the state machine's tasks write them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FAILOVER, SWITCHOVER, FAILBACK, DRILL = "failover", "switchover", "failback", "drill"
LAG, NOT_READY, ANSWERS = "lag", "not-ready", "answers"
"""What a person may override: a loss beyond the objective, a check that says no, a region that is there."""
APPROVE, ABORT = "approve", "abort"
DONE = "done"
AT_REST, OFF = "peer-at-rest", "off"
"""What the recovery layer tells of a peer that is off until a recovery switches it on."""
SERVES, BOTH = "serves", "both"
"""What it tells where both regions serve and write."""


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where the recovery of a suffix runs: everything of it is in the peer of the launch region.

    Args:
        suffix: The environment suffix.
        account: 12 digits.
        region: The region with the state machine: the launch's peer.
        launch_region: The region of the launch.
        machine: The state machine's ARN.
        told: What the recovery layer tells under ``/dr/<suffix>/recovery/`` there.
    """

    suffix: str
    account: str
    region: str
    launch_region: str
    machine: str
    told: Mapping[str, str] = field(default_factory=dict)

    @property
    def both_serve(self) -> bool:
        """Whether both regions serve and write, so that a recovery moves the ledger's writer alone."""
        return self.told.get(SERVES) == BOTH

    @property
    def regions(self) -> tuple[str, str]:
        """The launch region and its peer."""
        return self.launch_region, self.region

    @property
    def switches_on(self) -> bool:
        """Whether the peer is off until a recovery switches it on."""
        return self.told.get(AT_REST) == OFF

    def other(self, region: str) -> str:
        """The other region of the pair."""
        return self.region if region == self.launch_region else self.launch_region


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Which region takes writes, and in which epoch."""

    region: str
    epoch: int = 1
    fenced: bool = False
    run: str = ""


@dataclass(frozen=True, kw_only=True)
class Lock:
    """The run that holds the recovery of a suffix; there is one at a time."""

    run: str
    operation: str
    since: str = ""
    execution: str = ""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a run; ``ended`` and ``outcome`` are empty while it is under way."""

    step: str
    began: str = ""
    ended: str = ""
    outcome: str = ""
    told: str = ""


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run's record, as the state machine's tasks keep it.

    Args:
        id: Its id, which is the name of the execution that began it.
        operation: failover, switchover, failback or drill.
        mode: ``approve`` or ``automatic``.
        state: The step it is at, or how it ended.
        outcome: ``done``, ``aborted`` or ``refused``; empty while it runs.
        told: The last thing there is to say.
        execution: The ARN of the execution that drives it now.
        record: All of it, as `handlers/recovery/index.py` describes it.
    """

    id: str
    operation: str
    mode: str = ""
    state: str = ""
    outcome: str = ""
    told: str = ""
    execution: str = ""
    began: str = ""
    ended: str = ""
    from_region: str = ""
    to_region: str = ""
    steps: tuple[Step, ...] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    approval: Mapping[str, Any] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)

    @property
    def finished(self) -> bool:
        """It ended, well or not."""
        return bool(self.ended)

    @property
    def waiting(self) -> bool:
        """It waits for a person's decision."""
        asked, decided = self.approval.get("askedAt"), self.approval.get("decision")
        return bool(asked and not decided and not self.finished)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one check of `readiness` found.

    Args:
        check: What was looked at.
        region: Where; empty where in both.
        state: ``ok``, ``not ready``, or ``unknown`` where it could not be looked at.
        found: What was found, or why it is unknown.
        fix: What to do; empty where there is nothing to do.
        hinders: A run would fail for it, or lose more than the objective.
    """

    check: str
    region: str
    state: str
    found: str
    fix: str = ""
    hinders: bool = False
