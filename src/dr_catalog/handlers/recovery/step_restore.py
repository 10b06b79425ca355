"""Restore: what the run had changed is as it was before.

An abort puts back what this run touched, and a failback also what the failover before it had raised,
made or switched on. A launch region that can't be told that its fence is lifted is told by the watch.
"""

from __future__ import annotations

import procedures
from before import capacity_item, compute_item, recall, returned
from run import Again, Go, Outcome, Run, seconds
from step_ready import INSTANCE
from step_take_writes import FENCE
from world import Conflict, Refusal, Unreachable, World, Writer


def restore(world: World, run: Run) -> Outcome:
    """Put everything back."""
    settings, told = world.settings, []
    left = _lingers(world, run)
    if left > 0:
        return Again(f"callers may still come to {settings.peer}", wait=min(60, round(left + 0.5)))
    if run.aborting and FENCE in run.touched:
        told.append(_lift(world, run))
    told.append(_compute(world, run))
    if settings.database:
        for region in (settings.launch, settings.peer):
            told.append(_capacity(world, run, region))
        for region in _with_instance(world, run):
            world.database.remove_instance(region)
            told.append(f"the instance of a recovery in {region} is deleted")
    return Go("; ".join(each for each in told if each) or "there was nothing to put back")


def _lift(world: World, run: Run) -> str:
    """Let the old writer's region write again; where both serve, both were fenced."""
    settings, writer = world.settings, Writer(run.source, run.epoch - 1, run=run.id)
    for region in (settings.peer, settings.launch) if settings.both_serve else (run.source,):
        try:
            world.state.set_writer(region, writer)
        except (Unreachable, Refusal) as error:
            if settings.both_serve and region == settings.peer:
                raise  # the watch tells what the peer knows
            return f"{region} can't be told who writes ({error}); the watch will tell it"
        except Conflict:
            return f"{region} knows of a later writer"
    return f"{run.source} takes writes"


def _lingers(world: World, run: Run) -> float:
    """Seconds for which callers may still come to a peer that is to be switched off."""
    settings = world.settings
    moved = run.figures.get("traffic") == "moved" and run.ended("move")
    if not settings.switches_on or not returned(run) or not moved:
        return 0
    return settings.linger - (world.now() - seconds(moved))


def _compute(world: World, run: Run) -> str:
    region = world.settings.peer
    item = recall(world, run, compute_item(region)) if world.settings.switches_on else None
    if not item:
        return ""
    world.compute.set_limit(region, int(item["before"]))
    world.state.delete(item)
    return f"the processor in {region} is off again"


def _with_instance(world: World, run: Run) -> list[str]:
    """The regions in which an instance of a recovery is no longer needed."""
    settings, found = world.settings, []
    if INSTANCE in run.touched and (run.aborting or run.operation == procedures.DRILL):
        found.append(run.target)
    if settings.switches_on and returned(run):
        found.append(settings.peer)
    return found


def _capacity(world: World, run: Run, region: str) -> str:
    item = recall(world, run, capacity_item(region))
    if not item:
        return ""
    world.database.set_capacity(region, float(item["before"]))
    world.state.delete(item)
    return f"the least capacity in {region} is {item['before']} ACU again"
