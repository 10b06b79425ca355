"""Open: the new writer's region takes writes, in the next epoch.

The peer's item comes first, since it is the truth; a launch region that can't be told is told by the
watch. Which backup plan runs follows, and holds nothing up.
"""

from __future__ import annotations

from run import Abort, Go, Outcome, Run
from world import Conflict, Unreachable, World, Writer


def open_writer(world: World, run: Run) -> Outcome:
    """Say who writes now, everywhere."""
    settings, writer = world.settings, Writer(run.target, run.epoch, run=run.id)
    try:
        world.state.set_writer(settings.peer, writer)
        try:
            world.state.set_writer(settings.launch, writer)
        except Unreachable:
            if run.target == settings.launch:
                raise
    except Conflict:
        return Abort("a later writer is known than this run's")
    told = [f"{run.target} takes writes in epoch {run.epoch}"]
    for region, on in ((run.target, True), (run.source, False)):
        try:
            world.stores.back_up(region, on=on)
        except Exception as error:  # noted, and no reason to keep the traffic waiting
            told.append(f"backups in {region} are not switched: {type(error).__name__}")
    return Go("; ".join(told))
