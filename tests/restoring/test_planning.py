"""Which copies a restore takes, and what it refuses before it touches anything."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dr_catalog.errors import RecoveryError, UsageError
from dr_catalog.restoring.planning import plan

from .fakes import CALLER, STORES, World, point


@pytest.mark.parametrize(
    ("at", "hour"),
    [
        ("", 3),
        ("2030-01-05T02:30:00Z", 2),
        ("2030-01-05T04:30:00+02:00", 2),
        ("2030-01-05T01:00:00Z", 1),
    ],
)
def test_the_newest_copies_that_are_not_younger(
    at: str, hour: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import datetime

    now = datetime.fromisoformat("2030-01-05T04:00:00+00:00")
    monkeypatch.setattr("dr_catalog.restoring.planning.now", lambda: now)
    found = plan(World(), at=at)  # type: ignore[arg-type]
    assert dict(found.record.points) == {store: point(store, hour) for store in STORES}
    assert (found.resumes, found.record.by) == (False, CALLER)
    assert set(found.earliest.values()) == {"2030-01-05T01:00:00Z"}


def test_each_store_has_its_own_newest() -> None:
    world = World(copies=[point("Aurora", 1), point("DynamoDB", 2), point("S3", 3)])
    found = plan(world, at="2031-01-01T00:00:00Z")  # type: ignore[arg-type]
    assert [each.at[11:13] for each in found.record.points.values()] == ["01", "02", "03"]


@pytest.mark.parametrize(
    ("changes", "at", "told"),
    [
        ({"copies": None}, "", "its vault is gone"),
        ({"copies": [point("Aurora", 1)]}, "", "table: none"),
        ({}, "2030-01-05T00:30:00Z", "the first is of 2030-01-05T01:00:00Z"),
        ({"key": "PendingDeletion"}, "", "is PendingDeletion"),
        ({"secret": False}, "", "secret is not in us-west-2"),
        ({"service_role": False}, "", "onboard"),
        ({"table": True}, "", "a table of the launch's name"),
        ({"statuses": ["CREATE_COMPLETE"]}, "", "a stack dr-restore-dev already"),
    ],
)
def test_what_can_not_work_is_refused(changes: dict[str, Any], at: str, told: str) -> None:
    world = World(**changes)
    with pytest.raises(RecoveryError) as refused:
        plan(world, at=at or "2031-01-01T00:00:00Z")  # type: ignore[arg-type]
    assert told in str(refused.value)
    assert (world.done, world.kept) == ([], None)


@pytest.mark.parametrize("at", ["yesterday", "2030-01-05T02:30:00", ""])
def test_a_time_has_its_zone(at: str) -> None:
    if at:
        with pytest.raises(UsageError, match="is not a time"):
            plan(World(), at=at)  # type: ignore[arg-type]


def test_a_run_that_has_begun_goes_on_with_its_copies_and_with_no_other_time() -> None:
    world = World()
    begun = plan(world, at="2030-01-05T02:00:00Z").record  # type: ignore[arg-type]
    world.kept, world.table = begun, True  # what it has restored is in nobody's way
    for at in ("", "2030-01-05T02:00:00Z"):
        found = plan(world, at=at)  # type: ignore[arg-type]
        assert (found.resumes, found.record) == (True, begun)
    with pytest.raises(RecoveryError, match="has begun, as of 2030-01-05T02:00:00Z"):
        plan(world, at="2030-01-05T03:00:00Z")  # type: ignore[arg-type]


def test_whether_the_launch_region_answers_is_asked_until_it_is_done() -> None:
    world = World(alive=True)
    assert plan(world, at="2031-01-01T00:00:00Z").answers  # type: ignore[arg-type]
    world.kept = replace(plan(world, at="2031-01-01T00:00:00Z").record, outcome="done")  # type: ignore[arg-type]
    assert not plan(world).answers  # type: ignore[arg-type]
