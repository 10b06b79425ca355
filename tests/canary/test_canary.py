"""A canary passes once, refuses what does not hold, and leaves nothing, wherever it is cut off."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from dr_catalog.canary import Canary, clearing, flight, run
from dr_catalog.canary.plan import Launchable, Trial
from dr_catalog.canary.records import LAUNCHED, PASSED
from dr_catalog.definitions import Portfolio
from dr_catalog.definitions.pipeline import Gates
from dr_catalog.errors import DrCatalogError, LaunchError
from dr_catalog.provisioning import waiting
from dr_catalog.provisioning.model import PROVISION, TERMINATE, UPDATE

from .world import Killed, World, refused

SETTINGS = (("DeletionProtection", "false"), ("OnTermination", "purge"))
TRIAL = Trial(
    product="sample",
    candidate=Launchable(version="1.2.0", settings=SETTINGS),
    digest="d1g",
    before=Launchable(version="1.1.0", settings=SETTINGS),
)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits."""
    monkeypatch.setattr(waiting, "LOCAL_POLL_SECONDS", 0)
    monkeypatch.setattr(clearing, "_LOCAL_POLL_SECONDS", 0)
    monkeypatch.setattr(flight, "LOOK_EVERY_SECONDS", 0)


@pytest.fixture(autouse=True)
def planned(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trial is this one, until its digest has passed."""

    def trial(product: Any, passes: Any) -> Trial | None:
        return None if any(each.digest == TRIAL.digest for each in passes) else TRIAL

    monkeypatch.setattr(run, "trial", trial)


TIERS = Portfolio(name="Tiers", description="All tiers", products=("sample",))
BLOCKS = Portfolio(name="Blocks", description="Alone", products=("one", "two"), canary=False)


def canary(
    world: World, said: list[str] | None = None, portfolios: tuple[Portfolio, ...] = (TIERS,)
) -> Canary:
    """A canary in this world, of a catalog with one product in one portfolio."""
    default = SimpleNamespace(default=SimpleNamespace(version="1.2.0"))
    unreleased = SimpleNamespace(default=None)
    catalog: Any = SimpleNamespace(
        products={"sample": default, "one": default, "two": unreleased},
        offer_of=lambda stage: SimpleNamespace(portfolios=portfolios),
    )
    ground: Any = world
    return Canary(catalog=catalog, ground=ground, say=(said if said is not None else []).append)


def launched(world: World) -> list[str]:
    """What the stage's records say may still be there."""
    return [name for name in world.parameters if name.startswith(LAUNCHED)]


def test_two_launches_are_made_checked_and_purged_and_the_pass_is_recorded_once() -> None:
    world = World()
    (done,) = canary(world).run()
    assert (done.status, done.upgraded_from, done.checks) == ("passed", "1.1.0", 4)
    by_launch: dict[str, list[tuple[str, str]]] = {}
    for name, kind, version in world.operations:
        by_launch.setdefault(name[-1], []).append((kind, version))
    assert by_launch == {
        "a": [(PROVISION, "1.2.0"), (TERMINATE, "")],
        "b": [(PROVISION, "1.1.0"), (UPDATE, "1.2.0"), (TERMINATE, "")],
    }
    assert not world.present
    assert list(world.parameters) == [f"{PASSED}/sample/1.2.0"]
    before = len(world.operations)
    (again,) = canary(world).run()
    assert (again.status, again.upgraded_from) == ("nothing to do", "1.1.0")
    assert len(world.operations) == before


def test_a_portfolio_that_has_no_canary_is_told_and_left_out() -> None:
    world, said = World(), list[str]()
    (done,) = canary(world, said, (BLOCKS, TIERS)).run()
    assert (done.product, done.status) == ("sample", "passed")
    assert said[0] == ("left out, since portfolio/portfolio.yaml says canary: false of Blocks: one")
    assert not any("Tiers" in line for line in said)


def test_every_launch_may_be_purged() -> None:
    world = World()
    sent: list[dict[str, str]] = []
    provision = world.provision
    world.provision = lambda **given: (sent.append(given["parameters"]), provision(**given))[1]  # type: ignore[method-assign]
    canary(world).run()
    assert len(sent) == 2
    assert all(dict(SETTINGS).items() <= each.items() for each in sent)


@pytest.mark.parametrize("kind", [PROVISION, UPDATE])
def test_an_operation_that_fails_is_cleared_away_and_nothing_is_recorded(kind: str) -> None:
    world = World(failing=(kind,))
    with pytest.raises(
        LaunchError, match=r"the canary of sample 1\.2\.0 failed in stage dev"
    ) as told:
        canary(world).run()
    assert "it broke" in told.value.why
    assert not world.present
    assert not world.parameters


def test_a_check_that_does_not_hold_fails_the_canary() -> None:
    world = World(bad=True)
    with pytest.raises(LaunchError, match=r"2 of 2 checks of sample 1\.2\.0 do not hold") as told:
        canary(world).run()
    assert "kms key in us-east-1" in told.value.why
    assert not world.present
    assert not world.parameters


def test_what_can_not_be_terminated_is_told_with_the_command_and_is_cleared_later() -> None:
    world = World(failing=(TERMINATE,))
    with pytest.raises(LaunchError, match="could not be cleared away") as told:
        canary(world).run()
    assert "`dr-catalog canary --stage dev --clean`" in told.value.hint
    # The second flight may not have begun when the first one failed.
    left = len(launched(world))
    assert len(world.present) == left > 0
    assert f"{PASSED}/sample/1.2.0" not in world.parameters
    # Each was tried twice.
    assert sum(kind == TERMINATE for _, kind, _ in world.operations) == 2 * left
    world.failing = ()
    assert len(canary(world).clean()) == left
    assert not world.present
    assert not world.parameters


def test_what_is_left_after_a_termination_fails_the_canary_and_is_named() -> None:
    world = World(litter=("bucket dr-x in us-west-2",))
    with pytest.raises(LaunchError, match="could not be cleared away") as told:
        canary(world).run()
    assert "still there: bucket dr-x in us-west-2" in told.value.why
    assert launched(world)
    with pytest.raises(LaunchError, match="could not be cleared away"):
        canary(world).run()  # not above the litter
    world.litter = ()
    assert canary(world).run()[0].status == "passed"


def test_a_failure_and_what_it_left_are_told_together() -> None:
    world = World(bad=True, litter=("table x",))
    with pytest.raises(LaunchError, match=r"checks of sample 1\.2\.0 do not hold") as told:
        canary(world).run()
    assert "kms key" in told.value.why
    assert "still there: table x" in told.value.why
    assert "--clean" in told.value.hint


def test_it_bakes_with_a_look_every_minute() -> None:
    said: list[str] = []
    canary(World(gates=Gates(canary=True, bake=3)), said).run()
    looks = [line for line in said if "of 3 minutes" in line]
    assert [line.split(" after ")[1] for line in looks] == [
        f"{minute} of 3 minutes" for minute in (1, 2, 3)
    ]


def ending(world: World) -> BaseException | None:
    """What a run ends with; None when it passes."""
    try:
        canary(world).run()
    except BaseException as error:
        return error
    return None


def calls_of_an_undisturbed_run() -> int:
    """How many calls there are to cut off."""
    world = World()
    canary(world).run()
    return world.calls


def test_a_call_that_is_refused_leaves_nothing_or_says_how_to_clear_it() -> None:
    refusals = told_to_clean = 0
    for number in range(1, calls_of_an_undisturbed_run() + 1):
        world = World(fault=number, happens=refused)
        told = ending(world)
        refusals += isinstance(told, DrCatalogError)
        if world.present or launched(world):
            told_to_clean += 1
            assert isinstance(told, DrCatalogError)
            assert "canary --stage dev --clean" in told.hint, (number, str(told))
            canary(world).clean()
        assert not world.present, number
        assert not launched(world), number
    assert refusals > told_to_clean > 0


def test_a_run_that_was_killed_at_any_call_is_cleared_by_the_next() -> None:
    cleared = 0
    for number in range(1, calls_of_an_undisturbed_run() + 1):
        world = World(fault=number)

        def die(world: World = world) -> None:
            world.happens = die
            world.fault = world.calls + 1
            raise Killed

        world.happens = die
        world._call = dying(world)  # type: ignore[method-assign]
        assert isinstance(ending(world), (Killed, DrCatalogError)), number
        del world._call
        world.fault = 0
        cleared += len(canary(world).clean())
        assert not world.present, number
        assert not launched(world), number
        assert canary(world).run()[0].status in ("passed", "nothing to do")
    assert cleared > 0


def test_a_run_clears_away_first_what_a_killed_one_left() -> None:
    world = World()

    def die(suffix: str) -> Any:
        world.fault = 1  # from now on
        world._call = dying(world)  # type: ignore[method-assign]
        raise Killed

    world.look = die  # type: ignore[method-assign]
    assert isinstance(ending(world), Killed)
    left = set(world.present)
    assert left
    del world._call, world.look
    world.fault = 0
    assert canary(world).run()[0].status == "passed"
    assert not world.present
    ended = {name for name, kind, _ in world.operations if kind == TERMINATE}
    assert left < ended


def test_a_flight_that_fails_ends_the_other_where_it_is() -> None:
    world = World()
    look, record, polls = world.look, world.record, 0

    def refuse_the_first(suffix: str) -> Any:
        return refused() if suffix.endswith("-a") else look(suffix)

    def hold_the_second(record_id: str) -> Any:
        nonlocal polls
        known = world._records[record_id]
        if known.launch.endswith("-b") and known.kind == PROVISION and polls < 400:
            polls += 1
            time.sleep(0.005)
            return known
        return record(record_id)

    world.look, world.record = refuse_the_first, hold_the_second  # type: ignore[method-assign]
    with pytest.raises(LaunchError, match="AWS refused it"):
        canary(world).run()
    assert UPDATE not in {kind for _, kind, _ in world.operations}
    assert not world.present


def dying(world: World) -> Any:
    """From the fault on, no call of any thread gets through."""
    lock = threading.Lock()

    def call() -> None:
        with lock:
            world.calls += 1
            if world.calls >= world.fault:
                raise Killed

    return call


def test_told_to_stop_at_any_call_it_ends_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = 0
    for number in range(1, calls_of_an_undisturbed_run() + 1):
        world = World(fault=number)

        @contextmanager
        def listening(
            stop: threading.Event, say: Any, world: World = world
        ) -> Iterator[threading.Event]:
            told = threading.Event()
            world.happens = lambda: (stop.set(), told.set())[0]
            yield told

        monkeypatch.setattr(run, "told_to_stop", listening)
        if isinstance(ending(world), KeyboardInterrupt):
            stopped += 1
            assert f"{PASSED}/sample/1.2.0" not in world.parameters
        assert not world.present, number
        assert not launched(world), number
    assert stopped > 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleared(number: int) -> None:
    before = signal.getsignal(number)
    said: list[str] = []

    def tell() -> None:
        os.kill(os.getpid(), number)
        time.sleep(0.05)

    world = World()
    look = world.look
    # The second look's signal would end this process.
    world.look = once(tell, look)  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        canary(world, said).run()
    assert any("told to stop (SIG" in line for line in said)
    assert not world.present
    assert not world.parameters
    assert signal.getsignal(number) is before


def once(act: Any, then: Any) -> Any:
    """A function that acts at its first call."""
    lock = threading.Lock()
    done: list[bool] = []

    def call(suffix: str) -> Any:
        with lock:
            first, _ = not done, done.append(True)
        if first:
            act()
        return then(suffix)

    return call
