"""A restore step by step: what is kept, what a rerun repeats, and what it says where a step fails."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dr_catalog.errors import RecoveryError
from dr_catalog.restoring.model import Record
from dr_catalog.restoring.planning import plan
from dr_catalog.restoring.running import restore

from .fakes import TARGET, World

STEPS = ["jobs", "table", "stack", "documents", "verified", "dns", "evidence"]


def run(world: World) -> Record:
    found = plan(world, at="" if world.kept else "2031-01-01T00:00:00Z")  # type: ignore[arg-type]
    return restore(world, found, pause=0)  # type: ignore[arg-type]


def test_everything_is_done_in_order_and_kept() -> None:
    world = World()
    record = run(world)
    assert world.done == [
        "start DynamoDB-3 as 1",
        "start S3-3 as 1",
        "create Aurora-3 as 1",
        "dev.example.com in Z1",
    ]
    assert list(record.times) == STEPS
    assert (record, record.outcome) == (world.kept, "done")
    figures = world.evidence()["figures"]
    assert figures["newestTransaction"] == "2030-01-05T02:59:00Z"
    assert figures["url"] == "https://dev.example.com/"
    assert figures["rpoAtMost"].keys() == {"database", "table", "documents"}
    assert record.id.lower() in world.aws.kept


def test_a_rerun_of_what_is_done_touches_nothing_but_a_launch_region_that_is_back() -> None:
    world = World()
    first = run(world)
    world.done.clear()
    assert run(world) == first
    assert world.done == []
    world.alive = True
    assert run(world).figures["fenced"]
    run(world)
    assert world.done == ["fence"]


def test_a_launch_region_that_answers_is_fenced_first() -> None:
    world = World(alive=True)
    run(world)
    assert world.done[0] == "fence"


@pytest.mark.parametrize("store", ["DynamoDB", "S3"])
def test_a_job_that_failed_is_begun_again_by_the_next_run(store: str) -> None:
    world = World(failing={store: 1})
    with pytest.raises(RecoveryError, match="could not be restored") as failed:
        run(world)
    assert "no rights" in failed.value.why
    assert "--yes" in failed.value.hint
    record = run(world)
    assert record.attempts[store] == 2
    assert [each for each in world.done if each.startswith(f"start {store}")] == [
        f"start {store}-3 as 1",
        f"start {store}-3 as 2",
    ]


def test_a_stack_that_could_not_be_made_says_why_and_is_made_anew() -> None:
    world = World()
    create = world.create_stack

    def fails(**given: str) -> None:
        create(**given)
        world.statuses = ["CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE"]

    world.create_stack = fails  # type: ignore[method-assign]
    with pytest.raises(RecoveryError, match="is ROLLBACK_COMPLETE") as failed:
        run(world)
    assert failed.value.why == "Cluster: no such snapshot"
    world.create_stack = create  # type: ignore[method-assign]
    assert run(world).outcome == "done"
    assert world.done[2:5] == ["create Aurora-3 as 1", "delete", "create Aurora-3 as 2"]


def test_a_stack_under_way_is_followed_and_not_made_twice() -> None:
    world = World()
    begun = plan(world, at="2031-01-01T00:00:00Z").record  # type: ignore[arg-type]
    world.kept = replace(begun, times={"jobs": "", "table": ""}, jobs={"S3": "s"})
    world.jobs["s"] = ("COMPLETED", "")
    world.statuses = ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    run(world)
    assert world.done == ["dev.example.com in Z1"]


def test_an_api_that_is_not_ready_is_no_success() -> None:
    world = World()
    world.aws.ready = 503
    with pytest.raises(RecoveryError, match="is not ready"):
        run(world)
    assert world.kept is not None
    assert "verified" not in world.kept.times


def test_a_name_that_can_not_be_moved_is_all_that_is_left_to_do() -> None:
    world = World(dns=False)
    with pytest.raises(RecoveryError, match="still leads to us-east-1"):
        run(world)
    world.dns = True
    world.done.clear()
    assert run(world).outcome == "done"
    assert world.done == ["dev.example.com in Z1"]


def test_without_a_zone_there_is_no_name_to_move() -> None:
    world = World(target=replace(TARGET, parameters={**TARGET.parameters, "ZoneId": ""}), dns=False)
    assert "url" not in run(world).figures
