"""Drives executions over the simulated world as the state machine would, with everything that befalls it.

A task may die, be repeated, come again when its execution is long over, or have another run in its
middle; an execution may be stopped after any task, and a person then starts the operation again. When all
has healed, people finish what is open and fail back, and what must be true at the end is asserted.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import procedures
from machine import advance
from step_approve import decide, wait
from watch import watch
from world import Writer

from .both import TWICE, UNSETTLED, BothServe
from .ports import STANDBY_CAPACITY, world
from .simulated import LAUNCH, PEER, Crash, Schedule, Simulated, must

HOUR = 3600.0
LIMIT = 120 * HOUR


@dataclass
class Execution:
    """An execution of the machine: the state it is in, and the last answer."""

    arn: str
    input: dict[str, Any]
    state: str = procedures.LOCK.name
    run: str = ""
    token: str = ""
    last: str = ""
    waits: int = field(default=0)

    def event(self) -> dict[str, Any]:
        """What the state's task is given."""
        event = {"step": self.state, "run": self.run or self.arn, "execution": self.arn}
        return {**event, "input": self.input} if self.state == procedures.LOCK.name else event


class Drive:
    """One schedule, from its start to when all is over."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.sim = (BothServe if schedule.both else Simulated)(schedule)
        self.world = world(self.sim)
        self.alive: dict[str, Execution] = {}
        self.tasks = 0
        self.stops = sorted(schedule.stops)
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._names = itertools.count(1)

    def at(self, when: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (when, next(self._order), what))

    def run(self) -> Simulated:
        """Drive until all is over, and assert what must be true then."""
        for when, given in self.schedule.starts:
            self.at(when, lambda given=given: self.start(given))  # type: ignore[misc]
        for when, by, what, overrides in self.schedule.decisions:
            self.at(when, lambda a=(by, what, overrides): self.decide(*a))  # type: ignore[misc]
        self.at(300, self.watch)
        self.work()
        self.finish()
        return self.sim

    def work(self) -> None:
        """Until nothing is left to do."""
        while self._heap:
            when, _, what = heapq.heappop(self._heap)
            assert when < LIMIT, f"not over: {[(e.run, e.state) for e in self.alive.values()]}"
            self.sim.pass_time(when)
            what()

    def start(self, given: dict[str, Any]) -> None:
        """Start an execution."""
        execution = Execution(f"run-{next(self._names)}", given)
        self.alive[execution.arn] = execution
        self.sim.running.add(execution.arn)
        self.at(self.sim.now, lambda: self.task(execution))

    def watch(self) -> None:
        """The schedule's call, while there is something to come."""
        with contextlib.suppress(Crash, Exception):  # the next minute tries again
            told = watch(self.world)
            sim = self.sim
            free = told != "a recovery runs" and "can't be told" not in told
            # Without an item the launch region writes in epoch 1.
            true, there = (sim.writers[each] or Writer(LAUNCH, 1) for each in (PEER, LAUNCH))
            must(not free or there.epoch == true.epoch, "the watch left an old writer open")
            must(not (free and there.fenced), "the watch left a fence")
        if self._heap or self.alive:
            self.at(self.sim.now + 900, self.watch)

    def decide(self, by: str, what: str, overrides: list[str]) -> None:
        """A person decides for every run that waits, or has waited."""
        for execution in list(self.alive.values()):
            record = self.sim.records.get(f"run#{execution.run}")
            if record and record["approval"]:
                self._decide(execution.run, by, what, overrides)
        for execution in list(self.alive.values()):
            self._woken(execution)

    def _decide(self, run: str, by: str, what: str, overrides: list[str]) -> None:
        event = {"decide": what, "run": run, "by": by, "overrides": overrides}
        decided = bool(self.sim.record(run)["approval"].get("decision"))
        with contextlib.suppress(Crash, Exception):  # the person sees it fail
            counted, _ = decide(self.world, event)
            must(not (counted and decided), "two decisions counted")

    def _woken(self, execution: Execution) -> None:
        if execution.state == procedures.APPROVAL and execution.token in self.sim.tokens:
            self._resume(execution, execution.waits)

    def _resume(self, execution: Execution, waits: int) -> None:
        """The wait for the token is over, by the token or by its time-out."""
        if execution.state == procedures.APPROVAL and execution.waits == waits:
            execution.waits += 1
            execution.state = procedures.APPROVE.name
            self.at(self.sim.now, lambda: self.task(execution))

    def task(self, execution: Execution) -> None:
        """Run the task of the state that the execution is in."""
        if execution.arn not in self.alive:
            return
        self.tasks += 1
        if self.stops and self.tasks >= self.stops[0]:
            self.stops.pop(0)
            self.stop(execution)
            return
        event = execution.event()
        self._mishaps(execution, event)
        try:
            answer = advance(self.world, event)
        except Crash:
            self.at(self.sim.now + 5, lambda: self.task(execution))
            return
        except Exception:  # the state table does not answer: Lambda fails, the machine retries
            self.at(self.sim.now + 60, lambda: self.task(execution))
            return
        self._follow(execution, answer)

    def _follow(self, execution: Execution, answer: dict[str, Any]) -> None:
        execution.run, execution.last = answer["run"], answer["told"]
        following = answer["next"]
        assert following in procedures.STATES
        if following in (procedures.DONE, procedures.ABORTED):
            self._end(execution)
            return
        execution.state = following
        if following != procedures.APPROVAL:
            self.at(self.sim.now + answer["wait"], lambda: self.task(execution))
            return
        execution.token = f"token-{next(self._names)}"
        waits = execution.waits
        self.at(self.sim.now + procedures.APPROVE.patience, lambda: self._resume(execution, waits))
        try:
            wait(self.world, execution.run, execution.arn, execution.token)
        except (Crash, Exception):  # Lambda fails; the time-out ends the wait
            return
        self._woken(execution)

    def _mishaps(self, execution: Execution, event: dict[str, Any]) -> None:
        sim, schedule = self.sim, self.schedule
        sim.interlude = None
        if not sim.mishaps or sim.now >= schedule.heals:
            return
        others = [each.event() for each in self.alive.values()] or [event]
        between = sim.random.choice(others)
        sim.interlude = lambda: self._quietly(between)
        if sim.random.random() < schedule.repeat:
            self._quietly(event)
        if sim.random.random() < schedule.zombie:
            when = sim.now + sim.random.uniform(1, 3000)
            self.at(when, lambda: self._quietly(event))

    def _quietly(self, event: dict[str, Any]) -> None:
        """A task whose answer nobody waits for."""
        if event["step"] == procedures.APPROVAL:
            return
        with contextlib.suppress(Crash, Exception):
            advance(self.world, event)

    def stop(self, execution: Execution) -> None:
        """The execution is stopped; a person starts its operation again later."""
        self._end(execution)
        again = {
            "operation": execution.input["operation"],
            "requestedBy": "night shift",
            "overrides": list(procedures.OVERRIDES),
        }
        self.at(self.sim.now + 120, lambda: self.start(again))

    def _end(self, execution: Execution) -> None:
        self.alive.pop(execution.arn, None)
        self.sim.running.discard(execution.arn)

    # What is true at the end.

    def finish(self) -> None:
        """All has healed: finish what is open, fail back, and see that nothing is missing."""
        sim = self.sim
        sim.mishaps = False
        sim.pass_time(max(sim.now, self.schedule.heals, self.schedule.ends) + 60)
        for _ in range(4):
            held = sim.items.get("lock")
            if held is None and sim.writer == LAUNCH:
                break
            operation = held["operation"] if held else procedures.FAILBACK
            self.start(
                {
                    "operation": operation,
                    "requestedBy": "day shift",
                    "overrides": list(procedures.OVERRIDES),
                }
            )
            self.at(sim.now + 60, self.watch)
            self.work()
        self.at(sim.now + 60, self.watch)
        self.work()
        self.check()

    def check(self) -> None:
        sim = self.sim
        assert "lock" not in sim.items, f"locked: {sim.items['lock']}"
        truth = sim.writers[PEER]
        assert sim.writer == LAUNCH, "the writer did not come back"
        assert truth is None or (truth.region == LAUNCH and not truth.fenced)
        there = sim.writers[LAUNCH]
        assert there is None or (there.region == LAUNCH and not there.fenced), f"fenced: {there}"
        epoch = truth.epoch if truth else 1
        assert there is None or there.epoch == epoch
        where = f"{LAUNCH},{PEER}" if self.schedule.both else LAUNCH
        assert sim.serving == where, "the traffic did not come back"
        runs = [sim.record(each[4:]) for each in sim.items if each.startswith("run#")]
        done = [run for run in runs if run["outcome"] == "done" and run["operation"] != "drill"]
        assert epoch == 1 + len(done), f"epoch {epoch} after {len(done)} changes of the writer"
        per_run = [run for run, _ in sim.promotions]
        assert len(per_run) == len(set(per_run)) == len(done), "promoted other than once a run"
        for region in (LAUNCH, PEER):
            assert sim.clusters[region].capacity == STANDBY_CAPACITY, f"capacity in {region}"
        assert sim.limit == (0 if self.schedule.pilot else None), f"runs at once: {sim.limit}"
        if self.schedule.pilot or not done:
            headless = self.schedule.headless or self.schedule.pilot
            assert sim.clusters[PEER].instances == (0 if headless else 1)
        for run in runs:
            there_is = "evidence" in run["figures"] or self.schedule.service == "documents"
            there_is = there_is or self.schedule.fault == "slow"  # it may miss each look
            assert there_is or run["outcome"] in ("", "refused"), f"no evidence of {run['run']}"
            if run["outcome"] == "" and run["state"] != "lock":
                raise AssertionError(f"{run['run']} is open at {run['state']}")
        rows, kept = sim.clusters[LAUNCH].rows, set(sim.kept)
        if isinstance(sim, BothServe):
            sim.pass_time(sim.now + 120)
            assert not sim.marked(UNSETTLED), "not all is settled"
            kept |= {write.number for write in sim.marked(TWICE)}  # the index lists them
        lost = [
            write
            for write in sim.confirmed
            if (write.key not in rows or rows[write.key].number != write.number)
            and write.number not in kept
        ]
        assert not lost, f"{len(lost)} confirmed writes are nowhere, such as {lost[0]}"
        planned = all(run["operation"] != "failover" for run in done)
        sole = (
            not self.schedule.both
        )  # where both serve, either may take an id while the writer moves
        assert not (planned and sole) or not sim.kept, "a planned change lost writes"
