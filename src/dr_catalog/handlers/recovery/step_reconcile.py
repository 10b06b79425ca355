"""Reconcile: what the old writer confirmed and the new one lacks is listed and kept, not merged.

Each confirmed transaction is in the table, with its epoch; the table's replication brings it over when
the old region is back, the database's does not. So those of an earlier epoch that the ledger lacks are
what was lost. They are kept as documents of the region that writes; a person decides what becomes of
them. What was never confirmed may be in the snapshot of the old cluster, which is kept too.
"""

from __future__ import annotations

import json

from run import Again, Go, Outcome, Run
from world import World


def reconcile(world: World, run: Run) -> Outcome:
    """List and keep one page."""
    if world.settings.database is None:
        return Go("there is no database that could lack anything")
    progress = run.record.setdefault("reconcile", {"cursor": "", "page": 0, "count": 0})
    found, cursor = world.stores.left_behind(before=run.epoch - 1, cursor=progress["cursor"])
    unmerged = run.figures.setdefault("unmerged", {"count": 0, "object": ""})
    if found:
        key = f"evidence/{run.id}/unmerged-{progress['page']}.json"
        text = json.dumps({"run": run.id, "transactions": found}, indent=1)
        address = world.stores.keep(run.source, key, text)
        unmerged["object"] = unmerged["object"] or address  # the first; its neighbours are numbered
        unmerged["count"] += len(found)
        progress["page"] += 1
    progress["cursor"] = cursor
    if cursor:
        return Again("looks through the table", wait=0)
    run.figures["snapshots"] = list(world.database.keep_snapshots())
    if not unmerged["count"]:
        return Go("nothing is left behind")
    return Go(f"{unmerged['count']} transactions are left behind; they are listed and kept")
