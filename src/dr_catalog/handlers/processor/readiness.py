"""Whether this region could do its work now: each check asks the table, or the ledger, itself.

``table``, ``index`` and, where there is one, ``replica`` come from one description; ``read`` reads an
item that never exists; ``write``, on the writer alone, attempts a write whose condition can't hold, which
proves the way to the table, its key and the right to write without leaving a trace. Where there is a ledger,
``ledger`` asks it for what this region's role needs, and ``lag``, on the standby alone, how far it is
behind. What failed is told by error code only.

Where both regions write, a region is ready when its table takes writes and can be read. The other region's
replica, the ledger's writer and what is still to be settled are told, and marked as not ``needed``: a region
must not call itself unready because the other is lost. The answer comes within a second, since health
checkers wait no longer than two.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from log import error_code
from settings import Settings

if TYPE_CHECKING:
    from ledger import Ledger  # its driver is there only where a ledger is
    from shared_books import SharedBooks

TOLD = ("replica", "ledger", "settled")
"""What a region that serves beside the other does not need."""
PROBE = {"transactionId": {"S": "#probe"}, "timestamp": {"S": "#probe"}}
"""A key no transaction can have."""

Problem = str
"""Why a check is not ok; empty when it is."""


def check(
    client: Any,
    settings: Settings,
    ledger: Ledger | None = None,
    *,
    takes_writes: bool,
    shared: SharedBooks | None = None,
) -> dict[str, dict[str, Any]]:
    """Every check by name: ``ok``, ``took_ms`` and, when not ok, ``reason``; ``needed`` where it is not."""
    probes: list[Callable[[], Mapping[str, Problem]]] = [
        lambda: _description(client, settings),
        lambda: {"read": _read(client, settings)},
    ]
    if takes_writes:
        probes.append(lambda: {"write": _write(client, settings)})
    described: tuple[str, ...] = (
        ("table", "index", "replica") if settings.replicated else ("table", "index")
    )
    names: list[tuple[str, ...]] = [described, ("read",), ("write",)][: len(probes)]
    if ledger:
        probes.append(ledger.reach if shared else ledger.check)
        names.append(("ledger",) if shared else ledger.checks)
    if shared:
        probes.append(shared.check)
        names.append(("settled",))
    with ThreadPoolExecutor(max_workers=len(probes)) as pool:
        results = pool.map(_timed, probes, names)
        found = {name: told for result in results for name, told in result.items()}
    for name in TOLD if shared else ():
        found[name]["needed"] = False
    return found


def _timed(
    probe: Callable[[], Mapping[str, Problem]], names: tuple[str, ...]
) -> dict[str, dict[str, Any]]:
    started = time.perf_counter()
    try:
        problems = probe()
    except Exception as error:  # whatever it is, the region is not ready
        problems = dict.fromkeys(names, error_code(error) or type(error).__name__)
    took = round((time.perf_counter() - started) * 1000, 1)
    return {
        name: {"ok": not problem, "took_ms": took} | ({"reason": problem} if problem else {})
        for name, problem in problems.items()
    }


def _description(client: Any, settings: Settings) -> Mapping[str, Problem]:
    table = client.describe_table(TableName=settings.table)["Table"]
    index = {
        each["IndexName"]: each["IndexStatus"] for each in table.get("GlobalSecondaryIndexes", [])
    }.get(settings.index, "MISSING")
    status = table["TableStatus"]
    # An update, such as a new index, does not keep a table from serving.
    found = {
        "table": "" if status in ("ACTIVE", "UPDATING") else status,
        "index": "" if index in ("ACTIVE", "UPDATING") else index,
    }
    if not settings.replicated:
        return found
    replicas = {
        each["RegionName"]: each["ReplicaStatus"]
        for each in table.get("Replicas", [])
        if each["RegionName"] != settings.region
    } or {"peer": "MISSING"}
    return {**found, "replica": " ".join(sorted(set(replicas.values()) - {"ACTIVE", "UPDATING"}))}


def _read(client: Any, settings: Settings) -> Problem:
    client.get_item(TableName=settings.table, Key=PROBE, ConsistentRead=True)
    return ""


def _write(client: Any, settings: Settings) -> Problem:
    try:
        client.put_item(
            TableName=settings.table,
            Item=PROBE,
            ConditionExpression="attribute_exists(transactionId)",
        )
    except client.exceptions.ConditionalCheckFailedException:
        return ""
    return "ProbeExists"
