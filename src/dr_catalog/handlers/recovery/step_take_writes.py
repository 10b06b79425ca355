"""Fence and close: the old writer takes no more writes.

``fence`` is a failover's and tries once: a region that is gone can't be told, and is told by the watch
when it comes back. ``close`` is that of a planned change and makes sure, waits until what was being
written is written, and until the other region has the newest of it.

Where both regions serve, a fence keeps their writes from the ledger alone, and both are told: either could
still confirm what the promotion then loses. The tables go on, and nothing is waited for.
"""

from __future__ import annotations

from run import Abort, Again, Go, Outcome, Run, iso, seconds
from world import STORES, Conflict, Refusal, Unreachable, World, Writer

FENCE = "fence"


def fence(world: World, run: Run) -> Outcome:
    """Fence the old writer, if it can be reached."""
    run.touch(world, FENCE)
    try:
        _fence_target(world, run)
        try:
            _fence(world, run)
        except (Unreachable, Refusal) as error:
            return Go(f"{run.source} can't be told ({error}); the watch will tell it")
    except Conflict:
        return Abort(f"{run.source} knows of a later writer than this run")
    _newest(world, run)
    return Go(_fenced(world, run))


def close(world: World, run: Run) -> Outcome:
    """Fence the old writer, and wait until nothing of it is under way."""
    run.touch(world, FENCE)
    try:
        _fence_target(world, run)
        _fence(world, run)
    except Conflict:
        return Abort(f"{run.source} knows of a later writer than this run")
    closed = run.record.setdefault("closedAt", iso(world.now()))
    left = world.settings.drain - (world.now() - seconds(closed))
    if left > 0:
        return Again("waits for the last requests", wait=max(1, round(left + 0.5)))
    if "lastAccepted" not in run.figures:
        _newest(world, run)
    if world.settings.both_serve:
        return Go(_fenced(world, run))
    behind = [store for store in STORES[1:] if _behind(world, run, store)]
    if behind:
        return Again(f"waits until {run.target} has the newest of {' and '.join(behind)}", wait=5)
    return Go(f"{run.source} takes no writes, and {run.target} has the newest")


def _fence(world: World, run: Run) -> None:
    fenced = Writer(run.source, run.epoch - 1, fenced=True, run=run.id)
    world.state.set_writer(run.source, fenced)


def _fence_target(world: World, run: Run) -> None:
    if world.settings.both_serve:
        fenced = Writer(run.source, run.epoch - 1, fenced=True, run=run.id)
        world.state.set_writer(run.target, fenced)


def _fenced(world: World, run: Run) -> str:
    if world.settings.both_serve:
        return "both regions write into their tables alone, and settle with the ledger later"
    return f"{run.source} takes no writes"


def _newest(world: World, run: Run) -> None:
    """Note when the old writer's newest writes were made, where it says."""
    found = run.figures["lastAccepted"] = {}
    for store in STORES:
        if store == "database" and not world.settings.database:
            continue
        try:
            newest = world.stores.last_write(store, run.source)
        except (Unreachable, Refusal):
            continue  # a figure and no more
        found[store] = iso(newest) if newest else ""


def _behind(world: World, run: Run, store: str) -> bool:
    accepted = run.figures["lastAccepted"].get(store)
    if not accepted:
        return False
    try:
        newest = world.stores.last_write(store, run.target)
    except Refusal:
        return False  # it is not to be found out
    return newest is None or iso(newest) < accepted
