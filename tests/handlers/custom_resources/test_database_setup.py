"""Custom::DrDatabaseSetUp against PostgreSQL behind the embedded RDS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import database_setup
import pytest

from ..database import Database, at
from .conftest import Context, Stack

Answer = dict[str, Any]


@pytest.fixture
def set_up(
    database: Database, stack: Stack, context: Context, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Answer]:
    """Send a request with changed properties; the answer."""
    at(database, monkeypatch)

    def set_up(request_type: str = "Create", **changed: str) -> Answer:
        event = stack.event(request_type, ResourceProperties=database.properties(**changed))
        database_setup.handler(event, context)
        return stack.answer()

    return set_up


def test_the_ledger_is_there_for_its_role_alone(database: Database) -> None:
    privileges = database.run(
        "SELECT table_name, privilege_type FROM information_schema.role_table_grants"
        " WHERE table_schema = 'ledger' AND grantee = 'transactions' ORDER BY 1, 2"
    )
    assert privileges == [
        [table, privilege]
        for table in ("transactions", "verifications")
        for privilege in ("INSERT", "SELECT")
    ]
    assert database.run("SELECT pg_has_role('transactions', 'rds_iam', 'MEMBER')") == [[True]]
    public = "SELECT count(*) FROM information_schema.role_table_grants WHERE grantee = 'PUBLIC' AND table_schema = 'ledger'"
    assert database.run(public) == [[0]]


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_a_repeat_changes_nothing(
    set_up: Callable[..., Answer], database: Database, request_type: str
) -> None:
    database.run(
        "INSERT INTO ledger.transactions VALUES"
        f" ('kept-{request_type}', 1, 'RECEIVED', now(), 'f', 'r')"
    )
    answer = set_up(request_type)
    assert answer["Status"] == "SUCCESS", answer["Reason"]
    assert answer["PhysicalResourceId"] == f"{database.properties()['Host']}/ledger"
    found = f"SELECT count(*) FROM ledger.transactions WHERE transaction_id = 'kept-{request_type}'"
    assert database.run(found) == [[1]]


def test_it_tells_the_name_that_leads_to_the_writer(
    set_up: Callable[..., Answer], database: Database
) -> None:
    assert set_up()["Data"] == {"WriterEndpoint": database.outputs["us-east-1"]["Global"]}


def test_a_role_of_any_name_is_one_identifier(
    set_up: Callable[..., Answer], database: Database
) -> None:
    name = 'x"; DROP TABLE ledger.transactions; --'
    assert set_up(User=name)["Status"] == "SUCCESS"
    assert database.run("SELECT count(*) FROM pg_roles WHERE rolname LIKE 'x%'") == [[1]]
    assert database.run("SELECT to_regclass('ledger.transactions') IS NOT NULL") == [[True]]


def test_a_refusal_of_postgresql_is_told_without_the_password(
    set_up: Callable[..., Answer], database: Database
) -> None:
    answer = set_up(Database="nowhere")
    assert answer["Status"] == "FAILED"
    assert "SQLSTATE 3D000" in answer["Reason"]
    assert database.password not in answer["Reason"]


def test_a_database_that_does_not_answer_is_told(
    set_up: Callable[..., Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(database_setup.time, "sleep", pauses.append)
    answer = set_up(Port="1")
    assert answer["Status"] == "FAILED"
    assert "does not answer" in answer["Reason"]
    assert 20 < sum(pauses) < 60


def test_a_delete_asks_nobody(stack: Stack, context: Context) -> None:
    database_setup.handler(stack.event("Delete", PhysicalResourceId="h/d"), context)
    answer = stack.answer()
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "h/d")


def test_a_ledger_of_the_first_schema_is_upgraded_and_older_code_goes_on(
    set_up: Callable[..., Answer], database: Database
) -> None:
    older = (
        "INSERT INTO ledger.transactions"
        " (transaction_id, amount, status, occurred_at, fingerprint, region)"
        " VALUES ('{}', 1, 'RECEIVED', now(), 'f', 'r')"
    )
    database.run("DROP TABLE ledger.verifications")
    database.run("ALTER TABLE ledger.transactions DROP COLUMN epoch")
    database.run(older.format("of-schema-1"))
    assert set_up("Update", Schema="2")["Status"] == "SUCCESS"
    database.run(older.format("after-a-rollback"))
    epochs = (
        "SELECT epoch FROM ledger.transactions"
        " WHERE transaction_id IN ('of-schema-1', 'after-a-rollback')"
    )
    assert database.run(epochs) == [[1], [1]]
    assert database.run("SELECT count(*) FROM ledger.verifications") == [[0]]
