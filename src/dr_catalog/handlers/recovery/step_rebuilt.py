"""Rebuilt: the launch region is back, knows that it does not write, and its database follows again."""

from __future__ import annotations

from run import Again, Go, Outcome, Run
from step_lock import authority
from world import World


def rebuilt(world: World, run: Run) -> Outcome:
    """Wait for it."""
    world.state.set_writer(run.target, authority(world))
    if world.settings.database is None:
        return Go("there is no database")
    view = world.database.view(at=run.source)
    if view.moving or run.target not in view.members:
        return Again(f"{run.target} is not a member of the global database yet")
    cluster = world.database.cluster(run.target)
    if not cluster.available:
        return Again(f"the cluster in {run.target} is being rebuilt")
    lag = world.database.lag(run.target).milliseconds
    if lag is None or lag > world.settings.rpo * 1000:
        behind = "an unknown time" if lag is None else f"{lag / 1000:.0f} s"
        return Again(f"{run.target} is behind by {behind}")
    return Go(f"{run.target} follows")
