"""The watch: what the launch region believes about the writer follows what the peer knows.

Every minute, while no recovery runs. An old writer that comes back after a failover is fenced by it and
backed up no more, and one whose fence an abort could not lift takes writes again. The snapshots that an unplanned failover
leaves expire; they are copied to ones that stay.

Where both regions write, it also looks through the table after a failover, page by page, for what the ledger
lost with its old writer: that is marked, and the processors settle it. Once the old writer's region is
back, it looks again, for what only that region had; a failback looks for the last of it.
"""

from __future__ import annotations

from dataclasses import replace

from run import LOCK, load
from step_lock import authority
from step_unlock import release
from world import Conflict, Refusal, Unreachable, World

SWEEP = "sweep"
"""The item that says how far the table was looked through, and for which epoch."""
RUNS = "a recovery runs"


def watch(world: World) -> str:
    """Look once; what there is to say."""
    told = _follow(world)
    if world.settings.both_serve and told != RUNS:
        try:
            _sweep(world)
        except (Unreachable, Refusal, Conflict) as error:
            return f"{told}; what the ledger lacks can't be looked for: {error}"
    return told


def _sweep(world: World) -> None:
    """Look through one page, when a failover has left something to look for."""
    true = authority(world)
    if true.region == world.settings.launch:  # it came here by a planned change, if at all
        return
    known = world.state.item(SWEEP)
    version = int(known["version"]) if known else 0
    if known is None or int(known["epoch"]) != true.epoch:
        known = {"cursor": "", "all": False}
    if known["all"]:
        return
    _, cursor = world.stores.unsettle(before=true.epoch, cursor=known["cursor"])
    swept = {"epoch": true.epoch, "cursor": cursor, "all": not cursor}
    world.state.put({"id": SWEEP, "version": version + 1, **swept})


def _look_again(world: World) -> None:
    """From the beginning, where the table was looked through."""
    known = world.state.item(SWEEP)
    if known:
        world.state.delete(known)


def _follow(world: World) -> str:
    settings = world.settings
    held = world.state.item(LOCK)
    if held:
        holder = load(world, str(held["run"]))
        if not holder or not holder.record["outcome"]:
            return RUNS
        release(world, holder.id)
    try:
        there, true = world.state.writer(settings.launch), authority(world)
        if there is None and true.region == settings.launch:
            return "nothing has ever changed"
        if there is None or replace(there, run="") != replace(true, run=""):
            if world.state.item(LOCK):
                return RUNS
            # A fence that is lifted keeps its run, which then can't put it back.
            run = there.run if there and there.epoch == true.epoch else true.run
            world.state.set_writer(settings.launch, replace(true, run=run))
            if true.region != settings.launch:
                world.stores.back_up(settings.launch, on=False)
                _look_again(world)
            return f"{settings.launch} is told that {true.region} writes in epoch {true.epoch}"
        if settings.database and true.region != settings.launch:
            kept = list(world.database.keep_snapshots())
            return f"snapshots kept: {' '.join(kept)}" if kept else "all is as it is known"
    except (Unreachable, Refusal, Conflict) as error:
        return f"{settings.launch} can't be told: {error}"
    return "all is as it is known"
