"""Promote, switch, await the writer: the database changes its writer, once.

The point of no return is noted before the first call: a call whose answer is lost may have been taken.
Only a refusal of the first call takes the note back. What the database says of itself decides; a call is
made only while the writer is elsewhere and nothing moves, so a repeated task makes none.
"""

from __future__ import annotations

from collections.abc import Callable

from run import Again, Go, Outcome, Run
from world import Refusal, World


def promote(world: World, run: Run) -> Outcome:
    """Fail over to the peer, asking the peer."""
    return _change(world, run, at=run.target, call=lambda: world.database.fail_over(run.target))


def switch(world: World, run: Run) -> Outcome:
    """Switch over, asking the region of the present writer."""
    return _change(
        world,
        run,
        at=run.source,
        call=lambda: world.database.switch_over(run.target, at=run.source),
    )


def await_writer(world: World, run: Run) -> Outcome:
    """Wait until the new writer is one."""
    if world.settings.database is None:
        return Go("there is no database")
    view = world.database.view(at=run.target)
    if view.writer != run.target:
        return Again(f"the writer is still {view.writer}")
    if view.moving:
        return Again(f"the writer is {run.target}, and the change is not over")
    if not world.database.cluster(run.target).available:
        return Again(f"the cluster in {run.target} is not available yet")
    return Go(f"the writer is {run.target}")


def _change(world: World, run: Run, *, at: str, call: Callable[[], None]) -> Outcome:
    maybe_called = run.committed
    if world.settings.database is None:
        run.record["committed"] = True
        return Go("there is no database")
    view = world.database.view(at=at)
    if view.writer == run.target:
        run.record["committed"] = True
        return Go(f"the writer becomes {run.target}")
    if view.moving:
        return Again(f"the writer moves from {view.writer}")
    if not maybe_called:
        run.record["committed"] = True
        run.save(world)
    try:
        call()
    except Refusal as refusal:
        if not maybe_called:
            run.record["committed"] = False
        return Again(f"refused: {refusal}")
    return Again(f"asked to make {run.target} the writer")
