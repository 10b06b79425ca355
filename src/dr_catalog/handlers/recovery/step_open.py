"""Open: the new writer's region takes writes, in the next epoch.

The peer's item comes first, since it is the truth; a launch region that can't be told is told by the
watch.
"""

from __future__ import annotations

from run import Abort, Go, Outcome, Run
from world import Conflict, Refusal, Unreachable, World, Writer


def open_writer(world: World, run: Run) -> Outcome:
    """Say who writes now, everywhere."""
    settings, writer = world.settings, Writer(run.target, run.epoch, run=run.id)
    try:
        world.state.set_writer(settings.peer, writer)
        try:
            world.state.set_writer(settings.launch, writer)
        except (Unreachable, Refusal):
            if run.target == settings.launch:
                raise
    except Conflict:
        return Abort("a later writer is known than this run's")
    if settings.both_serve:
        return Go(f"the ledger's writer is {run.target} in epoch {run.epoch}; both regions settle")
    return Go(f"{run.target} takes writes in epoch {run.epoch}")
