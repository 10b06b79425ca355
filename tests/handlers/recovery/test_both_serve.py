"""A recovery where both regions serve: it moves the ledger's writer alone, and nothing confirmed is lost."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import clients
import procedures
import pytest
import step_record
from aws_claims import AwsClaims
from recovery_settings import RecoverySettings
from watch import SWEEP, watch
from world import Writer

from ..conftest import STANDBY, WRITER, Aws
from .both import TWICE, BothServe
from .driving import Drive
from .ports import both, settings, world
from .simulated import LAUNCH, PEER, Schedule, Write
from .test_named import ASKED, HOUR, PLANNED, told

FAILBACK = {"operation": procedures.FAILBACK, "requestedBy": "ann"}


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page has tests of its own."""
    monkeypatch.setattr(step_record, "page", lambda *_, **__: "")


def drive(**changed: Any) -> tuple[Drive, dict[str, Any]]:
    """A schedule's drive when all is over, and the record of its first run."""
    given: dict[str, Any] = {"fault": "down", "begins": 150, "ends": 4 * HOUR, **changed}
    driven = Drive(Schedule(7, both=True, heals=given["ends"], starts=[(200, ASKED)], **given))
    driven.run()
    return driven, driven.sim.record("run-1")


def test_a_failover_moves_the_ledgers_writer_and_no_traffic() -> None:
    driven, record = drive()
    assert record["outcome"] == "done"
    assert record["figures"]["traffic"] == "untouched"
    assert record["figures"]["serves"] == "both"
    assert "both regions serve" in told(record, "move")
    assert "both regions settle" in told(record, "open")
    sim = both(driven.sim)
    taken = [write for write in sim.confirmed if write.region == PEER and 150 < write.at < 14000]
    assert (
        min(write.epoch for write in taken) == 1
    )  # from the first moment on, without any promotion
    assert sim.alone > 0


@pytest.mark.parametrize("fault", ["down", "cut"])
def test_what_a_lost_ledger_had_is_settled_in_the_new_one(fault: str) -> None:
    driven, record = drive(fault=fault, lag=20)
    assert record["outcome"] == "done"
    sim = driven.sim
    rows = sim.clusters[LAUNCH].rows
    assert {write.key for write in sim.confirmed} <= set(rows)


def test_the_watch_looks_for_what_the_ledger_lost_and_again_when_the_lost_region_is_back() -> None:
    sim = BothServe(Schedule(1, both=True))
    sim.now = 100.0
    ports = world(sim)
    lost, kept = (Write(number, PEER, 1, 10.0) for number in (0, 1))
    sim.confirmed += [lost, kept]
    for write in (lost, kept):
        sim.tables[PEER][write.number] = write
        sim.mark(PEER, write.number, "settled")
    sim.clusters[PEER].rows[kept.key] = kept
    watch(ports)
    assert SWEEP not in sim.items  # nothing has moved
    sim.writers = {LAUNCH: Writer(PEER, 2), PEER: Writer(PEER, 2)}
    watch(ports)
    assert [write.number for write in sim.marked("unsettled")] == [lost.number]
    assert (sim.items[SWEEP]["epoch"], sim.items[SWEEP]["all"]) == (2, True)
    sim.mark(PEER, lost.number, "settled")
    watch(ports)
    assert sim.marked("unsettled") == []  # once an epoch
    sim.clusters[PEER].rows[lost.key] = lost
    late = Write(2, LAUNCH, 1, 20.0)  # what the lost region alone had comes over
    sim.confirmed.append(late)
    sim.tables[PEER][late.number] = late
    sim.mark(PEER, late.number, "settled")
    sim.writers[LAUNCH] = Writer(LAUNCH, 1)
    assert "is told" in watch(ports)
    assert [write.number for write in sim.marked("unsettled")] == [late.number]


def test_a_planned_change_fences_both_regions_from_the_ledger_and_none_from_its_table() -> None:
    driven = Drive(Schedule(7, both=True, heals=0, starts=[(200, PLANNED), (4000, FAILBACK)]))
    sim = driven.run()
    records = [sim.record(run) for run in ("run-1", "run-2")]
    assert [record["outcome"] for record in records] == ["done", "done"]
    for record in records:
        assert "settle with the ledger later" in told(record, "close")
    waits = [write.at for write in sim.confirmed if write.region == PEER]
    gaps = [after - before for before, after in pairwise(waits)]
    assert max(gaps) < HOUR  # the peer's table goes on


def test_what_was_taken_twice_is_listed_by_a_failback() -> None:
    for seed in range(40):
        driven = Drive(
            Schedule(
                seed,
                both=True,
                fault="cut",
                begins=150,
                ends=4 * HOUR,
                heals=4 * HOUR,
                starts=[(200, {**ASKED, "overrides": list(procedures.OVERRIDES)})],
            )
        )
        sim = both(driven.run())
        if sim.kept:
            break
    else:
        pytest.fail("no id was taken twice")
    assert {write.number for write in sim.marked(TWICE)} >= sim.kept
    (failback,) = [
        record for record in sim.records.values() if record["operation"] == procedures.FAILBACK
    ]
    assert failback["figures"]["unmerged"]["count"] == len(sim.kept)
    assert "taken twice" in told(failback, "reconcile")


# --- The claims as the processor keeps them, in a real table ---


class _Ledger:
    def known_as(self, region: str, ids: list[str]) -> dict[str, tuple[str, str]]:
        """Fingerprint and time of what the peer's ledger has."""
        assert region == STANDBY
        rows = {"same": ("f", "2025"), "other": ("g", "2025"), "later": ("f", "2026")}
        return {each: rows[each] for each in ids if each in rows}


def claim(name: str, region: str = WRITER, *, epoch: int = 1, status: str = "") -> dict[str, Any]:
    result = {"amount": {"N": "1"}, "status": {"S": "RECEIVED"}, "timestamp": {"S": "2025"}}
    return {
        "transactionId": {"S": name},
        "timestamp": {"S": f"#claim#{region}"},
        "fingerprint": {"S": "f"},
        "result": {"M": result},
        "epoch": {"N": str(epoch)},
        **({"status": {"S": status}} if status else {}),
    }


def test_claims_that_the_ledger_lacks_are_marked_once_and_those_taken_twice_listed(
    aws: Aws, table: str
) -> None:
    clients.client.cache_clear()
    found = AwsClaims(_in(settings(BothServe(Schedule(1, both=True))), table))
    dynamodb = aws.client("dynamodb", STANDBY)
    for item in (
        *(claim(name) for name in ("same", "other", "later", "lacking")),
        claim("now", epoch=2),
        claim("waits", status="#unsettled"),
        claim("twice", STANDBY, status="#twice"),
        {"transactionId": {"S": "lacking"}, "timestamp": {"S": "2025"}, "epoch": {"N": "1"}},
    ):
        dynamodb.put_item(TableName=table, Item=item)
    assert found.unsettled(before=2) == 1
    ledger: Any = _Ledger()
    assert found.unsettle(ledger, before=2, cursor="") == (3, "")
    assert found.unsettled(before=2) == 4
    assert found.unsettled(before=1) == 0
    assert found.unsettle(ledger, before=2, cursor="") == (0, "")
    assert found.taken_twice() == [
        {
            "transactionId": "twice",
            "amount": "1",
            "status": "RECEIVED",
            "timestamp": "2025",
            "region": STANDBY,
            "epoch": 1,
        }
    ]
    clients.client.cache_clear()


def test_a_large_table_is_looked_through_in_pages(
    aws: Aws, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clients.client.cache_clear()
    monkeypatch.setattr("aws_claims.PAGE", 2)
    found = AwsClaims(_in(settings(BothServe(Schedule(1, both=True))), table))
    for number in range(5):
        aws.client("dynamodb", STANDBY).put_item(TableName=table, Item=claim(f"t-{number}"))
    ledger: Any = _Ledger()
    cursor, marked, pages = "", 0, 0
    while pages == 0 or cursor:
        more, cursor = found.unsettle(ledger, before=2, cursor=cursor)
        marked, pages = marked + more, pages + 1
    assert (marked, pages > 2) == (5, True)
    clients.client.cache_clear()


def _in(given: RecoverySettings, table: str) -> RecoverySettings:
    return replace(given, table=table, index="StatusIndex", launch=WRITER, peer=STANDBY)
