"""Restore: what the run had changed is as it was before.

An abort puts back what this run touched, and a failback also what the failover before it had raised. A
launch region that can't be told that its fence is lifted is told by the watch.
"""

from __future__ import annotations

import procedures
from run import Go, Outcome, Run
from step_ready import INSTANCE, capacity_item
from step_take_writes import FENCE
from world import Conflict, Refusal, Unreachable, World, Writer


def restore(world: World, run: Run) -> Outcome:
    """Put everything back."""
    told = []
    if run.aborting and FENCE in run.touched:
        told.append(_lift(world, run))
    settings = world.settings
    if settings.database:
        for region in (settings.launch, settings.peer):
            told.append(_capacity(world, run, region))
        if INSTANCE in run.touched and (run.aborting or run.operation == procedures.DRILL):
            world.database.remove_instance(run.target)
            told.append(f"the instance in {run.target} is deleted")
    return Go("; ".join(each for each in told if each) or "there was nothing to put back")


def _lift(world: World, run: Run) -> str:
    try:
        world.state.set_writer(run.source, Writer(run.source, run.epoch - 1, run=run.id))
    except (Unreachable, Refusal) as error:
        return f"{run.source} can't be told that it writes ({error}); the watch will tell it"
    except Conflict:
        return f"{run.source} knows of a later writer"
    return f"{run.source} takes writes"


def _capacity(world: World, run: Run, region: str) -> str:
    item = world.state.item(capacity_item(region))
    own = bool(item and item["run"] == run.id)
    if not item or not (own or (run.operation == procedures.FAILBACK and not run.aborting)):
        return ""
    world.database.set_capacity(region, float(item["before"]))
    world.state.delete(item)
    return f"the least capacity in {region} is {item['before']} ACU again"
