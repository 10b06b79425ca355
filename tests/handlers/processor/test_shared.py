"""Both regions take writes: the ledger decides while it can be asked, and what it missed is settled."""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import shared_books
import transaction
from api import Api
from ledger import Ledger
from log import Log
from settings import Settings
from shared_books import SharedBooks
from shared_store import TWICE, UNSETTLED, SharedStore
from standing import Standing, Writer

from ..conftest import STANDBY, WRITER, Aws
from ..database import Database
from .conftest import Processor, say
from .test_ledger import items, race, rows

TIME = "2025-01-31T12:00:00.000000Z"
NOWHERE = {"LEDGER_PORT": "1"}
"""No ledger answers there."""
Make = Callable[..., Processor]


@pytest.fixture
def make(aws: Aws, state: str, database: Database, suffix: str) -> Iterator[Make]:
    """Makes the processor of a region, whose table sees no other until ``meet`` lets them."""
    database.run("TRUNCATE ledger.transactions")
    for region in (WRITER, STANDBY):
        _make_table(aws.client("dynamodb", region), f"shared-{suffix}")
    ledgers: list[Ledger] = []

    def make(region: str = WRITER, **changed: str) -> Processor:
        settings = Settings.of(
            {
                "TABLE_NAME": f"shared-{suffix}",
                "STATUS_INDEX": "StatusIndex",
                "AWS_REGION": region,
                "WRITER_REGION": WRITER,
                "SUFFIX": "dev",
                "RECOVERY_TABLE": state,
                "BOTH_WRITE": "true",
                **database.environment(region, **changed),
            }
        )
        assert settings.ledger is not None
        client = aws.client("dynamodb", region)
        standing = Standing(
            client=client, table=state, region=region, launch_region=WRITER, both_write=True
        )
        sign = database.client("rds", region).generate_db_auth_token
        ledgers.append(
            Ledger(
                settings=settings.ledger,
                region=region,
                takes_writes=lambda: True,
                token=lambda **asked: sign(**asked | {"Region": WRITER}),
            )
        )
        store = SharedStore(
            region=region,
            index="StatusIndex",
            client=client,
            table=settings.table,
            condition=standing.condition,
        )
        api = Api(
            settings=settings,
            store=store,
            standing=standing,
            log=Log(level="INFO", region=region, suffix="dev"),
            ledger=ledgers[-1],
            shared=SharedBooks(ledger=ledgers[-1], store=store),
        )
        return Processor(api, client)

    yield make
    for each in ledgers:
        each._drop()


@pytest.fixture
def table(suffix: str) -> str:
    return f"shared-{suffix}"


@pytest.fixture
def here(make: Make) -> Processor:
    return make()


@pytest.fixture
def there(make: Make) -> Processor:
    return make(STANDBY)


def _make_table(dynamodb: Any, name: str) -> None:
    def keys(partition: str, sort: str) -> list[dict[str, str]]:
        return [
            {"AttributeName": partition, "KeyType": "HASH"},
            {"AttributeName": sort, "KeyType": "RANGE"},
        ]

    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[
            {"AttributeName": each, "AttributeType": "S"}
            for each in ("transactionId", "timestamp", "status")
        ],
        KeySchema=keys("transactionId", "timestamp"),
        GlobalSecondaryIndexes=[
            {
                "IndexName": "StatusIndex",
                "KeySchema": keys("status", "timestamp"),
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )


def meet(table: str, earlier: Processor, later: Processor) -> None:
    """What replication does once it runs again: of two versions of an item the later one stays."""
    merged = {
        (item["transactionId"]["S"], item["timestamp"]["S"]): item
        for processor in (earlier, later)
        for item in items(processor, table)
    }
    for processor in (earlier, later):
        for item in merged.values():
            processor.client.put_item(TableName=table, Item=item)


def books_of(processor: Processor) -> SharedBooks:
    assert processor.api._shared is not None
    return processor.api._shared


def asked_of(processor: Processor, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The epochs with which the ledger is asked from now on."""
    ledger, epochs = books_of(processor)._ledger, list[int]()
    create = ledger.create

    def counted(*given: Any, epoch: int, **named: Any) -> Any:
        epochs.append(epoch)
        return create(*given, epoch=epoch, **named)

    monkeypatch.setattr(ledger, "create", counted)
    return epochs


def marks(processor: Processor, table: str) -> dict[str, str]:
    """The status of each claim that has one, by its sort key."""
    return {
        item["timestamp"]["S"]: item["status"]["S"]
        for item in items(processor, table)
        if item["timestamp"]["S"].startswith("#") and "status" in item
    }


def test_each_region_takes_writes_and_the_ledger_has_them_all(
    here: Processor, there: Processor, database: Database, table: str
) -> None:
    for processor, transaction_id in ((here, "a"), (there, "b")):
        answer = processor.post(transactionId=transaction_id, amount=1)
        assert answer.status == 201
        assert "Ledger-Pending" not in answer.headers
        assert processor.get(f"/transactions/{transaction_id}").body == answer.body
        assert marks(processor, table) == {}
    assert [(row[0], row[3]) for row in rows(database)] == [("a", WRITER), ("b", STANDBY)]
    roles = [each.get("/ready").body for each in (here, there)]
    assert [each["role"] for each in roles] == ["serves", "serves"]
    assert all(each["ready"] for each in roles)


def test_the_ledger_arbitrates_between_regions_that_have_not_seen_each_other(
    here: Processor, there: Processor, database: Database, table: str
) -> None:
    first = here.post(transactionId="t", amount="1.50")
    repeat = there.post(transactionId="t", amount=1.5)
    assert repeat.status == 200
    assert repeat.body == {**first.body, "region": STANDBY}
    assert there.get("/transactions/t").body["timestamp"] == first.body["timestamp"]
    assert there.post(transactionId="t", amount=2).status == 409
    assert here.post(transactionId="t", amount=2).status == 409
    assert len(rows(database)) == 1


def test_racing_requests_of_both_regions_leave_one(make: Make, database: Database) -> None:
    processors = [make(region) for region in (WRITER, STANDBY) * 3]
    answers = race(
        [lambda n=n, p=p: p.post(transactionId="t", amount=n) for n, p in enumerate(processors)]
    )
    assert Counter(answer.status for answer in answers) == {201: 1, 409: 5}
    (won,) = (answer.body["amount"] for answer in answers if answer.status == 201)
    assert [row[1] for row in rows(database)] == [won]


def test_a_repeat_is_one_though_its_transaction_came_over_before_its_claim(
    here: Processor, there: Processor, database: Database, table: str
) -> None:
    first = here.post(transactionId="t", amount=1)
    for item in items(here, table):
        if not item["timestamp"]["S"].startswith("#"):
            there.client.put_item(TableName=table, Item=item)
    repeat = there.post(transactionId="t", amount=1)
    assert (repeat.status, repeat.body["timestamp"]) == (200, first.body["timestamp"])
    assert len(rows(database)) == 1
    meet(table, here, there)
    assert len(items(here, table)) == 3  # a transaction, and a claim a region


@pytest.mark.parametrize("region", [WRITER, STANDBY])
def test_without_the_ledger_either_region_goes_on_and_settles_later(
    make: Make, database: Database, table: str, region: str
) -> None:
    alone, joined = make(region, **NOWHERE), make(region)
    first = alone.post(transactionId="t", amount=1)
    assert (first.status, first.headers["Ledger-Pending"]) == (201, "true")
    repeat = alone.post(transactionId="t", amount=1)
    assert (repeat.status, repeat.body) == (200, first.body)
    assert alone.post(transactionId="t", amount=2).status == 409
    assert alone.get("/transactions/t").body == first.body
    assert alone.get("/transactions", status="RECEIVED").body["transactions"] == [first.body]
    assert rows(database) == []
    assert marks(alone, table) == {f"#claim#{region}": UNSETTLED}
    assert alone.api.settle() == {"settled": 0, "twice": 0, "left": True}

    assert joined.api.settle() == {"settled": 1, "twice": 0, "left": False}
    assert [(row[0], row[3]) for row in rows(database)] == [("t", region)]
    assert marks(joined, table) == {}
    assert joined.api.settle() == {"settled": 0, "twice": 0, "left": False}
    repeat = joined.post(transactionId="t", amount=1)
    assert (repeat.status, repeat.body) == (200, first.body)
    assert "Ledger-Pending" not in repeat.headers


def test_one_region_settles_what_the_other_took_under_its_name(
    make: Make, here: Processor, database: Database, table: str
) -> None:
    lost = make(STANDBY, **NOWHERE)
    lost.post(transactionId="t", amount=1, timestamp=TIME)
    meet(table, lost, here)
    assert here.api.settle()["settled"] == 1
    assert [(row[0], row[3]) for row in rows(database)] == [("t", STANDBY)]
    # Its repeat, with the time and without, is still told from another request.
    assert here.post(transactionId="t", amount=1, timestamp=TIME).status == 200
    assert here.post(transactionId="t", amount=1).status == 409


def test_a_silent_ledger_is_left_alone_for_a_while(
    make: Make, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, alone = [0.0], make(**NOWHERE)
    monkeypatch.setattr(books_of(alone), "_clock", lambda: now[0])
    asked = asked_of(alone, monkeypatch)
    for seconds, times in ((0.0, 1), (shared_books.PAUSE - 1, 1), (shared_books.PAUSE, 2)):
        now[0] = seconds
        assert alone.post(transactionId=f"t-{seconds}", amount=1).status == 201
        assert len(asked) == times


def test_a_new_writer_is_asked_at_once(
    make: Make, aws: Aws, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = make(**NOWHERE)
    asked = asked_of(alone, monkeypatch)
    alone.post(transactionId="a", amount=1)
    alone.post(transactionId="b", amount=1)
    assert asked == [1]
    say(aws, state, WRITER, STANDBY, 2)
    alone.post(transactionId="c", amount=1)
    assert asked == [1, 2]


def test_a_fence_keeps_the_ledger_alone_and_the_next_epoch_settles(
    here: Processor, there: Processor, aws: Aws, state: str, database: Database, table: str
) -> None:
    for region in (WRITER, STANDBY):
        say(aws, state, region, WRITER, 1, fenced=True)
    for processor, transaction_id in ((here, "a"), (there, "b")):
        answer = processor.post(transactionId=transaction_id, amount=1)
        assert (answer.status, answer.headers["Ledger-Pending"]) == (201, "true")
        ready = processor.get("/ready")
        assert (ready.status, ready.body["role"]) == (200, "serves")
        assert processor.api.settle()["left"] is True
    assert rows(database) == []
    for region in (WRITER, STANDBY):
        say(aws, state, region, WRITER, 2)
    assert [each.api.settle()["settled"] for each in (here, there)] == [1, 1]
    assert database.run("SELECT transaction_id, epoch FROM ledger.transactions ORDER BY 1") == [
        ["a", 2],
        ["b", 2],
    ]


def test_what_a_fence_meets_between_ledger_and_table_is_settled_again(
    here: Processor, aws: Aws, state: str, database: Database, table: str
) -> None:
    say(aws, state, WRITER, WRITER, 1, fenced=True)
    request = transaction.request({"transactionId": "t", "amount": "1"})
    kept = books_of(here).create(request, Writer(WRITER))  # as it was when the request came
    assert (kept.repeated, kept.settled) == (False, False)
    assert marks(here, table) == {f"#claim#{WRITER}": UNSETTLED}
    database.run("TRUNCATE ledger.transactions")  # the promotion that followed lost it
    say(aws, state, WRITER, STANDBY, 2)
    assert here.api.settle()["settled"] == 1
    assert [row[0] for row in rows(database)] == ["t"]


def test_a_mark_stays_while_the_writer_that_was_asked_is_none_any_more(
    make: Make, here: Processor, aws: Aws, state: str, table: str
) -> None:
    make(**NOWHERE).post(transactionId="t", amount=1)
    say(aws, state, WRITER, WRITER, 1, fenced=True)
    assert books_of(here).settle(Writer(WRITER)).settled == 0
    assert marks(here, table) == {f"#claim#{WRITER}": UNSETTLED}


@pytest.mark.parametrize("fields", [{}, {"timestamp": TIME}])
def test_an_id_that_both_took_with_different_values_is_found_listed_and_kept(
    make: Make, here: Processor, there: Processor, database: Database, table: str, fields: Any
) -> None:
    one, other = make(WRITER, **NOWHERE), make(STANDBY, **NOWHERE)
    assert one.post(transactionId="t", amount=1, **fields).status == 201
    assert other.post(transactionId="t", amount=2, **fields).status == 201
    meet(table, one, other)
    first, second = here.api.settle(), there.api.settle()
    assert (first["settled"], first["twice"]) == (1, 1)
    meet(table, there, here)
    assert second["settled"] + second["twice"] in (1, 2)  # the same, from its own copy
    (row,) = rows(database)
    assert (row[1], row[3]) == ("1", WRITER)
    assert marks(here, table) == {f"#claim#{STANDBY}": TWICE}
    claims = {
        item["timestamp"]["S"]: item["result"]["M"]["amount"]["N"]
        for item in items(here, table)
        if "result" in item
    }
    assert claims == {f"#claim#{WRITER}": "1", f"#claim#{STANDBY}": "2"}  # neither is lost
    told = here.get("/ready").body["checks"]["settled"]
    assert (told["ok"], told["reason"], told["needed"]) == (False, "1 taken twice", False)
    assert here.post(transactionId="t", amount=1, **fields).status == 200
    assert there.post(transactionId="t", amount=2, **fields).status == 409


def test_one_request_that_was_given_two_times_is_taken_twice(
    make: Make, here: Processor, table: str
) -> None:
    for region in (WRITER, STANDBY):
        make(region, **NOWHERE).post(transactionId="t", amount=1)
    meet(table, make(WRITER), make(STANDBY))
    assert here.api.settle() == {"settled": 1, "twice": 1, "left": False}


def test_settling_stops_in_time_and_says_so(
    make: Make, here: Processor, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = make(**NOWHERE)
    for number in range(3):
        alone.post(transactionId=f"t-{number}", amount=1)
    monkeypatch.setattr(shared_books, "SETTLE_FOR", -1.0)
    assert here.api.settle() == {"settled": 0, "twice": 0, "left": True}
    monkeypatch.setattr(shared_books, "SETTLE_FOR", 8.0)
    assert here.api.settle() == {"settled": 3, "twice": 0, "left": False}


def test_a_region_is_ready_without_the_other_and_without_the_ledger(make: Make) -> None:
    answer = make(STANDBY, **NOWHERE).get("/ready")
    assert answer.status == 200
    checks = answer.body["checks"]
    failing = {name for name, each in checks.items() if not each["ok"]}
    assert failing == {"ledger", "replica"}  # this table has no replica at all
    assert not any(checks[name]["needed"] for name in failing)
    assert {name for name, each in checks.items() if each.get("needed", True)} == {
        "table",
        "index",
        "read",
        "write",
    }


def test_a_region_says_in_time_for_health_checkers_that_it_is_ready(make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:  # it lets in, and says nothing
        port = str(mute.getsockname()[1])
        alone = make(STANDBY, LEDGER_WRITER_ENDPOINT="127.0.0.1", LEDGER_PORT=port)
        began = time.monotonic()
        assert alone.get("/ready").status == 200
    assert (
        time.monotonic() - began < 2.9
    )  # a request waits 3 s for the ledger, a health checker can not


def test_a_region_that_can_not_write_is_not_ready(make: Make, table: str) -> None:
    processor = make()
    processor.client.delete_table(TableName=table)
    assert processor.get("/ready").status == 503
