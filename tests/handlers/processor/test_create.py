"""POST /transactions: what is taken, and that it is kept exactly once."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import store
from botocore.exceptions import ClientError

from .conftest import Answer, Processor

TIME = "2025-01-31T12:00:00.000000Z"


def test_a_new_transaction_is_created_and_read_back(writer: Processor) -> None:
    answer = writer.post(transactionId="a.b_c:d-1", amount="12.50", status="PENDING")
    assert answer.status == 201
    assert store.CLAIM not in json.dumps(answer.body)
    timestamp = answer.body.pop("timestamp")
    assert answer.body == {
        "transactionId": "a.b_c:d-1",
        "amount": "12.5",
        "status": "PENDING",
        "region": "us-east-1",
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", timestamp)
    age = datetime.now(UTC) - datetime.fromisoformat(timestamp)
    assert abs(age.total_seconds()) < 10
    read = writer.get("/transactions/a.b_c:d-1")
    assert (read.status, read.body) == (200, {**answer.body, "timestamp": timestamp})


def test_the_status_defaults_to_received(writer: Processor) -> None:
    assert writer.post(transactionId="t", amount=1).body["status"] == "RECEIVED"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("0.1", "0.1"),
        ("1.50", "1.5"),
        ("-0.0", "0"),
        ("0E+99999", "0"),
        ("1e3", "1000"),
        ("-12.000000000001", "-12.000000000001"),
        ("12345678901234567890123456789012345678", "12345678901234567890123456789012345678"),
        ("12345678901234567890123456.123456789012", "12345678901234567890123456.123456789012"),
        ("1E+37", "1" + "0" * 37),
        ("0." + "0" * 11 + "1", "0.000000000001"),
    ],
)
def test_amounts_survive_exactly(writer: Processor, given: str, kept: str) -> None:
    for name, text in (("number", given), ("text", f'"{given}"')):
        body = f'{{"transactionId": "{name}", "amount": {text}}}'
        assert writer.post_text(body).body["amount"] == kept
        assert writer.get(f"/transactions/{name}").body["amount"] == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2025-01-31T12:00:00Z", TIME),
        ("2025-01-31T13:30:00.5+01:30", "2025-01-31T12:00:00.500000Z"),
        ("0099-12-31T23:00:00-02:00", "0100-01-01T01:00:00.000000Z"),
    ],
)
def test_times_become_utc(writer: Processor, given: str, kept: str) -> None:
    assert writer.post(transactionId="t", amount=1, timestamp=given).body["timestamp"] == kept


@pytest.mark.parametrize("encoded", [False, True])
def test_an_encoded_body_is_decoded(writer: Processor, encoded: bool) -> None:
    answer = writer.post_text('{"transactionId": "t", "amount": 1}', encoded=encoded)
    assert answer.status == 201


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (None, "the body is missing"),
        ("", "the body is missing"),
        ("{", "the body is not JSON"),
        ("[]", "must be a JSON object"),
        ("12", "must be a JSON object"),
        ("[" * 20_000, "nested too deeply"),
        ('{"amount": NaN}', "NaN is not a JSON number"),
        ('{"amount": -Infinity}', "-Infinity is not a JSON number"),
        ('{"amount": 1, "amount": 2}', "more than once: 'amount'"),
        ('{"amount": 1e99999999999999999999}', "exponent is out of range"),
        ('{"amount": {"a": 1, "a": 1}}', "more than once: 'a'"),
        ("\ud800", "not UTF-8"),
    ],
)
def test_a_body_that_is_no_strict_json_object_is_refused(
    writer: Processor, body: str | None, reason: str
) -> None:
    answer = writer.post_text(body)
    assert answer.status == 400
    assert answer.body["error"] == "invalid request"
    assert answer.body["requestId"] == "request-1"
    assert len(answer.body["reasons"]) == 1
    assert reason in answer.body["reasons"][0]


@pytest.mark.parametrize(
    ("body", "reason"), [("%%%", "base64"), ("é", "base64"), ("/w==", "UTF-8")]
)
def test_a_wrongly_encoded_body_is_refused(writer: Processor, body: str, reason: str) -> None:
    answer = writer.call("POST", "/transactions", body=body, encoded=True)
    assert answer.status == 400
    assert reason in answer.body["reasons"][0]


@pytest.mark.parametrize("encoded", [False, True])
def test_a_body_is_at_most_32_kb(writer: Processor, encoded: bool) -> None:
    start = '{"transactionId": "t", "amount": 1'
    fits = start + " " * (32 * 1024 - len(start) - 1) + "}"
    assert writer.post_text(fits, encoded=encoded).status == 201
    assert writer.post_text(fits + " ", encoded=encoded).status == 413


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("transactionId", ["", "a" * 65, "a b", "a\n", "ä", "#claim", 1, None, ["a"], {}, True]),
        ("amount", ["", "x", " 1", "1_0", "+1", "01", "1.", ".5", "1e", "NaN", "Infinity", "٣"]),
        ("amount", [None, True, [], {}]),
        ("amount", ["1" * 39, "1E+38", "1E-9999999999999999999999", "0.0000000000001"]),
        ("amount", ["123456789012345678901234567.123456789012"]),
        ("status", ["", "received", "#claim", 1, None, [], {}]),
        ("timestamp", ["", 1738324800, None, [], {}, "2025-01-31", "2025-01-31T12:00:00"]),
        ("timestamp", ["2025-01-31 12:00:00Z", "2025-02-30T00:00:00Z", "2025-01-31T24:00:00Z"]),
        ("timestamp", ["2025-01-31T12:00:00.1234567Z", "2025-01-31T12:00:00+24:00"]),
        ("timestamp", ["0001-01-01T00:00:00+01:00", "2025-01-31T12:00:00Z\n"]),
    ],
)
def test_a_wrong_value_is_refused(writer: Processor, field: str, values: list[object]) -> None:
    for value in values:
        answer = writer.post(**{"transactionId": "t", "amount": 1, field: value})
        assert (answer.status, len(answer.body["reasons"])) == (400, 1), value
        assert answer.body["reasons"][0].startswith(f"{field} must"), value
    assert writer.get("/transactions/t").status == 404


def test_every_problem_is_listed(writer: Processor) -> None:
    reasons = writer.post(status="x", timestamp=1, zeta=1, Amount=1).body["reasons"]
    assert [reason.split()[0] for reason in reasons] == [
        "transactionId",
        "amount",
        "status",
        "timestamp",
        "'Amount'",
        "'zeta'",
    ]
    many = writer.post(transactionId="t", amount=1, **{f"f{n:02}": 1 for n in range(25)})
    assert len(many.body["reasons"]) == 21
    assert many.body["reasons"][-1] == "5 more fields are not known"


def test_an_exact_repeat_gets_the_first_result(writer: Processor) -> None:
    first = writer.post(transactionId="t", amount="1.50")
    assert "Idempotent-Replayed" not in first.headers
    assigned = first.body["timestamp"]
    repeats = [
        writer.post(transactionId="t", amount="1.50"),
        writer.post(transactionId="t", amount=1.5, status="RECEIVED"),
        writer.post(transactionId="t", amount="1.5", timestamp=assigned),
        writer.post(transactionId="t", amount="1.5", timestamp=assigned.replace("Z", "+00:00")),
    ]
    for repeat in repeats:
        assert (repeat.status, repeat.body) == (200, first.body)
        assert repeat.headers["Idempotent-Replayed"] == "true"


def test_a_different_request_for_an_id_is_a_conflict(writer: Processor) -> None:
    first = writer.post(transactionId="t", amount=1, timestamp=TIME)
    different = [
        writer.post(transactionId="t", amount=2, timestamp=TIME),
        writer.post(transactionId="t", amount=1, timestamp=TIME, status="FAILED"),
        writer.post(transactionId="t", amount=1, timestamp="2025-01-31T12:00:00.000001Z"),
        writer.post(transactionId="t", amount=1),  # asks for the time of arrival
    ]
    for answer in different:
        assert answer.status == 409
        assert answer.body["error"] == "conflict"
        assert "earlier request" in answer.body["reasons"][0]
    assert writer.post(transactionId="t", amount=1, timestamp=TIME).status == 200
    assert writer.get("/transactions/t").body == first.body


def race(posts: list[Callable[[], Answer]]) -> list[Answer]:
    barrier = threading.Barrier(len(posts))

    def run(post: Callable[[], Answer]) -> Answer:
        barrier.wait()
        return post()

    with ThreadPoolExecutor(len(posts)) as pool:
        return list(pool.map(run, posts))


def items(processor: Processor, table: str) -> list[dict[str, dict[str, str]]]:
    found: list[dict[str, dict[str, str]]] = processor.client.scan(TableName=table)["Items"]
    return found


def test_racing_repeats_create_once(writer: Processor, table: str) -> None:
    answers = race([lambda: writer.post(transactionId="t", amount="1.10")] * 16)
    assert Counter(answer.status for answer in answers) == {201: 1, 200: 15}
    assert len({json.dumps(answer.body, sort_keys=True) for answer in answers}) == 1
    assert len(items(writer, table)) == 2  # the claim and the transaction


def test_racing_different_requests_leave_one(writer: Processor, table: str) -> None:
    answers = race([lambda n=n: writer.post(transactionId="t", amount=n) for n in range(12)])
    assert Counter(answer.status for answer in answers) == {201: 1, 409: 11}
    (won,) = (answer.body for answer in answers if answer.status == 201)
    assert writer.get("/transactions/t").body == won
    assert len(items(writer, table)) == 2


class Interfering:
    """A client whose transactions are cancelled a number of times, as they are when they race."""

    def __init__(self, client: object, error: ClientError, *, times: int) -> None:
        self._client, self._error, self.left = client, error, times

    def transact_write_items(self, **arguments: object) -> object:
        if self.left:
            self.left -= 1
            raise self._error
        return self._client.transact_write_items(**arguments)  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> object:
        return getattr(self._client, name)


def _cancelled(reason: str) -> ClientError:
    response = {
        "Error": {"Code": "TransactionCanceledException", "Message": "secret"},
        "CancellationReasons": [{"Code": "None"}, {"Code": reason}],
    }
    return ClientError(response, "TransactWriteItems")  # type: ignore[arg-type]


def _throttled() -> ClientError:
    return ClientError({"Error": {"Code": "ThrottlingException"}}, "TransactWriteItems")


@pytest.mark.parametrize("error", [_cancelled("TransactionConflict"), _throttled()])
def test_interference_is_retried_and_then_told(
    writer: Processor, monkeypatch: pytest.MonkeyPatch, error: ClientError
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(store.time, "sleep", pauses.append)
    client = Interfering(writer.client, error, times=store.ATTEMPTS - 1)
    writer.api._store.client = client
    assert writer.post(transactionId="a", amount=1).status == 201
    assert len(pauses) == store.ATTEMPTS - 1
    assert 0 < sum(pauses) < 5

    client.left = store.ATTEMPTS
    answer = writer.post(transactionId="b", amount=1)
    assert (answer.status, answer.body["error"]) == (503, "busy")
    assert answer.headers["Retry-After"] == "1"


def test_another_cancellation_is_not_retried(writer: Processor) -> None:
    client = Interfering(writer.client, _cancelled("ValidationError"), times=1)
    writer.api._store.client = client
    assert writer.post(transactionId="a", amount=1).status == 500


def test_the_claim_stays_out_of_the_status_index(writer: Processor, table: str) -> None:
    writer.post(transactionId="t", amount=1, timestamp=TIME)
    listed = writer.client.query(
        TableName=table,
        IndexName="StatusIndex",
        KeyConditionExpression="#s = :s",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":s": {"S": "RECEIVED"}},
    )["Items"]
    assert [item["timestamp"]["S"] for item in listed] == [TIME]


def test_a_transaction_that_replicated_without_its_claim_still_answers(
    writer: Processor, table: str
) -> None:
    first = writer.post(transactionId="t", amount=1, timestamp=TIME)
    _delete(writer, table, sort=store.CLAIM)
    assert writer.post(transactionId="t", amount=2, timestamp=TIME).status == 409
    repeat = writer.post(transactionId="t", amount=1, timestamp=TIME)
    assert (repeat.status, repeat.body) == (200, first.body)


def test_a_read_shows_the_transaction_as_it_is_now(writer: Processor, table: str) -> None:
    first = writer.post(transactionId="t", amount=1, timestamp=TIME)
    writer.client.update_item(
        TableName=table,
        Key={"transactionId": {"S": "t"}, "timestamp": {"S": TIME}},
        UpdateExpression="SET #s = :s",
        ExpressionAttributeNames={"#s": "status"},
        ExpressionAttributeValues={":s": {"S": "COMPLETED"}},
    )
    assert writer.get("/transactions/t").body["status"] == "COMPLETED"
    assert writer.post(transactionId="t", amount=1, timestamp=TIME).body == first.body


def test_a_claim_that_replicated_without_its_transaction_still_answers(
    writer: Processor, table: str
) -> None:
    first = writer.post(transactionId="t", amount=1, timestamp=TIME)
    _delete(writer, table, sort=TIME)
    assert writer.get("/transactions/t").body == first.body
    assert writer.post(transactionId="t", amount=1, timestamp=TIME).status == 200


def _delete(processor: Processor, table: str, *, sort: str) -> None:
    key = {"transactionId": {"S": "t"}, "timestamp": {"S": sort}}
    processor.client.delete_item(TableName=table, Key=key)


def test_items_expire_only_when_asked(make: Callable[..., Processor], table: str) -> None:
    make().post(transactionId="kept", amount=1)
    make(ttl_days=2).post(transactionId="gone", amount=1)
    expiries: dict[str, list[int]] = {"kept": [], "gone": []}
    for item in items(make(), table):
        if "expiresAt" in item:
            expiries[item["transactionId"]["S"]].append(int(item["expiresAt"]["N"]))
    assert expiries["kept"] == []
    assert len(expiries["gone"]) == 2  # the claim too, or the id would stay taken
    in_two_days = datetime.now(UTC).timestamp() + 2 * 86_400
    assert all(abs(expiry - in_two_days) < 10 for expiry in expiries["gone"])
