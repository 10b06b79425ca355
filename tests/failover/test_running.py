"""Following a run: each step is told as it begins and ends, and every ending is judged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dr_catalog.errors import RecoveryError, SetupError
from dr_catalog.failover import Run, Step, follow
from dr_catalog.failover.running import PATIENCE

from .fakes import CALLER, SITE, World, aws_of, execution, record, step, world

RUN = "failover-1"
UNDER_WAY = {"outcome": "", "ended": ""}


class Follower:
    """Follows a run whose record changes at every look."""

    def __init__(self, world: World, *states: dict[str, Any] | None) -> None:
        self.world, self.states = world, iter(states)
        self.told: list[str] = []
        self.decided: list[str] = []

    def look(self) -> None:
        state = next(self.states, None)
        if state is not None:
            self.world.runs[RUN] = state

    def report(self, step: Step) -> None:
        self.told.append(f"{step.step} {step.outcome}".strip())

    def decide(self, run: Run) -> None:
        self.decided.append(run.id)

    def follow(self) -> Run:
        self.look()
        return follow(
            aws_of(self.world),
            SITE,
            run_id=RUN,
            execution=execution(RUN),
            report=self.report,
            decide=self.decide,
            sleep=lambda _: self.look(),
        )


@pytest.fixture
def running() -> World:
    made = world()
    made.executions[execution(RUN)] = ("RUNNING", "")
    return made


def under_way(*steps: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return record(RUN, **{**UNDER_WAY, "steps": list(steps), **changes})


def test_steps_are_told_once_as_they_begin_and_end(running: World) -> None:
    open_step = step("lock", ended="", outcome="")
    states = (
        None,  # the record is not there yet
        under_way(open_step),
        under_way(open_step),
        under_way(step("lock"), step("promote", ended="", outcome="")),
        record(RUN, steps=[step("lock"), step("promote")]),
    )
    follower = Follower(running, *states)
    assert follower.follow().outcome == "done"
    assert follower.told == ["lock", "lock done", "promote", "promote done"]


def test_a_step_that_is_repeated_is_told_again(running: World) -> None:
    done = record(RUN, steps=[step("restore"), step("restore")])
    follower = Follower(running, done)
    follower.follow()
    assert follower.told == ["restore done", "restore done"]


def test_a_run_that_waits_is_decided_once(running: World) -> None:
    asked = {"askedAt": "2026-01-05T03:00:00Z"}
    waiting = under_way(state="approve", approval=asked)
    decided = under_way(
        state="fence", approval={**asked, "decision": "approve", "decidedBy": CALLER}
    )
    follower = Follower(running, waiting, waiting, decided, record(RUN))
    follower.follow()
    assert follower.decided == [RUN]


@pytest.mark.parametrize("outcome", ["aborted", "refused"])
def test_an_abort_is_told_with_its_reason(running: World, outcome: str) -> None:
    ended = record(RUN, outcome=outcome, state="aborted", told="nobody decided within an hour")
    with pytest.raises(RecoveryError, match=outcome) as failed:
        Follower(running, ended).follow()
    assert failed.value.why == "nobody decided within an hour"
    assert f"dr-catalog evidence --suffix dev --run {RUN}" in failed.value.hint


def test_a_dead_execution_is_told_with_the_way_on(running: World) -> None:
    running.executions[execution(RUN)] = ("ABORTED", "")
    with pytest.raises(
        RecoveryError, match="stopped at promote: its execution is ABORTED"
    ) as failed:
        Follower(running, under_way(step("lock"), state="promote")).follow()
    assert "`dr-catalog failover --suffix dev` takes it over" in failed.value.hint


def test_an_execution_without_a_record_did_not_begin(running: World) -> None:
    running.executions[execution(RUN)] = ("FAILED", "a switchover holds the lock")
    with pytest.raises(RecoveryError, match="did not begin") as failed:
        Follower(running).follow()
    assert failed.value.why == "a switchover holds the lock"


class Silent:
    """An AWS that does not answer a number of times."""

    def __init__(self, world: World, times: int) -> None:
        self.answers: Iterator[Exception | None] = iter([SetupError("no answer")] * times)
        self.aws = aws_of(world)
        answer = self.aws.run.side_effect

        def run(site: Any, run_id: str) -> Any:
            if error := next(self.answers, None):
                raise error
            return answer(site, run_id)

        self.aws.run.side_effect = run

    def follow(self) -> Run:
        return follow(
            self.aws,
            SITE,
            run_id=RUN,
            execution=execution(RUN),
            report=lambda step: None,
            decide=lambda run: None,
            sleep=lambda _: None,
        )


def test_a_moment_of_silence_is_borne_and_a_long_one_is_told(running: World) -> None:
    running.runs[RUN] = record(RUN)
    assert Silent(running, PATIENCE).follow().outcome == "done"
    with pytest.raises(SetupError):
        Silent(running, PATIENCE + 1).follow()
