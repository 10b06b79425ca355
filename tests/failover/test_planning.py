"""What a request comes to: a start, a follow, nothing, or a refusal that names the way on and its cost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from dr_catalog.errors import RecoveryError
from dr_catalog.failover import Follow, Nothing, Request, Start, machine_input, plan
from dr_catalog.failover.model import Lock, Writer

from .fakes import (
    CALLER,
    LAUNCH,
    NOW,
    PEER,
    PILOT,
    SITE,
    World,
    aws_of,
    cluster,
    execution,
    pilot,
    record,
    stack,
    world,
)


def planned(world: World, operation: str, *overrides: str, **more: Any) -> Any:
    request = Request(operation=operation, suffix="dev", overrides=overrides, **more)
    return plan(aws_of(world), PILOT if world.off else SITE, request, now=NOW)


@pytest.fixture
def gone() -> World:
    made = world()
    made.gone = {LAUNCH}
    return made


def test_a_failover_of_a_region_that_is_gone(gone: World) -> None:
    step = planned(gone, "failover", reason="region down")
    assert isinstance(step, Start)
    assert (step.from_region, step.to_region) == (LAUNCH, PEER)
    assert step.loss is not None
    assert (step.loss.database, step.loss.promised) == (0.8, 60)
    assert [name for name, _ in step.steps][:3] == ["lock", "preflight", "approve"]
    assert step.run.startswith("failover-20260105T030000-")
    assert machine_input(step) == {
        "operation": "failover",
        "requestedBy": CALLER,
        "reason": "region down",
        "overrides": [],
        "moveTraffic": True,
    }


def test_two_operators_draw_two_ids(gone: World) -> None:
    assert planned(gone, "failover").run != planned(gone, "failover").run


def test_a_lag_that_only_grew_since_the_region_fell_silent_is_no_loss(gone: World) -> None:
    last, lags = NOW - timedelta(minutes=20), ("AuroraGlobalDBRPOLag", cluster(PEER))
    gone.metrics["LaunchRegionAnswers", PEER] = {last: 1, NOW: 0}
    gone.metrics[lags] = {last: 800, NOW: 1_200_000}
    step = planned(gone, "failover")
    assert (step.loss.database, step.loss.source) == (0.8, "AuroraGlobalDBRPOLag at 02:40 UTC")
    gone.metrics[lags] = {last: 90_000, NOW: 1_200_000}
    with pytest.raises(RecoveryError, match=r"90\.0 s behind"):
        planned(gone, "failover")


def test_a_region_that_answers_is_not_failed_over_lightly() -> None:
    with pytest.raises(RecoveryError, match="us-east-1 answers") as refused:
        planned(world(), "failover")
    assert "switchover --suffix dev" in refused.value.hint
    assert "--accept-answering" in refused.value.hint
    assert isinstance(planned(world(), "failover", "answers"), Start)


def _lag(world: World) -> None:
    world.metrics["AuroraGlobalDBRPOLag", cluster(PEER)] = 90_000


def _headless(world: World) -> None:
    world.answers["describe_db_instances", ""] = {"DBInstances": []}


REFUSED: list[tuple[Callable[[World], None], str, str]] = [
    (_lag, "lag", "--accept-loss"),
    (_headless, "not-ready", "--accept-not-ready"),
]


@pytest.mark.parametrize(("fault", "override", "option"), REFUSED)
def test_a_refusal_names_the_override_and_its_cost(
    gone: World, fault: Callable[[World], None], override: str, option: str
) -> None:
    fault(gone)
    with pytest.raises(RecoveryError, match="nothing was touched") as refused:
        planned(gone, "failover")
    assert f"dr-catalog failover --suffix dev {option}" in refused.value.hint
    assert "it costs: " in refused.value.hint
    assert isinstance(planned(gone, "failover", override), Start)
    (other,) = {"lag", "not-ready"} - {override}
    with pytest.raises(RecoveryError):
        planned(gone, "failover", other)


def test_an_upgrade_under_way_hinders_and_a_missing_backup_does_not(gone: World) -> None:
    gone.answers["list_recovery_points_by_backup_vault", ""] = {"RecoveryPoints": []}
    assert isinstance(planned(gone, "failover"), Start)
    there = world()
    there.answers["describe_stacks", PEER] = {"Stacks": [stack("UPDATE_IN_PROGRESS")]}
    with pytest.raises(RecoveryError, match="updates is not ready"):
        planned(there, "switchover")


def test_a_switchover_loses_nothing() -> None:
    step = planned(world(), "switchover")
    assert (step.from_region, step.to_region, step.loss) == (LAUNCH, PEER, None)


def test_a_drill_moves_nothing() -> None:
    step = planned(world(), "drill")
    assert (step.from_region, step.to_region, step.loss) == (LAUNCH, PEER, None)


def test_a_drill_after_a_failover_is_refused() -> None:
    with pytest.raises(RecoveryError, match="nothing to rehearse") as refused:
        planned(moved(), "drill")
    assert "dr-catalog failback --suffix dev" in refused.value.hint


def moved() -> World:
    made = world()
    made.writer, made.database_writer = Writer(region=PEER, epoch=2), PEER
    made.metrics["AuroraGlobalDBRPOLag", cluster(LAUNCH)] = 100
    return made


def test_a_failback_goes_the_other_way_and_waits_for_the_rebuild() -> None:
    rebuilding = moved()
    _headless(rebuilding)
    step = planned(rebuilding, "failback")
    assert (step.from_region, step.to_region, step.loss) == (PEER, LAUNCH, None)


@pytest.mark.parametrize(
    ("made", "operation"),
    [(moved, "failover"), (moved, "switchover"), (world, "failback")],
)
def test_where_the_writer_is_there_already_there_is_nothing_to_do(
    made: Callable[[], World], operation: str
) -> None:
    assert isinstance(planned(made(), operation), Nothing)


def held(operation: str, status: str) -> World:
    made = world()
    made.lock = Lock(run="r-1", operation=operation, since="3:00", execution=execution("r-1"))
    made.runs["r-1"] = record("r-1", operation=operation, state="promote", outcome="", ended="")
    made.executions[execution("r-1")] = (status, "")
    return made


def test_a_run_of_the_same_kind_is_followed() -> None:
    step = planned(held("failover", "RUNNING"), "failover")
    assert isinstance(step, Follow)
    assert step.run.id == "r-1"


def test_a_run_of_another_kind_is_named() -> None:
    with pytest.raises(RecoveryError, match="a switchover of 'dev' holds the lock") as refused:
        planned(held("switchover", "RUNNING"), "failover")
    assert "dr-catalog switchover --suffix dev" in refused.value.hint


@pytest.mark.parametrize("status", ["ABORTED", "FAILED", "TIMED_OUT", ""])
def test_a_dead_run_is_taken_over_whatever_the_checks_say(status: str) -> None:
    dead = held("failover", status)
    dead.writer = Writer(region=PEER, epoch=2)  # it had got as far as that
    step = planned(dead, "failover")
    assert isinstance(step, Start)
    assert step.takes_over == "r-1"


def test_a_failover_to_a_peer_at_rest_waits_for_somebody_who_accepts_an_unknown_loss() -> None:
    made = pilot()
    made.gone = {LAUNCH}
    with pytest.raises(RecoveryError, match="nobody knows how far us-west-2 is behind") as refused:
        planned(made, "failover")
    assert "dr-catalog failover --suffix dev --accept-loss" in refused.value.hint
    step = planned(made, "failover", "lag")
    assert (step.loss.database, "AWS documents none" in step.loss.source) == (None, True)


@pytest.mark.parametrize("operation", ["switchover", "drill"])
def test_what_loses_nothing_asks_for_no_figure_of_a_peer_at_rest(operation: str) -> None:
    assert isinstance(planned(pilot(), operation), Start)
