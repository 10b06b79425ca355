"""The ledger of one region for a recovery: short connections, as the role of the functions.

See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAMDBAuth.html
"""

from __future__ import annotations

import contextlib
from typing import Any

from clients import calling, client
from connection import connect, server
from pg8000.exceptions import DatabaseError, InterfaceError
from recovery_settings import DatabaseSettings
from world import Refusal, Unreachable

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
_VERIFY = (
    "INSERT INTO ledger.verifications (run, region, epoch) VALUES (:run, :region, :epoch)"
    " ON CONFLICT (run, region) DO NOTHING"
)
_VERIFIED = "SELECT epoch FROM ledger.verifications WHERE run = :run AND region = :region"
_NEWEST = "SELECT extract(epoch FROM max(recorded_at)) FROM ledger.transactions"
_KNOWN_AS = (
    "SELECT transaction_id, fingerprint, "
    """to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    " FROM ledger.transactions WHERE transaction_id = ANY(:ids)"
)
_KNOWN = "SELECT transaction_id FROM ledger.transactions WHERE transaction_id = ANY(:ids)"


class LedgerAccess:
    """Statements at a region's cluster."""

    def __init__(self, settings: DatabaseSettings) -> None:
        self._settings = settings

    def verify(self, region: str, *, run: str, epoch: int) -> None:
        """Write a row at the region's writer, once a run, and read it back.

        Raises:
            Unreachable: It can't be written or read.
        """
        self._run(region, _VERIFY, writes=True, run=run, region=region, epoch=epoch)
        rows = self._run(region, _VERIFIED, writes=True, run=run, region=region)
        if rows != [[epoch]]:
            raise Unreachable(f"the ledger in {region} does not have what it was told")

    def newest(self, region: str) -> float | None:
        """When its newest transaction was recorded, in seconds since 1970."""
        [[newest]] = self._run(region, _NEWEST)
        return float(newest) if newest is not None else None

    def known(self, region: str, ids: list[str]) -> set[str]:
        """Those of the ids that it has."""
        return {row[0] for row in self._run(region, _KNOWN, ids=ids)}

    def known_as(self, region: str, ids: list[str]) -> dict[str, tuple[str, str]]:
        """Fingerprint and time of those of the ids that it has."""
        return {row[0]: (row[1], row[2]) for row in self._run(region, _KNOWN_AS, ids=ids)}

    def lag(self, region: str) -> float | None:
        """Milliseconds that the region's reader is behind, as it says itself."""
        [[aurora]] = self._run(region, _IS_AURORA)
        found = (
            self._run(region, _LAG_AURORA, region=region)
            if aurora
            else self._run(region, _LAG_POSTGRESQL)
        )[0][0]
        return float(found) if found is not None else None

    def _run(
        self, at: str, statement: str, *, writes: bool = False, **values: Any
    ) -> list[list[Any]]:
        rds, settings = client("rds", at), self._settings
        with calling(f"the cluster in {at}"):
            (cluster,) = rds.describe_db_clusters(DBClusterIdentifier=settings.clusters[at])[
                "DBClusters"
            ]

        def password(host: str) -> str:
            return str(
                rds.generate_db_auth_token(
                    DBHostname=host, Port=settings.port, DBUsername=settings.user, Region=at
                )
            )

        try:
            with contextlib.closing(
                connect(
                    server(cluster["Endpoint" if writes else "ReaderEndpoint"]),
                    port=settings.port,
                    database=settings.database,
                    user=settings.user,
                    password=password,
                )
            ) as connection:
                return connection.run(statement, **values) or []
        except DatabaseError as error:
            told = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
            raise Refusal(f"the ledger in {at}: SQLSTATE {told.get('C', 'unknown')}") from None
        except (InterfaceError, OSError) as error:
            raise Unreachable(f"the ledger in {at}: {type(error).__name__}") from None
