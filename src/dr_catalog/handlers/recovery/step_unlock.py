"""Unlock: the next recovery may begin, and the watch does its work again.

The run's outcome is stored before the lock is let go: a lock whose holder has an outcome is anybody's,
and the watch lets it go should nobody else have.
"""

from __future__ import annotations

from run import LAST, LOCK, Go, Outcome, Run, iso
from world import World


def unlock(world: World, run: Run) -> Outcome:
    """Say how this one ended; ``release`` follows once that is stored."""
    last = world.state.item(LAST)
    if not last or last["run"] != run.id:
        world.state.put(
            {
                "id": LAST,
                "version": int(last["version"]) + 1 if last else 1,
                "run": run.id,
                "operation": run.operation,
                "outcome": "aborted" if run.aborting else "done",
                "ended": iso(world.now()),
            }
        )
    return Go(run.record["aborting"] or f"{run.operation} is done")


def release(world: World, run_id: str) -> None:
    """Let the lock go, when this run holds it."""
    held = world.state.item(LOCK)
    if held and held["run"] == run_id:
        world.state.delete(held)
