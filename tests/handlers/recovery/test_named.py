"""Named schedules, each with how it must end; the thousand only say what must never happen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import procedures
import pytest
import step_record
from machine import advance
from run import seconds
from step_approve import decide

from .driving import Drive
from .ports import Signals, Stores, world
from .simulated import LAUNCH, PEER, Schedule, Simulated

DETECTED = {"operation": "failover", "requestedBy": "detection"}
ASKED = {"operation": "failover", "requestedBy": "ann"}
FORCED = {**ASKED, "overrides": list(procedures.OVERRIDES)}
PLANNED = {"operation": "switchover", "requestedBy": "ann"}
HOUR = 3600


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page has tests of its own."""
    monkeypatch.setattr(step_record, "page", lambda *_, **__: "")


def drive(**changed: Any) -> tuple[Drive, dict[str, Any]]:
    """A schedule's drive when all is over, and the record of its first run."""
    given: dict[str, Any] = {"fault": "down", "ends": 4 * HOUR, "heals": 4 * HOUR, **changed}
    given["starts"] = [(200, each) for each in given.get("starts", [ASKED])]
    driven = Drive(Schedule(7, **given))
    driven.run()
    return driven, driven.sim.record("run-1")


def told(record: dict[str, Any], step: str) -> str:
    return str(next(each["told"] for each in record["steps"] if each["step"] == step))


def test_a_failover_needs_nothing_of_the_launch_region() -> None:
    _, record = drive(begins=150)
    assert record["outcome"] == "done"
    assert [each["step"] for each in record["steps"]] == [
        step.name for step in procedures.PROCEDURES["failover"]
    ]
    assert record["figures"]["traffic"] == "moved"
    assert record["figures"]["rto"] < 600
    assert record["figures"]["rpo"]["database"] == 1  # its lag, for the old writer can't say
    assert record["figures"]["rpoAtMost"] == ["table", "documents"]
    assert "can't be told" in told(record, "fence")


@pytest.mark.parametrize("fault", ["control", "slow", "odd", "cut", "flapping"])
def test_whatever_befalls_the_launch_region_a_forced_failover_ends(fault: str) -> None:
    _, record = drive(fault=fault, starts=[FORCED])
    assert record["outcome"] == "done"


def test_an_automatic_failover_asks_nobody() -> None:
    _, record = drive(mode="automatic", starts=[DETECTED])
    assert (record["outcome"], told(record, "approve")) == ("done", "automatic")


def test_a_lag_above_the_promise_is_put_to_a_person_even_then() -> None:
    _, record = drive(mode="automatic", lag=200, starts=[DETECTED])
    assert record["aborting"].startswith("nobody decided in time")
    decisions = [(400, "ann", "approve", []), (500, "bob", "approve", ["lag"])]
    _, record = drive(mode="automatic", lag=200, starts=[DETECTED], decisions=decisions)
    assert (record["outcome"], record["approval"]["decidedBy"]) == ("done", "bob")


def test_a_lag_above_the_promise_refuses_and_names_the_override() -> None:
    driven, record = drive(lag=200)
    assert record["outcome"] == "aborted"
    assert "200 s behind" in record["told"]
    assert "override lag" in record["told"]
    assert driven.sim.writers == {LAUNCH: None, PEER: None}


def test_an_answering_region_is_not_failed_over() -> None:
    _, record = drive(fault="none", starts=[DETECTED])
    assert (record["outcome"], record["steps"][-1]["step"]) == ("aborted", "unlock")
    _, record = drive(fault="none")
    assert "switchover loses nothing" in record["told"]


def test_of_two_operators_one_is_refused() -> None:
    driven, record = drive(starts=[ASKED, {**ASKED, "requestedBy": "bob"}])
    second = driven.sim.record("run-2")
    assert (record["outcome"], second["outcome"]) == ("done", "refused")
    assert "run-1 is running" in second["told"]


def test_the_first_of_two_decisions_counts() -> None:
    decisions = [(400, "ann", "abort", []), (400, "bob", "approve", [])]
    driven, record = drive(starts=[DETECTED], decisions=decisions)
    assert (record["outcome"], record["told"]) == ("aborted", "ann decided against it")
    assert driven.sim.writers == {LAUNCH: None, PEER: None}


def test_nobody_decides_and_nothing_is_touched() -> None:
    driven, record = drive(starts=[DETECTED])
    assert record["aborting"].startswith("nobody decided in time")
    assert (driven.sim.writers, driven.sim.promotions) == ({LAUNCH: None, PEER: None}, [])


def test_a_late_decision_changes_nothing() -> None:
    sim = Simulated(Schedule(7, fault="down", ends=HOUR * 9))
    ports = world(sim)
    sim.pass_time(200)
    sim.running.add("e")
    event: dict[str, Any] = {"step": "lock", "run": "r", "execution": "e", "input": DETECTED}
    while event["step"] != procedures.APPROVAL:
        event["step"] = advance(ports, event)["next"]
    sim.pass_time(200 + HOUR + 60)
    counted, why = decide(ports, {"decide": "approve", "run": "r", "by": "ann"})
    assert not counted
    assert why.startswith("the time to decide ended")
    assert "decision" not in sim.record("r")["approval"]


@pytest.mark.parametrize("promotion", ["refused", "lost", "hangs"])
def test_a_promotion_that_goes_wrong_is_gone_on_with(promotion: str) -> None:
    _, record = drive(promotion=promotion, spoiled=1)
    assert record["outcome"] == "done"


def test_a_promotion_that_is_always_refused_aborts() -> None:
    driven, record = drive(promotion="refused", spoiled=10_000)
    assert record["outcome"] == "aborted"
    assert "promote was not done" in record["told"]
    assert driven.sim.clusters[PEER].capacity == 0.5


def test_a_headless_standby_gets_an_instance_first() -> None:
    driven, record = drive(headless=True)
    assert record["outcome"] == "done"
    assert driven.sim.clusters[PEER].instances == 1
    assert "ACU" in told(record, "ready")


@pytest.mark.parametrize("stop", range(2, 14))
def test_a_run_that_is_stopped_anywhere_is_gone_on_with(stop: int) -> None:
    driven, record = drive(stops=[stop])
    assert record["outcome"] == "done"
    assert len(record["takenOver"]) == 1
    assert driven.sim.promotions[0] == ("run-1", PEER)


@pytest.mark.parametrize("service", ["ssm", "documents", "backup", "notify"])
def test_a_peer_that_lacks_a_service_goes_on_when_it_is_back(service: str) -> None:
    _, record = drive(service=service, heals=2 * HOUR)
    assert record["outcome"] == "done"


def test_a_switchover_loses_nothing() -> None:
    driven, record = drive(fault="none", starts=[PLANNED])
    assert record["outcome"] == "done"
    assert record["figures"]["rpo"] == {"database": 0, "table": 0, "documents": 0}
    assert not driven.sim.kept


def test_during_an_upgrade_only_who_insists_fails_over() -> None:
    _, record = drive(versions=True, fault="control")
    assert "an upgrade may be under way" in record["told"]
    _, record = drive(versions=True, fault="control", starts=[FORCED])
    assert record["outcome"] == "done"


def test_rows_of_the_old_writer_alone_are_listed_and_kept() -> None:
    driven, record = drive(fault="cut", starts=[FORCED])
    failback = driven.sim.record("run-2")
    assert (record["outcome"], failback["outcome"]) == ("done", "done")
    late = {write.number for write in driven.sim.confirmed if write.at > 300 and write.epoch == 1}
    assert late
    assert late <= driven.sim.kept
    assert failback["figures"]["unmerged"]["count"] == len(driven.sim.kept)


def test_a_drill_promotes_nothing_and_puts_everything_back() -> None:
    driven, record = drive(fault="none", starts=[{"operation": "drill", "requestedBy": "ann"}])
    assert record["outcome"] == "done"
    assert (driven.sim.promotions, driven.sim.clusters[PEER].capacity) == ([], 0.5)
    assert record["figures"]["traffic"] == "untouched"


def test_after_a_recovery_detection_rests() -> None:
    driven = Drive(
        Schedule(
            7,
            mode="automatic",
            fault="down",
            ends=HOUR,
            heals=HOUR,
            starts=[
                (200, {**ASKED, "overrides": ["answers"], "operation": "drill"}),
                (900, DETECTED),
            ],
        )
    )
    driven.run()
    assert "a person may start a failover" in driven.sim.record("run-2")["told"]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("failover", "must be a JSON object"),
        ({}, "'operation' must be one of"),
        ({"operation": "failover", "reasn": ""}, "not known: reasn"),
        ({"operation": "failover", "overrides": "lag"}, "'overrides' must be a list"),
        ({"operation": "failover", "overrides": ["all"]}, "'overrides' must be a list"),
        ({"operation": "failover", "moveTraffic": "no"}, "'moveTraffic' must be"),
        ({"operation": "drill", "requestedBy": "detection"}, "detection starts a failover"),
        ({"operation": "failback"}, "already"),
    ],
)
def test_an_input_that_makes_no_sense_is_refused(given: Any, why: str) -> None:
    sim = Simulated(Schedule(7))
    sim.running.add("e")
    event = {"step": "lock", "run": "r", "execution": "e", "input": given}
    answer = advance(world(sim), event)
    assert (answer["next"], sim.record("r")["outcome"]) == ("aborted", "refused")
    assert why in answer["told"]
    assert "lock" not in sim.items
    assert advance(world(sim), event) == answer


def test_without_a_zone_the_endpoint_is_named() -> None:
    driven = Drive(Schedule(7, fault="down", ends=HOUR, heals=HOUR, starts=[(200, ASKED)]))
    settings = replace(driven.world.settings, serving_parameter="", control_metric="")
    driven.world = replace(driven.world, settings=settings)
    driven.run()
    figures = driven.sim.record("run-1")["figures"]
    assert (figures["traffic"], figures["endpoint"]) == ("manual", "https://here/live/")


def test_a_task_of_another_execution_is_sent_away() -> None:
    driven, _ = drive()
    answer = advance(driven.world, {"step": "move", "run": "run-1", "execution": "other"})
    assert (answer["next"], "driven by run-1" in answer["told"]) == ("aborted", True)


def test_a_loss_is_measured_where_the_old_writer_says_what_it_had() -> None:
    _, record = drive(fault="control", lag=170, begins=150, starts=[FORCED])
    figures = record["figures"]
    assert figures["rpoAtMost"] == []
    assert 0 < figures["rpo"]["database"] <= 200
    assert figures["rpo"]["table"] == 0


def test_a_switchover_waits_until_the_other_region_has_the_newest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    last_write = Stores._last_write

    def late(stores: Stores, store: str, region: str) -> float | None:
        behind = store == "documents" and region == PEER and stores.sim.now < 300
        return None if behind else last_write(stores, store, region)

    monkeypatch.setattr(Stores, "_last_write", late)
    _, record = drive(fault="none", starts=[PLANNED])
    (close,) = [each for each in record["steps"] if each["step"] == "close"]
    assert record["outcome"] == "done"
    assert close["looks"] > 5  # the last requests, and then every 5 s
    monkeypatch.setattr(
        Stores, "_last_write", lambda stores, store, region: None if region == PEER else 1.0
    )
    driven, record = drive(fault="none", starts=[PLANNED])
    assert "waits until us-west-2 has the newest of table and documents" in record["told"]
    assert (record["outcome"], driven.sim.writer) == ("aborted", LAUNCH)


# A peer that is off at rest.


def test_a_peer_at_rest_is_switched_on_before_it_is_promoted_and_off_after_the_failback() -> None:
    driven, record = drive(pilot=True, starts=[FORCED])
    failback = driven.sim.record("run-2")
    assert (record["outcome"], failback["outcome"]) == ("done", "done")
    steps = [each["step"] for each in record["steps"]]
    assert steps.index("ready") < steps.index("promote")
    assert "the processor in us-west-2 is off again" in told(failback, "restore")
    assert "the instance of a recovery in us-west-2 is deleted" in told(failback, "restore")
    assert (driven.sim.limit, driven.sim.clusters[PEER].instances) == (0, 0)
    assert "compute#us-west-2" not in driven.sim.items


def test_nobody_knows_the_lag_of_a_peer_at_rest_and_a_person_decides() -> None:
    _, record = drive(pilot=True)
    assert record["outcome"] == "aborted"
    assert "nobody knows how far us-west-2 is behind" in record["told"]
    assert "override lag" in record["told"]
    decisions = [(400, "ann", "approve", ["lag"])]
    _, record = drive(pilot=True, mode="automatic", starts=[DETECTED], decisions=decisions)
    assert (record["outcome"], record["approval"]["decidedBy"]) == ("done", "ann")


@pytest.mark.parametrize("operation", ["drill", "switchover"])
def test_what_loses_nothing_asks_nobody_how_far_a_peer_at_rest_is_behind(operation: str) -> None:
    given = {"operation": operation, "requestedBy": "ann"}
    driven, record = drive(pilot=True, fault="none", starts=[given])
    assert record["outcome"] == "done"
    assert (driven.sim.limit, driven.sim.clusters[PEER].instances) == (0, 0)


def test_an_aborted_failover_leaves_a_peer_at_rest_as_it_was() -> None:
    driven, record = drive(pilot=True, promotion="refused", spoiled=10_000, starts=[FORCED])
    assert record["outcome"] == "aborted"
    assert (driven.sim.limit, driven.sim.clusters[PEER].instances) == (0, 0)


@pytest.mark.parametrize("stop", range(2, 14))
def test_a_run_that_switches_on_is_gone_on_with_wherever_it_is_stopped(stop: int) -> None:
    driven, record = drive(pilot=True, starts=[FORCED], stops=[stop])
    assert (record["outcome"], len(record["takenOver"])) == ("done", 1)
    assert (driven.sim.limit, driven.sim.clusters[PEER].instances) == (0, 0)


@pytest.mark.parametrize("stop", range(2, 12))
def test_a_drill_that_is_stopped_is_gone_on_with_and_ends_off(stop: int) -> None:
    given = {"operation": "drill", "requestedBy": "ann"}
    driven, record = drive(pilot=True, fault="none", starts=[given], stops=[stop])
    assert record["outcome"] == "done"
    assert (driven.sim.limit, driven.sim.clusters[PEER].instances) == (0, 0)


def test_who_still_comes_to_the_peer_after_a_failback_is_served() -> None:
    driven, _ = drive(pilot=True, starts=[FORCED])
    failback = driven.sim.record("run-2")
    ended = {each["step"]: seconds(each["ended"]) for each in failback["steps"]}
    assert ended["restore"] - ended["move"] >= driven.world.settings.linger
    driven, _ = drive(starts=[FORCED])
    failback = driven.sim.record("run-2")
    ended = {each["step"]: seconds(each["ended"]) for each in failback["steps"]}
    assert ended["restore"] - ended["move"] < 60  # nothing is switched off


def test_a_peer_that_is_switched_on_and_does_not_answer_is_not_promoted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Signals, "answers", lambda signals, region: False)
    driven = Drive(Schedule(7, pilot=True, fault="down", ends=HOUR, starts=[(200, FORCED)]))
    driven.run()
    record = driven.sim.record("run-1")
    assert "waits for the processor in us-west-2" in record["aborting"]
    assert (driven.sim.promotions, driven.sim.limit) == ([], 0)
