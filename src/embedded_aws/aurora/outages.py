"""What becomes of the servers when a region goes away and when it is back.

gone: its servers stop at once, as by a power cut; nothing is written down. cut-off: they go on, and
the standbys of others hear nothing of them. When the region is back a server goes on from where it
was, unless a failover left it behind: then its data become a snapshot and it follows the new writer;
until then the member is ``pending-resync``.
"""

from __future__ import annotations

import contextlib
import threading

from ..regions import state
from . import databases, promotions
from .databases import Key, Record
from .postgres import PostgresError

_down: set[Key] = set()


def install() -> None:
    """Once, before the server starts."""
    state.on_change(changed)


def forget() -> None:
    """Nothing is down any more, after a reset."""
    _down.clear()


def changed(region: str, before: state.Outage, after: state.Outage) -> None:
    """Stop, start and hold servers as the region is now."""
    with databases.lock:
        if after.mode == state.GONE:
            for key, server in databases.servers.items():
                if key.region == region and server.running:
                    server.stop(signal="QUIT")
                    _down.add(key)
        elif before.mode == state.GONE:
            for key in [each for each in _down if each.region == region]:
                _down.discard(key)
                databases.start_again(key)
        _hold()
    for record in databases.global_clusters():
        rebuild = threading.Thread(target=_rebuild, args=(record,), daemon=True, name="rebuild")
        rebuild.start()
        if not promotions.hangs(record):
            rebuild.join()


def _hold() -> None:
    """Let each writer's standbys follow or not, as its regions are."""
    for record in databases.global_clusters():
        leader = databases.writer(record)
        if leader is None or not databases.running(leader):
            continue
        members = [Key.of(each["DBClusterArn"]) for each in record["GlobalClusterMembers"]]
        held = any(state.held(leader.region, member.region) for member in members)
        if held != databases.servers[leader].held:
            databases.servers[leader].hold(held)


def _rebuild(record: Record) -> None:
    with contextlib.suppress(PostgresError):  # it is away again; the next change tries anew
        if promotions.goes_on(record):
            databases.follow_again(record)
