"""Every route but the creation, in both roles."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import Processor


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/", 404, None),
        ("GET", "/nothing", 404, None),
        ("GET", "/transactions/a/b", 404, None),
        ("PUT", "/transactions", 405, "GET, POST"),
        ("DELETE", "/transactions/a", 405, "GET"),
        ("POST", "/health", 405, "GET"),
        ("OPTIONS", "/ready", 405, "GET"),
    ],
)
def test_unknown_paths_and_methods(
    writer: Processor, method: str, path: str, status: int, allow: str | None
) -> None:
    answer = writer.call(method, path)
    assert (answer.status, answer.headers.get("Allow")) == (status, allow)
    assert answer.body["requestId"] == "request-1"


@pytest.mark.parametrize("path", ["/health", "/nothing", "/transactions/none"])
def test_every_answer_carries_the_security_headers(writer: Processor, path: str) -> None:
    headers = writer.get(path).headers
    assert headers["Content-Type"] == "application/json"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert not [name for name in headers if name.startswith("Access-Control")]


def test_the_standby_reads_and_names_the_writer(writer: Processor, standby: Processor) -> None:
    first = writer.post(transactionId="a:1", amount="1.10")
    for path in ("/transactions/a:1", "/transactions/a%3A1", "/transactions/a:1/"):
        read = standby.get(path)
        assert (read.status, read.body) == (200, {**first.body, "region": "us-west-2"})

    refused = standby.post(transactionId="b", amount=1)
    assert (refused.status, refused.body["error"]) == (503, "standby")
    assert "the writer is us-east-1" in refused.body["reasons"][0]
    assert writer.get("/transactions/b").status == 404


@pytest.mark.parametrize("path", ["/transactions/none", "/transactions/%23claim"])
def test_no_such_transaction(standby: Processor, path: str) -> None:
    answer = standby.get(path)
    assert answer.status == 404
    assert "us-west-2" in answer.body["reasons"][0]


def test_health_asks_nobody(standby: Processor, table: str) -> None:
    standby.client.delete_table(TableName=table)
    answer = standby.get("/health")
    assert (answer.status, answer.body) == (200, {"status": "ok", "region": "us-west-2"})


def test_ready_tells_role_and_checks(writer: Processor, standby: Processor, table: str) -> None:
    checks = {"writer": {"table", "index", "replica", "read", "write"}}
    checks["standby"] = checks["writer"] - {"write"}
    for processor, role in ((writer, "writer"), (standby, "standby")):
        answer = processor.get("/ready")
        assert answer.status == 200
        assert (answer.body["ready"], answer.body["role"]) == (True, role)
        assert set(answer.body["checks"]) == checks[role]
        for check in answer.body["checks"].values():
            assert check["ok"] is True
            assert check["took_ms"] >= 0
    assert writer.client.scan(TableName=table)["Items"] == []  # the probe left nothing


def test_ready_fails_when_the_table_is_gone(writer: Processor, table: str) -> None:
    writer.client.delete_table(TableName=table)
    answer = writer.get("/ready")
    assert (answer.status, answer.body["ready"]) == (503, False)
    for check in answer.body["checks"].values():
        assert check["ok"] is False
        assert check["reason"] == "ResourceNotFoundException"


def test_ready_fails_when_the_replica_is_gone(writer: Processor, table: str) -> None:
    removal = [{"Delete": {"RegionName": "us-west-2"}}]
    writer.client.update_table(TableName=table, ReplicaUpdates=removal)
    answer = writer.get("/ready")
    assert answer.status == 503
    failed = {name: check for name, check in answer.body["checks"].items() if not check["ok"]}
    assert list(failed) == ["replica"]
    assert failed["replica"]["reason"] == "MISSING"


def test_a_region_that_has_no_replica_is_ready_without_one(
    make: Callable[..., Processor], table: str
) -> None:
    alone = make(replicated="false")
    removal = [{"Delete": {"RegionName": "us-west-2"}}]
    alone.client.update_table(TableName=table, ReplicaUpdates=removal)
    answer = alone.get("/ready")
    assert (answer.status, "replica" in answer.body["checks"]) == (200, False)


def test_ready_fails_when_the_index_is_gone(writer: Processor, table: str) -> None:
    removal = [{"Delete": {"IndexName": "StatusIndex"}}]
    writer.client.update_table(TableName=table, GlobalSecondaryIndexUpdates=removal)
    answer = writer.get("/ready")
    assert answer.status == 503
    assert answer.body["checks"]["index"]["reason"] == "MISSING"
    assert answer.body["checks"]["table"]["ok"] is True
