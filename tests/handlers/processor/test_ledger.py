"""The processor with a ledger: a real PostgreSQL in two regions beside the emulated table."""

from __future__ import annotations

import os
import signal
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import connection
import ledger
import pytest
from api import Api
from ledger import Ledger
from log import Log
from pg8000.exceptions import DatabaseError, InterfaceError
from rds_authorities import CERTIFICATES
from settings import LedgerSettings, Settings
from standing import Standing
from store import Store

from ...embedded_aws import aurora_estate
from ..conftest import STANDBY, WRITER, Aws
from ..database import Database
from .conftest import Answer, Processor

TIME = "2025-01-31T12:00:00.000000Z"
Make = Callable[..., Processor]


@pytest.fixture
def make(aws: Aws, table: str, database: Database) -> Iterator[Make]:
    """Makes the processor of a region; each has a connection of its own."""
    database.run("TRUNCATE ledger.transactions")
    ledgers: list[Ledger] = []

    def make(region: str = WRITER, writer: str = WRITER, **changed: str) -> Processor:
        settings = Settings.of(
            {
                "TABLE_NAME": table,
                "STATUS_INDEX": "StatusIndex",
                "AWS_REGION": region,
                "WRITER_REGION": writer,
                "SUFFIX": "dev",
                **database.environment(region, **changed),
            }
        )
        assert settings.ledger is not None
        client = aws.client("dynamodb", region)
        standing = Standing(client=client, table="", region=region, launch_region=writer)
        ledgers.append(
            Ledger(
                settings=settings.ledger,
                region=region,
                takes_writes=lambda: standing.recent().region == region,
                token=database.client("rds", region).generate_db_auth_token,
            )
        )
        api = Api(
            settings=settings,
            store=Store(client=client, table=table),
            standing=standing,
            log=Log(level="INFO", region=region, suffix="dev"),
            ledger=ledgers[-1],
        )
        return Processor(api, client)

    yield make
    for each in ledgers:
        each._drop()


@pytest.fixture
def writer(make: Make) -> Processor:
    return make()


@pytest.fixture
def standby(make: Make) -> Processor:
    return make(STANDBY)


def rows(database: Database) -> list[list[Any]]:
    found: list[list[Any]] = database.run(
        "SELECT transaction_id, amount::text, status, region FROM ledger.transactions ORDER BY 1"
    )
    return found


def items(processor: Processor, table: str) -> list[dict[str, dict[str, str]]]:
    found: list[dict[str, dict[str, str]]] = processor.client.scan(TableName=table)["Items"]
    return found


def empty(processor: Processor, table: str) -> None:
    for item in items(processor, table):
        key = {name: item[name] for name in ("transactionId", "timestamp")}
        processor.client.delete_item(TableName=table, Key=key)


def ledger_of(processor: Processor) -> Ledger:
    assert processor.api._ledger is not None
    return processor.api._ledger


def soon(processor: Processor, path: str) -> Answer:
    """The answer once the row has come over."""
    for _ in range(200):
        answer = processor.get(path)
        if answer.status == 200:
            break
        threading.Event().wait(0.01)
    return answer


def test_a_transaction_is_in_both_books(writer: Processor, database: Database, table: str) -> None:
    answer = writer.post(transactionId="t", amount="1.50")
    assert answer.status == 201
    assert rows(database) == [["t", "1.5", "RECEIVED", WRITER]]
    assert len(items(writer, table)) == 2  # the claim and the transaction
    assert writer.get("/transactions/t").body == answer.body
    assert writer.get("/transactions", status="RECEIVED").body["transactions"] == [answer.body]


@pytest.mark.parametrize(
    ("amount", "time"),
    [
        ("12345678901234567890123456.123456789012", "2025-01-31T12:00:00.123456Z"),
        ("-99999999999999999999999999999999999999", "0001-01-01T00:00:00.000001Z"),
        ("0.000000000001", "9999-12-31T23:59:59.999999Z"),
        ("0", "2024-02-29T23:30:00.000000Z"),
    ],
)
def test_values_come_back_exactly(writer: Processor, amount: str, time: str) -> None:
    answer = writer.post(transactionId="t", amount=amount, timestamp=time)
    assert (answer.status, answer.body["amount"], answer.body["timestamp"]) == (201, amount, time)
    assert writer.get("/transactions/t").body == answer.body


def test_a_repeat_gets_the_first_result_and_a_difference_is_a_conflict(
    writer: Processor, database: Database
) -> None:
    first = writer.post(transactionId="t", amount="1.50")
    repeat = writer.post(transactionId="t", amount=1.5)
    assert (repeat.status, repeat.body) == (200, first.body)
    assert repeat.headers["Idempotent-Replayed"] == "true"
    assert writer.post(transactionId="t", amount=2).status == 409
    assert len(rows(database)) == 1


def race(posts: list[Callable[[], Answer]]) -> list[Answer]:
    barrier = threading.Barrier(len(posts))

    def run(post: Callable[[], Answer]) -> Answer:
        barrier.wait()
        return post()

    with ThreadPoolExecutor(len(posts)) as pool:
        return list(pool.map(run, posts))


def test_racing_repeats_create_once(make: Make, database: Database, table: str) -> None:
    processors = [make() for _ in range(8)]
    answers = race([lambda p=p: p.post(transactionId="t", amount=1) for p in processors])
    assert Counter(answer.status for answer in answers) == {201: 1, 200: 7}
    assert len({str(answer.body) for answer in answers}) == 1
    assert len(rows(database)) == 1
    assert len(items(processors[0], table)) == 2


def test_racing_different_requests_leave_one(make: Make, database: Database, table: str) -> None:
    processors = [make() for _ in range(8)]
    answers = race(
        [lambda n=n, p=p: p.post(transactionId="t", amount=n) for n, p in enumerate(processors)]
    )
    assert Counter(answer.status for answer in answers) == {201: 1, 409: 7}
    (won,) = (answer.body for answer in answers if answer.status == 201)
    assert rows(database) == [["t", won["amount"], "RECEIVED", WRITER]]
    assert len(items(processors[0], table)) == 2


def test_the_standby_reads_its_own_cluster_and_takes_no_writes(
    writer: Processor, standby: Processor, table: str
) -> None:
    first = writer.post(transactionId="t", amount=1)
    empty(standby, table)  # so that the row alone can answer
    assert soon(standby, "/transactions/t").body == {**first.body, "region": STANDBY}
    assert standby.post(transactionId="u", amount=1).body["error"] == "standby"


def test_what_the_table_lost_is_brought_back_by_a_repeat(
    writer: Processor, database: Database, table: str
) -> None:
    first = writer.post(transactionId="t", amount=1)
    empty(writer, table)
    assert writer.post(transactionId="t", amount=2).status == 409
    assert items(writer, table) == []  # a refusal leaves nothing
    repeat = writer.post(transactionId="t", amount=1)
    assert (repeat.status, repeat.body) == (200, first.body)
    assert len(items(writer, table)) == 2
    assert writer.get("/transactions", status="RECEIVED").body["transactions"] == [first.body]


def test_what_was_kept_before_there_was_a_ledger_is_found_and_entered(
    writer: Processor, database: Database
) -> None:
    first = writer.post(transactionId="t", amount=1)
    database.run("TRUNCATE ledger.transactions")
    assert writer.get("/transactions/t").body == first.body
    assert writer.post(transactionId="t", amount=2).status == 409
    assert rows(database) == []
    repeat = writer.post(transactionId="t", amount=1)
    assert (repeat.status, repeat.body) == (200, first.body)
    assert len(rows(database)) == 1


def test_without_the_ledger_nothing_is_kept_and_the_sender_knows(make: Make, table: str) -> None:
    processor = make(LEDGER_PORT="1")
    answer = processor.post(transactionId="t", amount=1)
    assert (answer.status, answer.body["error"]) == (503, "ledger unavailable")
    assert answer.headers["Retry-After"] == "1"
    assert items(processor, table) == []
    ready = processor.get("/ready")
    assert ready.status == 503
    assert ready.body["checks"]["ledger"]["reason"] == "ledger unavailable"
    assert ready.body["checks"]["table"]["ok"] is True


def test_a_connection_serves_many_requests_and_is_replaced_when_it_breaks(
    writer: Processor, database: Database
) -> None:
    backends = (
        "SELECT pid FROM pg_stat_activity"
        " WHERE usename = 'transactions' AND application_name = 'dr-catalog'"
    )
    writer.post(transactionId="a", amount=1)
    [before] = database.run(backends)
    writer.post(transactionId="b", amount=1)
    assert database.run(backends) == [before]
    ledger_of(writer)._connected()._usock.close()
    assert writer.post(transactionId="c", amount=1).status == 201
    assert len(rows(database)) == 3


def test_ready_asks_the_ledger_for_what_the_role_needs(
    writer: Processor, standby: Processor, monkeypatch: pytest.MonkeyPatch
) -> None:
    common = {"table", "index", "replica", "read", "ledger"}
    for processor, checks in ((writer, common | {"write"}), (standby, common | {"lag"})):
        answer = processor.get("/ready")
        assert answer.status == 200, answer.body
        assert set(answer.body["checks"]) == checks
    monkeypatch.setattr(ledger, "LAG_LIMIT", -1)
    late = standby.get("/ready")
    assert late.status == 503
    assert late.body["checks"]["lag"]["reason"] == "0 ms"
    assert late.body["checks"]["ledger"]["ok"] is True


def test_a_reader_that_is_down_is_told_and_the_standby_comes_back_with_it(
    writer: Processor, standby: Processor, database: Database
) -> None:
    writer.post(transactionId="t-1", amount="1")
    assert soon(standby, "/transactions/t-1").status == 200
    rds = database.client("rds", STANDBY)
    (reader,) = rds.describe_db_instances()["DBInstances"]
    rds.delete_db_instance(DBInstanceIdentifier=reader["DBInstanceIdentifier"])
    try:
        down = standby.get("/ready")
        assert down.status == 503
        assert {name for name, check in down.body["checks"].items() if not check["ok"]} == {
            "ledger",
            "lag",
        }
        refused = standby.get("/transactions/t-1")
        assert (refused.status, refused.body["error"]) == (503, "ledger unavailable")
        assert STANDBY in refused.body["reasons"][0]
        assert writer.get("/ready").status == 200  # the writer's region goes on
        assert writer.post(transactionId="t-2", amount="2").status == 201
    finally:
        rds.create_db_instance(
            **{
                name: reader[name]
                for name in (
                    "DBClusterIdentifier",
                    "DBInstanceClass",
                    "DBInstanceIdentifier",
                    "Engine",
                )
            }
        )
    assert soon(standby, "/ready").status == 200
    assert soon(standby, "/transactions/t-2").status == 200


def test_a_replication_that_lags_is_told_in_milliseconds_until_it_has_caught_up(
    writer: Processor, standby: Processor, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "LAG_LIMIT", 50)
    writer.post(transactionId="t-1", amount="1")
    assert soon(standby, "/ready").status == 200
    [[replay]] = database.run(
        "SELECT pid FROM pg_stat_activity WHERE backend_type = 'startup'", STANDBY, "Reader"
    )
    os.kill(replay, signal.SIGSTOP)  # what is received is no longer replayed
    try:
        writer.post(transactionId="t-2", amount="2")
        threading.Event().wait(0.1)
        late = standby.get("/ready")
        assert late.status == 503
        assert late.body["checks"]["ledger"]["ok"] is True
        assert int(late.body["checks"]["lag"]["reason"].removesuffix(" ms")) > 50
        assert standby.get("/transactions/t-1").status == 200  # what is old is there
    finally:
        os.kill(replay, signal.SIGCONT)
    assert soon(standby, "/transactions/t-2").status == 200
    assert soon(standby, "/ready").status == 200


def test_a_reader_is_no_writer(make: Make, database: Database) -> None:
    reader = database.outputs[STANDBY]["Reader"]
    processor = make(STANDBY, STANDBY, LEDGER_WRITER_ENDPOINT=reader)
    assert processor.get("/ready").body["checks"]["ledger"]["reason"] == "ReadOnly"
    assert processor.post(transactionId="t", amount=1).body["error"] == "ledger unavailable"


def test_a_ledger_that_is_not_set_up_is_told_by_its_state(
    writer: Processor, database: Database
) -> None:
    database.run("ALTER TABLE ledger.transactions RENAME TO hidden")
    try:
        assert writer.get("/ready").body["checks"]["ledger"]["reason"] == "42P01"
        assert writer.post(transactionId="t", amount=1).status == 500
    finally:
        database.run("ALTER TABLE ledger.hidden RENAME TO transactions")


def test_a_row_can_be_neither_changed_nor_deleted(writer: Processor) -> None:
    writer.post(transactionId="t", amount=1)
    connected = ledger_of(writer)._connected()
    for statement in (
        "UPDATE ledger.transactions SET amount = 2",
        "DELETE FROM ledger.transactions",
    ):
        with pytest.raises(DatabaseError, match="42501"):
            connected.run(statement)


def test_a_server_that_rds_did_not_sign_for_is_refused(database: Database) -> None:
    # The embedded server's certificate is its own; only an address of this machine is taken so.
    elsewhere = connection.Server(database.outputs[WRITER]["Global"], "192.0.2.1")
    with pytest.raises((ssl.SSLCertVerificationError, InterfaceError), match="CERTIFICATE_VERIFY"):
        connection.connect(
            elsewhere, port=database.port, database="ledger", user="x", password=lambda _: "x"
        )


def test_rds_authorities_of_every_region_are_in_force() -> None:
    context = ssl.create_default_context(cadata=CERTIFICATES)
    names = [
        dict(pair for part in each["subject"] for pair in part)["commonName"]  # type: ignore[union-attr,misc]
        for each in context.get_ca_certs()
    ]
    regions = Counter(str(name).split()[2] for name in names)
    assert set(regions.values()) == {3}
    assert {WRITER, STANDBY, "eu-central-1"} <= regions.keys()
    assert context.cert_store_stats()["x509_ca"] == len(names) == 81


def test_the_ledgers_environment_is_all_or_nothing(database: Database) -> None:
    environment = database.environment(WRITER)
    assert LedgerSettings.of({}) is None
    for name in set(environment) - {"LEDGER_WRITER_ENDPOINT"}:
        with pytest.raises(KeyError, match=name):
            LedgerSettings.of({key: value for key, value in environment.items() if key != name})


def test_the_writer_is_followed_to_the_other_region_and_back(
    make: Make, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "FOLLOW_AFTER", 0)
    first, second = make(), make(STANDBY, STANDBY)
    first.post(transactionId="a", amount=1)
    members = {
        region: database.client("rds", region).describe_db_clusters()["DBClusters"][0][
            "DBClusterArn"
        ]
        for region in (WRITER, STANDBY)
    }
    try:
        _switch(database, members[STANDBY], WRITER)
        assert second.post(transactionId="b", amount=1).status == 201
        assert second.get("/ready").body["checks"]["ledger"]["ok"] is True
        assert second.get("/transactions/a").status == 200
    finally:
        _switch(database, members[WRITER], STANDBY)
    assert first.post(transactionId="c", amount=1).status == 201
    assert [row[0] for row in rows(database)] == ["a", "b", "c"]


def _switch(database: Database, target: str, region: str) -> None:
    rds = database.client("rds", region)
    rds.switchover_global_cluster(
        GlobalClusterIdentifier="dr-ledger-dev", TargetDbClusterIdentifier=target
    )
    aurora_estate.until(rds, "dr-ledger-dev", aurora_estate.settled)


def test_a_region_that_becomes_the_writer_leaves_its_reader_at_once(
    make: Make, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    processor = make(STANDBY)
    assert processor.get("/ready").body["checks"]["lag"]["ok"] is True
    asked = ledger_of(processor)
    monkeypatch.setattr(asked, "_takes_writes", lambda: True)  # as the recovery's item has it
    assert asked.checks == ("ledger",)
    asked.check()  # whose login the writer refuses: it is really in the other region still
    assert asked._endpoint == database.outputs[WRITER]["Global"]
