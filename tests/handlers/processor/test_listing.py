"""Listing by status: the latest first, page by page, in either region."""

from __future__ import annotations

import pytest

from .conftest import Processor


def test_a_status_lists_its_transactions_the_latest_first(writer: Processor) -> None:
    for day in (1, 3, 2):
        writer.post(
            transactionId=f"t-{day}",
            amount="1",
            status="PENDING",
            timestamp=f"2025-01-0{day}T00:00:00Z",
        )
    writer.post(transactionId="other", amount="1", status="FAILED")
    answer = writer.get("/transactions", status="PENDING")
    assert answer.status == 200
    assert [each["transactionId"] for each in answer.body["transactions"]] == ["t-3", "t-2", "t-1"]
    assert "next" not in answer.body


def test_the_standby_lists_what_the_writer_wrote(writer: Processor, standby: Processor) -> None:
    writer.post(transactionId="t-1", amount="2.50")
    (listed,) = standby.get("/transactions", status="RECEIVED").body["transactions"]
    assert (listed["transactionId"], listed["amount"]) == ("t-1", "2.5")


def test_pages_neither_repeat_nor_skip(writer: Processor) -> None:
    for number in range(5):
        writer.post(transactionId=f"t-{number}", amount="1")
    seen: list[str] = []
    query = {"status": "RECEIVED", "limit": "2"}
    while True:
        body = writer.get("/transactions", **query).body
        seen += [each["transactionId"] for each in body["transactions"]]
        if "next" not in body:
            break
        query["next"] = body["next"]
    assert seen == ["t-4", "t-3", "t-2", "t-1", "t-0"]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({}, "status must be one of"),
        ({"status": "received"}, "status must be one of"),
        ({"status": "RECEIVED", "limit": "0"}, "limit must be"),
        ({"status": "RECEIVED", "limit": "101"}, "limit must be"),
        ({"status": "RECEIVED", "limit": "²"}, "limit must be"),
        ({"status": "RECEIVED", "next": "nonsense"}, "next must be"),
        ({"status": "RECEIVED", "next": "WzEsMl0="}, "next must be"),
        ({"status": "RECEIVED", "page": "2"}, "'page' is not a known parameter"),
    ],
)
def test_a_bad_query_is_refused_with_its_reason(
    writer: Processor, query: dict[str, str], reason: str
) -> None:
    answer = writer.get("/transactions", **query)
    assert answer.status == 400
    assert any(each.startswith(reason) for each in answer.body["reasons"])
