"""Record: the new writer's region is backed up, and the evidence is kept among its documents.

Both come after the traffic, which need not wait for them. A region that is gone has its backups switched
off by the watch once it is back. The evidence is the run's record as one JSON object, and the page of
it. What does not succeed in time is told, and the run goes on: the record stays in the state table.
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
    """Switch the backups, and keep the evidence."""
    region, wrong = authority(world).region, []
    if run.aborting or run.operation == procedures.DRILL:
        region = world.settings.peer  # the launch region may be gone
    else:
        wrong += _switch_backups(world, run)
    shown = evidence(run, world.now())
    key = f"evidence/{run.id}/record"
    html = page(shown, suffix=world.settings.suffix, simulation=world.settings.simulation)
    try:
        world.stores.keep(region, f"{key}.html", html)
        world.stores.keep(region, f"{key}.json", json.dumps(shown, indent=1))
        run.figures["evidence"] = {"bucket": world.settings.buckets[region], "key": f"{key}.json"}
    except Exception as error:  # the record itself stands
        wrong.append(f"the evidence is in the state table alone: {type(error).__name__}")
    late = world.now() - seconds(run.record["steps"][-1]["began"]) > procedures.RECORD.patience
    if wrong and not late:
        return Again("; ".join(wrong))
    return Go("; ".join([*wrong, f"kept as {key}.json" if "evidence" in run.figures else ""]))


def _switch_backups(world: World, run: Run) -> list[str]:
    """Back the new writer's region up and the old one's no more; what is wrong with the first."""
    wrong = []
    for region, on in ((run.target, True), (run.source, False)):
        try:
            world.stores.back_up(region, on=on)
        except Exception as error:  # the old region's is the watch's to mend
            if on:
                wrong.append(f"{region} is not backed up yet: {type(error).__name__}")
    return wrong


def evidence(run: Run, now: float) -> dict[str, Any]:
    """What is shown of a run: its record, without what only the machine needs."""
    inner = ("touched", "reconcile", "committed", "aborting")
    shown = {name: value for name, value in run.record.items() if name not in inner}
    approval = {name: value for name, value in shown["approval"].items() if name != "token"}
    outcome = procedures.ABORTED if run.aborting else procedures.DONE
    why = {"told": run.record["aborting"]} if run.aborting else {}
    return {**shown, **why, "approval": approval, "outcome": outcome, "ended": iso(now)}
