"""The operator's commands: words in, data on stdout, plan, question and steps on stderr."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import dr_catalog.failover as failover
import dr_catalog.provisioning as provisioning
from dr_catalog.failover import Drilled
from dr_catalog.failover.load import Loss
from dr_catalog.failover.model import Lock, Writer
from tests.failover.fakes import (
    CALLER,
    LAUNCH,
    PEER,
    World,
    aws_of,
    execution,
    record,
    step,
    world,
)

DEV = ("--suffix", "dev")


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> World:
    """A launch of which everything is well; a run that is started ends well at once."""
    made = world(datetime.now(UTC))
    aws = aws_of(made)

    def start(site: Any, *, run_id: str, given: dict[str, Any]) -> str:
        made.started.append((run_id, dict(given)))
        made.executions[execution(run_id)] = ("SUCCEEDED", "")
        made.runs[run_id] = record(run_id, operation=given["operation"])
        return execution(run_id)

    aws.start.side_effect = start
    monkeypatch.setattr(failover, "Aws", lambda *, region=None: aws)
    return made


@pytest.fixture
def gone(there: World) -> World:
    """The launch region does not answer."""
    there.gone = {LAUNCH}
    return there


def test_readiness_says_ready_by_its_exit_code(there, run):
    done = run("readiness", *DEV)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0].split() == ["CHECK", "REGION", "STATE", "FOUND", "FIX"]
    assert "'dev' is ready: 14 checks, 0 not ready, 0 unknown" in done.stderr


def test_readiness_says_not_ready_with_a_fix(there, run):
    there.answers["list_subscriptions_by_topic", ""] = {"Subscriptions": []}
    done = run("readiness", *DEV, "--output", "json")
    assert done.exit_code == 1
    answer = json.loads(done.stdout)
    assert answer["ready"] is False
    (finding,) = [each for each in answer["checks"] if each["state"] == "not ready"]
    assert finding["check"] == "notifications"
    assert "aws sns subscribe" in finding["fix"]


def test_a_failover_shows_plan_and_loss_then_steps_and_figures(gone, run):
    done = run("failover", *DEV, "--reason", "region down", "--yes")
    assert done.exit_code == 0, done.output
    assert f"failover of 'dev' from {LAUNCH} to {PEER}" in done.stderr
    assert "promotes the peer's database cluster" in done.stderr
    assert (
        "expected loss: the last 0.8 s of the database (AuroraGlobalDBRPOLag at 03:00 UTC)"
        in done.stderr
    )
    assert f"launch region is unknown: {LAUNCH} does not answer" in done.stderr
    assert "promote       done: promote is done" in done.stderr
    ((run_id, given),) = gone.started
    assert given["reason"] == "region down"
    assert given["requestedBy"] == CALLER
    assert done.stdout == (
        f"dev: failover done, {LAUNCH} to {PEER}, RTO 42 s (promised 15 min), "
        "RPO database 0.8 s (promised 1 min)\n"
    )
    assert f"next: dr-catalog evidence --suffix dev --run {run_id}" in done.stderr
    assert "then: dr-catalog failback --suffix dev" in done.stderr


def test_a_failover_as_json_is_the_record(gone, run):
    answer = json.loads(run("failover", *DEV, "--yes", "--output", "json").stdout)
    assert (answer["suffix"], answer["outcome"], answer["figures"]["rto"]) == ("dev", "done", 42)


def test_without_a_yes_nothing_starts(gone, run):
    done = run("failover", *DEV)
    assert done.exit_code == 2
    assert "no terminal" in done.stderr
    assert "`dr-catalog failover --suffix dev --yes`" in done.stderr
    assert gone.started == []


def test_a_refusal_touches_nothing_and_names_what_overrides_it(there, run):
    done = run("failover", *DEV, "--yes")
    assert done.exit_code == 1
    assert "us-east-1 answers" in done.stderr
    assert "--accept-answering" in done.stderr
    assert there.started == []
    assert run("failover", *DEV, "--accept-answering", "--yes").exit_code == 0
    assert there.started[0][1]["overrides"] == ["answers"]


def test_a_run_that_is_not_waited_for(gone, run):
    done = run("failover", *DEV, "--yes", "--no-wait", "--output", "json")
    assert json.loads(done.stdout)["run"] == gone.started[0][0]
    assert "the same command follows it" in done.stderr


@pytest.mark.parametrize("operation", ["failover", "switchover"])
def test_the_traffic_may_stay(gone, run, operation):
    gone.gone = {LAUNCH} if operation == "failover" else set()
    assert run(operation, *DEV, "--keep-traffic", "--yes").exit_code == 0
    assert gone.started[0][1]["moveTraffic"] is False


@pytest.mark.parametrize("operation", ["switchover", "drill"])
def test_what_is_planned_loses_nothing(there, run, operation):
    done = run(operation, *DEV, "--yes")
    assert done.exit_code == 0, done.output
    assert "expected loss: nothing" in done.stderr
    assert there.started[0][1]["operation"] == operation
    assert there.started[0][1]["moveTraffic"] is (operation == "switchover")


def test_a_failback(there, run):
    there.writer, there.database_writer = Writer(region=PEER, epoch=2), PEER
    done = run("failback", *DEV, "--yes")
    assert done.exit_code == 0, done.output
    assert there.started[0][1]["operation"] == "failback"


def test_nothing_to_do_is_a_success(there, run):
    done = run("failback", *DEV, "--yes")
    assert (done.exit_code, done.stdout) == (0, "dev: nothing to do\n")
    assert "nothing to fail back" in done.stderr


def waiting(world: World, run_id: str = "r-1", **changes: Any) -> None:
    """A run that detection has begun waits for a decision."""
    figures = {"lag": {"milliseconds": 1500, "source": "metric"}, "rpoPromise": 60, "checks": {}}
    world.executions[execution(run_id)] = ("RUNNING", "")
    world.runs[run_id] = record(
        run_id,
        **{
            "requestedBy": "detection",
            "state": "approve",
            "outcome": "",
            "ended": "",
            "steps": [step("lock"), step("approve", ended="", outcome="")],
            "figures": figures,
            "approval": {"askedAt": "2026-01-05T03:00:00Z", "decision": ""},
            **changes,
        },
    )


def ends_when_decided(world: World, outcome: str) -> None:
    class Decisions(list):
        def append(self, given: Any) -> None:
            super().append(given)
            approval = {"askedAt": "x", "decision": given["decision"], "decidedBy": given["by"]}
            world.runs["r-1"] = record("r-1", outcome=outcome, approval=approval)

    world.decisions = Decisions()


@pytest.mark.parametrize(("option", "outcome"), [("--approve", "done"), ("--abort", "aborted")])
def test_a_waiting_run_is_decided(gone, run, option, outcome):
    waiting(gone)
    ends_when_decided(gone, outcome)
    done = run("failover", *DEV, option, "r-1", "--yes")
    assert done.exit_code == 0, done.output
    assert "expected loss of the database: 1.5 s (metric), 60 s are promised" in done.stderr
    (decision,) = gone.decisions
    assert (decision["decision"], decision["by"]) == (option[2:], CALLER)
    assert f"failover {outcome}" in done.stdout


def test_a_failover_follows_what_detection_began_and_asks_for_it(gone, run):
    waiting(gone)
    gone.lock = Lock(run="r-1", operation="failover", execution=execution("r-1"))
    asked = run("failover", *DEV)
    assert (asked.exit_code, gone.decisions, gone.started) == (2, [], [])
    assert "failover r-1 runs already, and is followed" in asked.stderr
    assert "--approve r-1 --yes" in asked.stderr
    ends_when_decided(gone, "done")
    done = run("failover", *DEV, "--yes")
    assert done.exit_code == 0, done.output
    assert [each["decision"] for each in gone.decisions] == ["approve"]
    assert gone.started == []


def test_a_decision_without_a_yes_is_none(gone, run):
    waiting(gone)
    done = run("failover", *DEV, "--approve", "r-1")
    assert (done.exit_code, gone.decisions) == (2, [])
    assert "--approve r-1 --yes" in done.stderr


def test_a_decision_that_comes_second_says_who_was_first(gone, run):
    waiting(gone)
    gone.counts = False
    done = run("failover", *DEV, "--approve", "r-1", "--yes")
    assert done.exit_code == 1
    assert "jo was first" in done.stderr


def test_a_run_that_waits_for_nothing_and_one_that_is_not_there(gone, run):
    gone.runs["r-1"] = record("r-1")
    assert "waits for no decision" in run("failover", *DEV, "--abort", "r-1", "--yes").stderr
    assert "no run r-2" in run("failover", *DEV, "--approve", "r-2", "--yes").stderr
    assert run("failover", *DEV, "--approve", "a", "--abort", "b").exit_code == 2


def test_evidence_shows_the_latest_run_and_writes_the_page(there, run, tmp_path: Path):
    there.runs = {"r-1": record("r-1"), "r-2": record("r-2", began="2026-01-06T03:00:00.000Z")}
    page = tmp_path / "page.html"
    done = run("evidence", *DEV, "--html", str(page))
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[0].split() == ["run", "r-2"]
    assert "42 s (promised 15 min)" in done.stdout
    assert "promote is done" in done.stdout
    assert page.read_text().startswith("<!doctype html>")
    answer = json.loads(run("evidence", *DEV, "--run", "r-1", "--output", "json").stdout)
    assert (answer["suffix"], answer["run"]) == ("dev", "r-1")


def test_evidence_of_what_never_ran(there, run):
    done = run("evidence", *DEV)
    assert done.exit_code == 1
    assert "no run yet" in done.stderr


def test_an_interrupted_command_says_that_the_run_goes_on(gone, run, monkeypatch):
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(failover, "follow", interrupted)
    done = run("failover", *DEV, "--yes")
    assert done.exit_code == 130
    assert f"run {gone.started[0][0]} goes on without this command" in done.stderr


@pytest.fixture
def drilled(there, monkeypatch):
    """A drill on a throw-away launch ends well; what it was called with."""
    called: list[Any] = []

    def drill(aws: Any, launches: Any, suffix: str, *, tell: Any) -> Any:
        called.append((launches, suffix))
        tell("launching warm-standby 1.3.0 as 'drill-dev'")
        lost = Loss(store="database", confirmed=40, lost=("t-1",), seconds=0.25)
        return Drilled(
            suffix=suffix,
            throw_away="drill-dev",
            product="warm-standby 1.3.0",
            how="by fencing only",
            failover=record(),
            failback=record(operation="failback"),
            survived=(lost,),
            returned=(),
            silence=9.5,
            kept="s3://bucket/drill.json",
        )

    monkeypatch.setattr(failover, "drill", drill)
    monkeypatch.setattr(provisioning, "Aws", lambda *, region: region)
    return called


def test_a_drill_on_a_throw_away(drilled, run, tmp_path: Path):
    page = tmp_path / "drill.html"
    done = run("drill", *DEV, "--throw-away", "--yes", "--html", str(page))
    assert done.exit_code == 0, done.output
    assert drilled == [(LAUNCH, "dev")]
    assert "launches 'drill-dev' in us-east-1 and us-west-2 like 'dev'" in done.stderr
    assert done.stdout.splitlines()[-1].split() == ["failover", "database", "40", "1", "0.2", "s"]
    assert "40 confirmed, 1 lost, 0.25 s" in page.read_text()
    answer = json.loads(run("drill", *DEV, "--throw-away", "--yes", "--output", "json").stdout)
    assert answer["survived"][0]["lost"] == ["t-1"]


def test_a_drill_on_a_throw_away_asks(drilled, run):
    done = run("drill", *DEV, "--throw-away")
    assert (done.exit_code, drilled) == (2, [])
    assert "`dr-catalog drill --suffix dev --throw-away --yes`" in done.stderr


@pytest.mark.parametrize(
    "words", [("--throw-away", "--no-wait"), ("--throw-away", "--accept-loss"), ("--html", "x")]
)
def test_what_a_drill_does_not_take(drilled, run, words):
    assert run("drill", *DEV, "--yes", *words).exit_code == 2
    assert drilled == []
