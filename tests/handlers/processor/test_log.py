"""What is logged, and what never is."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Processor

SECRET = "secret-4711"


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    """What was logged since the last call."""

    def lines() -> list[dict[str, Any]]:
        captured = capsys.readouterr()
        assert SECRET not in captured.out + captured.err
        assert captured.err == ""
        return [json.loads(line) for line in captured.out.splitlines()]

    return lines


def test_one_line_a_request(
    writer: Processor,
    monkeypatch: pytest.MonkeyPatch,
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    monkeypatch.setenv("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3f;Parent=53995c3f;Sampled=1")
    writer.post(transactionId=SECRET, amount=4711)
    (line,) = lines()
    assert line.pop("duration_ms") >= 0
    assert line == {
        "level": "INFO",
        "message": "request",
        "requestId": "request-1",
        "route": "POST /transactions",
        "status": 201,
        "region": "us-east-1",
        "suffix": "dev",
        "traceId": "1-5759e988-bd862e3f",
    }


def test_no_payload_is_logged(
    writer: Processor, standby: Processor, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    writer.post(transactionId=SECRET, amount=1)
    writer.post(transactionId=SECRET, amount=2)
    writer.post(transactionId=SECRET + "!", amount=SECRET, **{SECRET: SECRET})
    writer.post_text(SECRET)
    writer.get(f"/transactions/{SECRET}")
    writer.get(f"/{SECRET}")
    writer.call(SECRET, "/health")
    standby.post(transactionId=SECRET, amount=1)
    told = [(line["level"], line["route"], line["status"]) for line in lines()]
    assert told == [
        ("INFO", "POST /transactions", 201),
        ("INFO", "POST /transactions", 409),
        ("INFO", "POST /transactions", 400),
        ("INFO", "POST /transactions", 400),
        ("INFO", "GET /transactions/{transactionId}", 200),
        ("INFO", "unknown", 404),
        ("INFO", "unknown", 405),
        ("WARNING", "POST /transactions", 503),
    ]


def test_a_failure_is_told_without_its_message(
    writer: Processor, table: str, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    writer.client.delete_table(TableName=table)
    answer = writer.post(transactionId=SECRET, amount=1)
    assert (answer.status, answer.body) == (
        500,
        {"error": "internal error", "requestId": "request-1"},
    )
    (line,) = lines()
    assert (line["level"], line["status"]) == ("ERROR", 500)
    assert line["error"]["code"] == "ResourceNotFoundException"
    assert any(frame.startswith("store.py:") for frame in line["error"]["frames"])
    assert set(line["error"]) == {"type", "code", "frames"}
    assert "not found" not in json.dumps(line)


def test_a_defect_is_told_by_type(
    writer: Processor,
    monkeypatch: pytest.MonkeyPatch,
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    def fail(_: str) -> None:
        raise LookupError(SECRET)

    monkeypatch.setattr(writer.api._store, "find", fail)
    assert writer.get("/transactions/a").status == 500
    (line,) = lines()
    assert line["error"]["type"] == "LookupError"


def test_the_level_silences_lower_lines(
    make: Callable[..., Processor], lines: Callable[[], list[dict[str, Any]]]
) -> None:
    quiet = make(log_level="WARNING")
    quiet.get("/health")
    assert lines() == []
    make(log_level="nonsense").get("/health")
    assert len(lines()) == 1
