"""What was before: remembered in the peer's state table ahead of a change that is to be put back.

A run that goes on with another's finds it there, and so does the failback that comes weeks later.
"""

from __future__ import annotations

from typing import Any

import procedures
from run import Run
from world import Conflict, World


def capacity_item(region: str) -> str:
    """The item that remembers a region's least capacity before it was raised."""
    return f"capacity#{region}"


def compute_item(region: str) -> str:
    """The item that remembers how many of a region's processor ran at once before it was switched on."""
    return f"compute#{region}"


def remember(world: World, run: Run, item_id: str, value: object) -> None:
    """Remember it, unless it is."""
    try:
        world.state.put({"id": item_id, "version": 1, "before": str(value), "run": run.id})
    except Conflict:
        return


def recall(world: World, run: Run, item_id: str) -> dict[str, Any] | None:
    """What this run is to put back: its own, and at the end of a failback also that of the run before."""
    item = world.state.item(item_id)
    if item and (item["run"] == run.id or returned(run)):
        return item
    return None


def returned(run: Run) -> bool:
    """Whether it is a failback, and has brought the writer back."""
    return run.operation == procedures.FAILBACK and not run.aborting
