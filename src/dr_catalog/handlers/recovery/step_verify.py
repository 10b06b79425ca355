"""Verify: the new writer's region writes and reads back, in database, table and documents.

Before it writes anything itself, it notes how new the newest of a tenant's writes is in each: with what
the old writer had accepted last, that is the measured loss. Where the old writer could not say, the
database's is its lag before the promotion; of the others there is only a bound, the time from their
newest write to the fence, which is long where little is written.
"""

from __future__ import annotations

from run import Again, Go, Outcome, Run, iso, seconds
from world import STORES, Refusal, Unreachable, World


def verify(world: World, run: Run) -> Outcome:
    """Write and read in each store."""
    _measure(world, run)
    wrong = []
    for store in stores(world):
        try:
            world.stores.verify(store, run.target, run=run.id, epoch=run.epoch)
        except Exception as error:  # each store is told of by itself
            wrong.append(f"{store}: {type(error).__name__}: {error}"[:200])
    if wrong:
        return Again("; ".join(wrong))
    return Go(f"wrote to and read from {', '.join(stores(world))} in {run.target}")


def stores(world: World) -> tuple[str, ...]:
    """The stores that this tier has."""
    return STORES if world.settings.database else STORES[1:]


def _measure(world: World, run: Run) -> None:
    if "rpo" in run.figures:
        return
    ended = run.ended("fence") or run.ended("close") or run.record["began"]
    accepted: dict[str, str] = run.figures.get("lastAccepted", {})
    found: dict[str, str] = {}
    losses: dict[str, float] = {}
    at_most: list[str] = []
    lag = run.figures.get("lag", {}).get("milliseconds")
    for store in stores(world):
        known = store in accepted
        if store == "database" and not known and lag is not None:
            losses[store] = round(lag / 1000, 3)
        try:
            newest = world.stores.last_write(store, run.target)
        except (Unreachable, Refusal):  # a figure and no more
            continue
        found[store] = iso(newest) if newest else ""
        if store in losses:
            continue
        until = accepted[store] if known else ended
        if newest and until:
            losses[store] = round(max(0.0, seconds(until) - seconds(found[store])), 3)
            if not known:
                at_most.append(store)
        elif known and not until:
            losses[store] = 0.0  # there was nothing to lose
    run.figures.update(lastWrites=found, rpo=losses, rpoAtMost=at_most)
