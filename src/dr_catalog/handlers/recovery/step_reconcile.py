"""Reconcile: what the old writer took alone is listed and kept, not merged.

Each confirmed transaction is in the table, with its epoch; the table's replication brings it over when
the old region is back, the database's does not. So those of an earlier epoch that the ledger lacks are
what was lost. Documents that were written in the old region since the failover began come over as
versions of theirs; a newer version of one hides an older. Both are listed, page by page, in documents of
the region that writes, and a person decides what becomes of them: a transaction that is posted again,
with the values listed, is taken in. What was never confirmed may be in the snapshot of the old
cluster, which is kept too.

Where both regions write, what the ledger lacks is marked instead, and the processors settle it: the values
are those that were confirmed, and no one else has the id. What was taken twice is listed and kept. Documents
are written in both regions at any time, and each version is there; none is left behind.
"""

from __future__ import annotations

import json
from typing import Any

from run import Again, Go, Outcome, Run, load, seconds
from step_lock import authority
from world import World

TABLE, DOCUMENTS = "transactions", "documents"


def reconcile(world: World, run: Run) -> Outcome:
    """List and keep one page."""
    if world.settings.both_serve:
        return _settled(world, run)
    progress = run.record.setdefault(
        "reconcile", {"of": TABLE, "cursor": "", "page": 0, "since": _since(world, run)}
    )
    found, cursor = _look(world, run, progress)
    unmerged = run.figures.setdefault("unmerged", {"count": 0, "object": ""})
    if found:
        key = f"evidence/{run.id}/unmerged-{progress['page']}.json"
        text = json.dumps({"run": run.id, progress["of"]: found}, indent=1)
        address = world.stores.keep(run.source, key, text)
        unmerged["object"] = unmerged["object"] or address  # the first; its neighbours are numbered
        unmerged["count"] += len(found)
        progress["page"] += 1
    progress["cursor"] = cursor
    if cursor:
        return Again(f"looks through the {progress['of']}", wait=0)
    if progress["of"] == TABLE:
        progress["of"] = DOCUMENTS
        return Again("looks through the documents", wait=0)
    if world.settings.database:
        run.figures["snapshots"] = list(world.database.keep_snapshots())
    if not unmerged["count"]:
        return Go("nothing is left behind")
    return Go(f"{unmerged['count']} writes of {run.target} alone are listed and kept")


def _settled(world: World, run: Run) -> Outcome:
    """Mark one page, or wait until all of it is settled; then list what was taken twice."""
    before = run.epoch - 1
    progress = run.record.setdefault("reconcile", {"cursor": "", "all": False})
    if not progress["all"]:
        _, progress["cursor"] = world.stores.unsettle(before=before, cursor=progress["cursor"])
        progress["all"] = not progress["cursor"]
        return Again("looks for what the ledger lacks", wait=0)
    left = world.stores.unsettled(before=before)
    if left:
        return Again(f"waits until the ledger has {left} more")
    unmerged = run.figures.setdefault("unmerged", {"count": 0, "object": ""})
    if found := world.stores.taken_twice():
        text = json.dumps({"run": run.id, TABLE: found}, indent=1)
        key = f"evidence/{run.id}/unmerged-0.json"
        unmerged.update(count=len(found), object=world.stores.keep(run.source, key, text))
    if world.settings.database:
        run.figures["snapshots"] = list(world.database.keep_snapshots())
    if not found:
        return Go("the ledger has all that was confirmed")
    return Go(f"{len(found)} ids were taken twice, and are listed and kept")


def _look(world: World, run: Run, progress: dict[str, Any]) -> tuple[list[dict[str, Any]], str]:
    cursor = progress["cursor"]
    if progress["of"] == DOCUMENTS:
        if not progress["since"]:
            return [], ""
        return world.stores.documents_left_behind(since=seconds(progress["since"]), cursor=cursor)
    if world.settings.database is None:
        return [], ""  # the table itself is the truth
    return world.stores.left_behind(before=run.epoch - 1, cursor=cursor)


def _since(world: World, run: Run) -> str:
    """When the run began that brought the writer here; empty where its record is gone."""
    before = load(world, authority(world).run)
    return str(before.record["began"]) if before else ""
