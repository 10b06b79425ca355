"""Record: the evidence, kept among the documents of the region that writes.

It is the run's record as one JSON object, and the page of it. When the documents do not take it in time the run goes on: the
record itself stays in the state table.
"""

from __future__ import annotations

import json
from typing import Any

import procedures
from page import page
from run import Again, Go, Outcome, Run, iso, seconds
from step_lock import authority
from world import World


def record(world: World, run: Run) -> Outcome:
    """Keep the evidence."""
    region = authority(world).region
    if run.aborting or run.operation == procedures.DRILL:
        region = world.settings.peer  # the launch region may be gone
    shown = evidence(run, world.now())
    key = f"evidence/{run.id}/record"
    began = seconds(run.record["steps"][-1]["began"])
    try:
        world.stores.keep(region, f"{key}.html", _page(world, shown))
        address = world.stores.keep(region, f"{key}.json", json.dumps(shown, indent=1))
    except Exception as error:  # the record itself stands
        told = f"the evidence is in the state table alone: {type(error).__name__}"
        late = world.now() - began > procedures.RECORD.patience
        return Go(told) if late else Again(told)
    run.figures["evidence"] = {"bucket": world.settings.buckets[region], "key": f"{key}.json"}
    return Go(f"kept as {address}")


def _page(world: World, shown: dict[str, Any]) -> str:
    return page(shown, suffix=world.settings.suffix, simulation=world.settings.simulation)


def evidence(run: Run, now: float) -> dict[str, Any]:
    """What is shown of a run: its record, without what only the machine needs."""
    inner = ("touched", "reconcile", "committed", "aborting")
    shown = {name: value for name, value in run.record.items() if name not in inner}
    approval = {name: value for name, value in shown["approval"].items() if name != "token"}
    outcome = procedures.ABORTED if run.aborting else procedures.DONE
    why = {"told": run.record["aborting"]} if run.aborting else {}
    return {**shown, **why, "approval": approval, "outcome": outcome, "ended": iso(now)}
