"""The ledger: transactions in Aurora PostgreSQL, one row each, never changed.

A row's primary key is the transaction's id, and it holds the fingerprint of the request that made it:
``INSERT .. ON CONFLICT DO NOTHING`` lets one request win, and whoever comes second compares. That is
the same promise as the table's, kept by one statement.

The region that takes writes uses the global writer endpoint, the standby the reader endpoint of its
own cluster. The password is an IAM token, made anew for every connection. A connection is kept
between requests, and its name is looked at again after at most 5 seconds, so that a failover is
followed at once; a connection that breaks is replaced and the statement repeated, which is safe,
since it is the same promise again.

See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAMDBAuth.html
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

from connection import Connection, Server, connect, server
from pg8000.exceptions import DatabaseError, InterfaceError
from reply import Refused
from settings import LedgerSettings
from store import Kept
from transaction import Request, Transaction, exact

FOLLOW_AFTER = 5.0
"""Seconds after which a connection's name is looked at again."""
LAG_LIMIT = 60_000
"""Milliseconds behind the writer with which a standby still counts as ready."""
ATTEMPTS = 2
REACHED_WITHIN = 1.0
"""Seconds: a health checker of Route 53 waits for two."""
_COLUMNS = (
    "transaction_id, amount::text, status, fingerprint, "
    """to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
)
_INSERT = (
    "INSERT INTO ledger.transactions"
    " (transaction_id, amount, status, occurred_at, fingerprint, region, epoch)"
    " VALUES (:id, CAST(:amount AS numeric), :status, CAST(:time AS timestamptz), :fingerprint,"
    f" :region, :epoch) ON CONFLICT (transaction_id) DO NOTHING RETURNING {_COLUMNS}"
)
_SELECT = f"SELECT {_COLUMNS} FROM ledger.transactions WHERE transaction_id = :id"
_WRITER = "SELECT pg_is_in_recovery(), has_table_privilege('ledger.transactions', 'INSERT')"
_READER = "SELECT count(*) FROM (SELECT FROM ledger.transactions LIMIT 1) AS any_row"
_IS_AURORA = "SELECT to_regprocedure('aurora_global_db_instance_status()') IS NOT NULL"
_LAG_AURORA = (
    "SELECT max(visibility_lag_in_msec) FROM aurora_global_db_instance_status()"
    " WHERE aws_region = :region"
)
# What the embedded Aurora can say, which is PostgreSQL itself.
_LAG_POSTGRESQL = (
    "SELECT CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0"
    " ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp()) * 1000 END"
)
_BROKEN_CLASSES = ("08", "57P")  # connection exceptions; the server shuts down or starts
_BROKEN_STATES = {
    "25006",  # read only: the writer is elsewhere by now
    "53300",  # too many connections
}


class Ledger:
    """The ledger of this region.

    Args:
        settings: Where it is.
        region: This region.
        takes_writes: Whether this region is the writer, asked again at each statement.
        token: From host, port, user and region to an IAM token.
    """

    def __init__(
        self,
        *,
        settings: LedgerSettings,
        region: str,
        takes_writes: Callable[[], bool],
        token: Callable[..., str],
    ) -> None:
        self._settings = settings
        self._region = region
        self._takes_writes = takes_writes
        self._token = token
        self._connection: Connection | None = None
        self._server: Server | None = None
        self._endpoint = ""
        self._followed = 0.0

    def create(
        self, request: Request, transaction: Transaction, *, epoch: int, taken_in: str = ""
    ) -> Kept:
        """Keep the transaction, or find that the same request made one already.

        Args:
            epoch: That of the writer, which the row carries.
            taken_in: The region that took it, by default this one.

        Raises:
            Refused: 409 when the id belongs to a different request; 503 when the ledger can't be
                reached.
        """
        rows = self._run(
            _INSERT,
            id=transaction.transaction_id,
            amount=transaction.amount,
            status=transaction.status,
            time=transaction.timestamp,
            fingerprint=request.fingerprint(),
            region=taken_in or self._region,
            epoch=epoch,
        )
        if rows:
            return Kept(_transaction(rows[0]), repeated=False)
        row = self._run(_SELECT, id=transaction.transaction_id)[0]  # rows are never deleted
        first = _transaction(row)
        if not request.repeats(fingerprint=row[3], first=first):
            raise Refused(
                409,
                "conflict",
                ["this transactionId belongs to an earlier request with different values"],
            )
        return Kept(first, repeated=True)

    def find(self, transaction_id: str) -> Transaction | None:
        """The transaction with this id, or None.

        Raises:
            Refused: 503 when the ledger can't be reached.
        """
        rows = self._run(_SELECT, id=transaction_id)
        return _transaction(rows[0]) if rows else None

    def check(self) -> Mapping[str, str]:
        """What is not as this region's role needs it, by check; empty texts where all is well."""
        checks = self._check_writer if self._takes_writes() else self._check_reader
        try:
            return checks()
        except Refused as refusal:
            return dict.fromkeys(self.checks, refusal.error)
        except DatabaseError as error:
            return dict.fromkeys(self.checks, _state(error))

    def reach(self) -> Mapping[str, str]:
        """Whether the writer's server can be reached at all, asked for a second at most."""
        try:
            socket.create_connection(
                (self._settings.writer, self._settings.port), REACHED_WITHIN
            ).close()
        except OSError as error:
            return {"ledger": type(error).__name__}
        return {"ledger": ""}

    @property
    def checks(self) -> tuple[str, ...]:
        """The names of the checks."""
        return ("ledger",) if self._takes_writes() else ("ledger", "lag")

    def _check_writer(self) -> Mapping[str, str]:
        [[read_only, may_write]] = self._run(_WRITER)
        problem = "ReadOnly" if read_only else "" if may_write else "NoPrivilege"
        return {"ledger": problem}

    def _check_reader(self) -> Mapping[str, str]:
        self._run(_READER)
        [[aurora]] = self._run(_IS_AURORA)
        lag = (
            self._run(_LAG_AURORA, region=self._region) if aurora else self._run(_LAG_POSTGRESQL)
        )[0][0]
        late = "Unknown" if lag is None else f"{float(lag):.0f} ms" if lag > LAG_LIMIT else ""
        return {"ledger": "", "lag": late}

    def _run(self, statement: str, **values: Any) -> list[list[Any]]:
        """The rows of a statement that may be repeated."""
        for attempt in range(ATTEMPTS):
            try:
                return self._connected().run(statement, **values) or []
            except DatabaseError as error:
                state = _state(error)
                if not state.startswith(_BROKEN_CLASSES) and state not in _BROKEN_STATES:
                    raise
                self._drop()
            except (InterfaceError, OSError):
                self._drop()
            if attempt + 1 == ATTEMPTS:
                break
        raise Refused(
            503,
            "ledger unavailable",
            [f"the ledger can't be reached from {self._region}; repeat the request"],
            headers={"Retry-After": "1"},
        )

    def _connected(self) -> Connection:
        now, endpoint = time.monotonic(), self._settings.endpoint(takes_writes=self._takes_writes())
        late = now - self._followed > FOLLOW_AFTER
        if self._connection is None or late or endpoint != self._endpoint:
            found = server(endpoint)
            if found != self._server:
                self._drop()
            self._server, self._endpoint, self._followed = found, endpoint, now
        if self._connection is None:
            assert self._server is not None
            self._connection = connect(
                self._server,
                port=self._settings.port,
                database=self._settings.database,
                user=self._settings.user,
                password=self._password,
            )
        return self._connection

    def _password(self, host: str) -> str:
        return self._token(
            DBHostname=host,
            Port=self._settings.port,
            DBUsername=self._settings.user,
            Region=self._region,
        )

    def _drop(self) -> None:
        connection, self._connection, self._server = self._connection, None, None
        if connection is not None:
            with contextlib.suppress(InterfaceError, OSError):
                connection.close()


def _transaction(row: list[Any]) -> Transaction:
    transaction_id, amount, status, _, timestamp = row
    return Transaction(transaction_id, exact(amount), status, timestamp)


def _state(error: DatabaseError) -> str:
    """The SQLSTATE; the error's type where the server gave none."""
    told = error.args[0] if error.args else None
    return str(told["C"]) if isinstance(told, dict) and "C" in told else type(error).__name__
