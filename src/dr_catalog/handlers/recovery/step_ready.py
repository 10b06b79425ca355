"""Ready: the region that takes over has an instance, and the capacity of a writer.

A cluster without an instance can't be promoted, and one is not to be changed while it is. What was
there before is remembered first, so that it can be put back.
"""

from __future__ import annotations

from run import Again, Go, Outcome, Run
from world import Conflict, World

INSTANCE = "instance"


def capacity_item(region: str) -> str:
    """The item that remembers a region's least capacity before it was raised."""
    return f"capacity#{region}"


def ready(world: World, run: Run) -> Outcome:
    """Make sure of both, and wait for them."""
    settings, region = world.settings.database, run.target
    if settings is None:
        return Go("there is no database")
    view = world.database.cluster(region)
    if not view.instances and not view.coming:
        run.touch(world, INSTANCE)
        world.database.add_instance(region)
        return Again(f"makes an instance in {region}")
    if view.capacity < settings.ready_capacity:
        _remember(world, run, view.capacity)
        world.database.set_capacity(region, settings.ready_capacity)
        return Again(f"raises the least capacity in {region} to {settings.ready_capacity} ACU")
    if not view.instances or not view.available:
        return Again(f"waits for the cluster in {region}")
    return Go(f"{view.instances} in {region}, with at least {view.capacity} ACU")


def _remember(world: World, run: Run, capacity: float) -> None:
    try:
        world.state.put(
            {"id": capacity_item(run.target), "version": 1, "before": str(capacity), "run": run.id}
        )
    except Conflict:
        return  # remembered already
