"""Ready: the region that takes over runs, has an instance, and the capacity of a writer.

A cluster without an instance can't be promoted, and one is not to be changed while it is. Where the
peer's processor is off at rest it is switched on, and answers before anything is promoted. What was there
before is remembered first, so that it can be put back.
"""

from __future__ import annotations

from before import capacity_item, compute_item, remember
from run import Again, Go, Outcome, Run
from world import World

INSTANCE = "instance"
OFF = 0


def ready(world: World, run: Run) -> Outcome:
    """Make sure of all three, and wait for them."""
    waits = _switch_on(world, run)
    database = _database(world, run)
    if isinstance(database, Again):
        return database
    return Again(waits) if waits else database


def _switch_on(world: World, run: Run) -> str:
    """Switch the processor on, where it is off at rest; what there is to wait for."""
    settings, region = world.settings, run.target
    if not settings.switches_on or region != settings.peer:
        return ""
    if world.compute.limit(region) == OFF:
        remember(world, run, compute_item(region), OFF)
        world.compute.set_limit(region, None)
    return "" if world.signals.answers(region) else f"waits for the processor in {region}"


def _database(world: World, run: Run) -> Again | Go:
    settings, region = world.settings.database, run.target
    if settings is None:
        return Go("there is no database")
    view = world.database.cluster(region)
    if not view.instances and not view.coming:
        run.touch(world, INSTANCE)
        world.database.add_instance(region)
        return Again(f"makes an instance in {region}")
    if view.capacity < settings.ready_capacity:
        remember(world, run, capacity_item(region), view.capacity)
        world.database.set_capacity(region, settings.ready_capacity)
        return Again(f"raises the least capacity in {region} to {settings.ready_capacity} ACU")
    if not view.instances or not view.available:
        return Again(f"waits for the cluster in {region}")
    return Go(f"{view.instances} in {region}, with at least {view.capacity} ACU")
