"""Who writes: the item of a recovery, and what a fence does to writes before and under way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ..conftest import STANDBY, WRITER, Aws
from .conftest import Processor, say

Make = Callable[..., Processor]


def epochs(processor: Processor, table: str) -> list[str]:
    items: list[dict[str, Any]] = processor.client.scan(TableName=table)["Items"]
    return [item["epoch"]["N"] for item in items]


def test_until_a_recovery_the_launch_region_writes_in_the_first_epoch(
    make: Make, state: str, table: str
) -> None:
    writer, standby = make(state=state), make(STANDBY, state=state)
    assert writer.post(transactionId="t", amount=1).status == 201
    assert epochs(writer, table) == ["1", "1"]
    assert standby.post(transactionId="u", amount=1).body["error"] == "standby"
    assert [each.get("/ready").body["role"] for each in (writer, standby)] == ["writer", "standby"]


def test_a_fence_and_the_next_epoch_move_the_writes(
    make: Make, aws: Aws, state: str, table: str
) -> None:
    first, second = make(state=state), make(STANDBY, state=state)
    say(aws, state, WRITER, WRITER, 1, fenced=True)
    refused = first.post(transactionId="t", amount=1)
    assert (refused.status, refused.body["error"]) == (503, "fenced")
    assert first.get("/ready").body["role"] == "fenced"
    assert epochs(first, table) == []
    say(aws, state, STANDBY, STANDBY, 2)
    assert second.post(transactionId="t", amount=1).status == 201
    assert epochs(second, table) == ["2", "2"]
    say(aws, state, WRITER, STANDBY, 2)
    assert first.post(transactionId="u", amount=1).body["error"] == "standby"
    ready = second.get("/ready").body
    assert (ready["role"], ready["epoch"]) == ("writer", 2)


@pytest.mark.parametrize("before", [False, True], ids=["first-epoch", "later-epoch"])
@pytest.mark.parametrize(
    ("region", "epoch", "fenced"), [(WRITER, 3, True), (STANDBY, 4, False)], ids=["fence", "epoch"]
)
def test_a_write_under_way_is_not_confirmed_once_the_fence_is_there(
    make: Make,
    aws: Aws,
    state: str,
    table: str,
    monkeypatch: pytest.MonkeyPatch,
    before: bool,
    region: str,
    epoch: int,
    fenced: bool,
) -> None:
    processor = make(state=state)
    if before:
        say(aws, state, WRITER, WRITER, 3)
    put = processor.api._store._put

    def late(*given: Any, **more: Any) -> Any:
        """The request was let in, and then the fence comes."""
        say(aws, state, WRITER, region, epoch, fenced=fenced)
        return put(*given, **more)

    monkeypatch.setattr(processor.api._store, "_put", late)
    answer = processor.post(transactionId="t", amount=1)
    assert (answer.status, answer.body["error"]) == (503, "fenced")
    assert epochs(processor, table) == []


def test_nobody_writes_who_can_not_tell_whether_it_may(make: Make, state: str, table: str) -> None:
    processor = make(state=f"{state}-gone")
    answer = processor.post(transactionId="t", amount=1)
    assert (answer.status, answer.body["error"]) == (503, "fenced")
    assert "can't tell" in answer.body["reasons"][0]
    assert epochs(processor, table) == []
    assert processor.get("/transactions/t").status == 404  # a read needs no state table
