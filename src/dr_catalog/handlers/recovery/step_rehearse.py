"""Rehearse: in place, all of the standby that can be tried without promoting it.

The table and the documents take writes in any region, and are written to and read; the database is read.
"""

from __future__ import annotations

from run import Again, Go, Outcome, Run
from step_verify import stores
from world import World


def rehearse(world: World, run: Run) -> Outcome:
    """Try each store."""
    wrong = []
    for store in stores(world):
        try:
            if store == "database":
                world.stores.read(store, run.target)
            else:
                world.stores.verify(store, run.target, run=run.id, epoch=run.epoch - 1)
        except Exception as error:  # each store is told of by itself
            wrong.append(f"{store}: {type(error).__name__}: {error}"[:200])
    if wrong:
        return Again("; ".join(wrong))
    run.figures["traffic"] = "untouched"
    return Go(f"{run.target} answers in {', '.join(stores(world))}; nothing was promoted")
