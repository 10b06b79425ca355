"""A table's replicas are protected in both regions; what is protected is left alone.

The database's are tested in test_delete_guard_database.py, which has one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from deadline import Deadline
from protect import BUSY, protect_table
from response import STARTED, Unfinished

from ..conftest import STANDBY, WRITER, Aws
from .conftest import Context

REGIONS = (WRITER, STANDBY)


class Seen:
    """A DynamoDB client that remembers its updates, and is busy for the first of them."""

    def __init__(self, client: Any, *busy: str) -> None:
        self._client, self._busy, self.updates = client, list(busy), 0

    def describe_table(self, **arguments: Any) -> Any:
        return self._client.describe_table(**arguments)

    def update_table(self, **arguments: Any) -> Any:
        self.updates += 1
        if self._busy:
            code = self._busy.pop()
            raise self._client.exceptions.ClientError({"Error": {"Code": code}}, "UpdateTable")
        return self._client.update_table(**arguments)


def protect(table: str, clients: list[Seen], seconds: float = 900) -> None:
    protect_table(table, clients, deadline=Deadline({STARTED: time.time()}, Context(seconds)))


def is_protected(aws: Aws, table: str) -> list[bool]:
    return [
        aws.client("dynamodb", region).describe_table(TableName=table)["Table"][
            "DeletionProtectionEnabled"
        ]
        for region in REGIONS
    ]


def clients(aws: Aws, *busy: str) -> list[Seen]:
    return [Seen(aws.client("dynamodb", region), *busy) for region in REGIONS]


def test_both_replicas_are_protected_once(aws: Aws, table: str, no_pauses: list[float]) -> None:
    assert is_protected(aws, table) == [False, False]
    made = clients(aws)
    for _ in range(2):
        protect(table, made)
        assert [each.updates for each in made] == [1, 1]
    assert is_protected(aws, table) == [True, True]


def test_one_replica_that_is_not_protected_is(
    aws: Aws, make_table: Callable[..., str], no_pauses: list[float]
) -> None:
    table, made = make_table(protected=True), clients(aws)
    aws.client("dynamodb", STANDBY).update_table(TableName=table, DeletionProtectionEnabled=False)
    protect(table, made)
    assert [each.updates for each in made] == [0, 1]
    assert is_protected(aws, table) == [True, True]


@pytest.mark.parametrize("code", BUSY)
def test_a_busy_table_is_awaited(aws: Aws, table: str, no_pauses: list[float], code: str) -> None:
    made = clients(aws, code, code)
    protect(table, made)
    assert [each.updates for each in made] == [3, 3]
    assert is_protected(aws, table) == [True, True]


def test_another_refusal_is_told(aws: Aws, table: str, no_pauses: list[float]) -> None:
    made = clients(aws, "AccessDeniedException")
    with pytest.raises(aws.client("dynamodb").exceptions.ClientError, match="AccessDenied"):
        protect(table, made)
    assert is_protected(aws, table) == [False, False]


def test_a_table_that_stays_busy_goes_on_in_another_invocation(
    aws: Aws, table: str, no_pauses: list[float]
) -> None:
    with pytest.raises(Unfinished):
        protect(table, clients(aws, *BUSY), seconds=30)
