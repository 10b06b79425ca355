"""The world of a recovery in memory: two regions, their stores, their clients, and what goes wrong.

Time is a number that the driver moves. Every call of a step goes through ``Simulated.call``, where the
schedule's faults strike: a region that does not answer, an answer that is lost after the deed, a task that
dies before or after it, another task that runs in the middle. The regions' processors accept writes as
the real one does, by their own region's item; what they confirmed is remembered, and the invariants are
asserted where a deed is done.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from world import (
    Refusal,
    Unreachable,
    Writer,
)

LAUNCH, PEER = "us-east-1", "us-west-2"
EPOCH = 1_700_000_000.0
STANDBY_CAPACITY, WRITER_CAPACITY = 0.5, 8.0
Answer = TypeVar("Answer")


class Crash(BaseException):
    """The task dies where it is."""


class Broken(BaseException):
    """What must hold does not; nothing that handles errors catches it."""


def must(holds: bool, otherwise: str) -> None:
    """Assert an invariant, also where errors are handled."""
    if not holds:
        raise Broken(otherwise)


@dataclass
class Schedule:
    """What goes wrong, and who does what; times are seconds from the start.

    Attributes:
        seed: Gives the same again.
        mode: ``approve`` or ``automatic``.
        fault: What befalls the launch region: none, down, cut, control, slow, odd, flapping.
        begins, ends: When it does.
        lag: Seconds that the database's replication takes.
        promotion: What becomes of the first calls to promote or switch over: refused, lost, hangs.
        spoiled: How many of them.
        services: A service of the peer that fails until ``heals``; empty for none.
        heals: When everything works.
        headless: Whether the peer has no instance.
        both: Whether both regions serve and write.
        pilot: Whether the peer's processor is off until a recovery switches it on; it has no instance then.
        versions: Whether the regions run different code until ``heals``.
        crash, repeat, zombie, between: How likely a task dies at a call, is repeated, is repeated much
            later, or has another run in its middle.
        stops: After how many tasks an execution is stopped.
        starts: Executions to start: time and input.
        decisions: What people decide: time, who, what, overrides.
    """

    seed: int
    mode: str = "approve"
    fault: str = "none"
    begins: float = 60
    ends: float = 3600
    lag: float = 1
    promotion: str = "works"
    spoiled: int = 0
    service: str = ""
    heals: float = 7200
    headless: bool = False
    pilot: bool = False
    both: bool = False
    versions: bool = False
    crash: float = 0.0
    repeat: float = 0.0
    zombie: float = 0.0
    between: float = 0.0
    stops: list[int] = field(default_factory=list)
    starts: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    decisions: list[tuple[float, str, str, list[str]]] = field(default_factory=list)


@dataclass(frozen=True)
class Write:
    """A write that a processor confirmed; ``same_as`` is the number of another with the same id."""

    number: int
    region: str
    epoch: int
    at: float
    same_as: int | None = None

    @property
    def key(self) -> int:
        """The id, as the ledger has it."""
        return self.number if self.same_as is None else self.same_as


@dataclass
class Cluster:
    """A region's cluster: ``rows`` by id, and what it is like."""

    rows: dict[int, Write] = field(default_factory=dict)
    instances: int = 1
    ready_at: float = 0
    capacity: float = STANDBY_CAPACITY
    rebuilt_at: float = 0


class Simulated:
    """Everything there is."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.random = random.Random(schedule.seed)
        self.now = 0.0
        self.items: dict[str, dict[str, Any]] = {}
        self.records: dict[str, dict[str, Any]] = {}
        self.writers: dict[str, Writer | None] = {LAUNCH: None, PEER: None}
        self.clusters = {LAUNCH: Cluster(), PEER: Cluster()}
        if schedule.headless or schedule.pilot:
            self.clusters[PEER].instances = 0
        self.limit: int | None = 0 if schedule.pilot else None
        """How many of the peer's processor may run at once."""
        self.writer = LAUNCH
        self.split = False
        """Whether the old primary still believes in itself after an unplanned failover."""
        self.moving: tuple[str, float, bool] | None = None
        self.spoiled = schedule.spoiled
        self.tables: dict[str, dict[int, Write]] = {LAUNCH: {}, PEER: {}}
        self.unsent: dict[str, list[Write]] = {LAUNCH: [], PEER: []}
        self.log: deque[Write] = deque()
        self.confirmed: list[Write] = []
        self.epochs: dict[int, str] = {}
        self.kept: set[int] = set()
        self.serving = LAUNCH
        self.verified: set[tuple[str, int]] = set()
        self.running: set[str] = set()
        self.told: list[str] = []
        self.tokens: set[str] = set()
        self.promotions: list[tuple[str, str]] = []
        self.approved: set[str] = set()
        self.calls = 0
        self.interlude: Callable[[], None] | None = None
        self.mishaps = True
        self.current = ""

    # What goes wrong.

    def lag(self) -> float:
        """Seconds that the database's replication takes now."""
        return self.schedule.lag if self.now < self.schedule.heals else 1

    def gone(self, region: str) -> bool:
        """Whether the launch region can't be reached from the peer."""
        schedule = self.schedule
        if region != LAUNCH or not schedule.begins <= self.now < schedule.ends:
            return False
        if schedule.fault == "flapping":
            return int(self.now / 90) % 2 == 0
        return schedule.fault in ("down", "cut")

    def gone_oddly(self) -> bool:
        """Whether the launch region refuses whatever it is asked."""
        return self.schedule.begins <= self.now < self.schedule.ends

    def dead(self) -> bool:
        """Whether the launch region serves nobody at all."""
        return self.gone(LAUNCH) and self.schedule.fault != "cut"

    def call(self, region: str, service: str, deed: Callable[[], Answer]) -> Answer:
        """The answer to a call, or what goes wrong with it."""
        schedule, chance = self.schedule, self.random.random
        self.calls += 1
        if self.mishaps and self.now < schedule.heals:
            if schedule.between and self.interlude and chance() < schedule.between:
                interlude, self.interlude = self.interlude, None
                interlude()
            if schedule.crash and chance() < schedule.crash:
                raise Crash(f"before {service} in {region}")
        if self.gone(region):
            raise Unreachable(f"{service} in {region}")
        if region == LAUNCH and schedule.fault == "odd" and self.gone_oddly():
            raise Refusal(f"{service} in {region} says strange things")
        faulty = schedule.begins <= self.now < schedule.ends and region == LAUNCH
        if faulty and schedule.fault == "control" and service == "rds":
            raise Unreachable(f"{service} in {region}")
        if region == PEER and service == schedule.service and self.now < schedule.heals:
            raise Unreachable(f"{service} in {region}")
        if faulty and schedule.fault == "slow" and chance() < 0.5:
            if chance() < 0.5:
                deed()
            raise Unreachable(f"{service} in {region} is slow")
        answer = deed()
        if self.mishaps and self.now < schedule.heals and chance() < schedule.crash:
            raise Crash(f"after {service} in {region}")
        return answer

    # What goes on by itself.

    def pass_time(self, until: float) -> None:
        """Clients write and stores replicate until then."""
        step = max(30.0, (until - self.now) / 3)
        while self.now < until:
            self.now = min(until, self.now + step)
            self._settle()
            for region in (LAUNCH, PEER):
                self._client(region)

    def _settle(self) -> None:
        if self.moving and self.now >= self.moving[1]:
            to, _, planned = self.moving
            self.moving = None
            if self.writer != to:
                self._promoted(to, planned=planned)
        launch, peer = self.clusters[LAUNCH], self.clusters[PEER]
        linked = not self.gone(LAUNCH)
        if linked:
            for region, other in ((LAUNCH, PEER), (PEER, LAUNCH)):
                for write in self.unsent[region]:
                    self.tables[other][write.number] = write
                self.unsent[region].clear()
        if linked and self.split:
            self.split = False
            launch.rebuilt_at = self.now + 1800
        if self.split or launch.rebuilt_at > self.now:
            return
        if launch.rebuilt_at:
            launch.rows, launch.rebuilt_at = dict(peer.rows), 0
        target = self.clusters[PEER if self.writer == LAUNCH else LAUNCH]
        while linked and self.log and self.log[0].at + self.lag() <= self.now:
            write = self.log.popleft()
            target.rows[write.key] = write

    def _promoted(self, to: str, *, planned: bool) -> None:
        if planned:
            self.clusters[to].rows = dict(self.clusters[self.writer].rows)
        else:
            self.split = True
        self.writer = to
        self.log.clear()
        self.promotions.append((self.current, to))

    def believes(self, region: str) -> bool:
        """Whether the region's database takes writes."""
        return self.writer == region or (region == LAUNCH and self.split)

    def _client(self, region: str) -> None:
        """One request to the region's processor."""
        if region == LAUNCH and self.dead():
            return
        writer = self.writers[region] or Writer(LAUNCH, 1)
        if writer.region != region or writer.fenced or not self.believes(region):
            return
        if self.moving and self.moving[2]:
            return
        if region == PEER:
            must(self.limit != 0, "the peer was to serve and is off")
        write = Write(len(self.confirmed), region, writer.epoch, self.now)
        must(self.epochs.setdefault(write.epoch, region) == region, f"two writers in {write.epoch}")
        self.clusters[region].rows[write.number] = write
        self.tables[region][write.number] = write
        self.unsent[region].append(write)
        if not self.split and not self.clusters[LAUNCH].rebuilt_at:
            self.log.append(write)
        self.confirmed.append(write)

    # The record's invariants.

    def record(self, run_id: str) -> dict[str, Any]:
        """The record as it is stored."""
        return self.records[f"run#{run_id}"]

    def may_touch(self, run_id: str) -> None:
        """The run has every right to begin touching the launch region."""
        record = self.record(run_id)
        must(self.items.get("lock", {}).get("run") == run_id, "touched without the lock")
        if record["requestedBy"] != "detection":
            return
        lag = record["figures"]["lag"]["milliseconds"]
        if record["mode"] == "automatic" and lag is not None and lag <= self.rpo * 1000:
            return
        must(run_id in self.approved, "touched without approval")

    rpo = 60
