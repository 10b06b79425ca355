"""What the function's environment says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class LedgerSettings:
    """Where the ledger is.

    Attributes:
        writer: ``LEDGER_WRITER_ENDPOINT``, the name that leads to the writer in either region.
        reader: ``LEDGER_READER_ENDPOINT``, the name that leads to a reader in this region.
        port: ``LEDGER_PORT``, of both.
        database: ``LEDGER_DATABASE``.
        user: ``LEDGER_USER``, who logs in by IAM token.
    """

    writer: str
    reader: str
    port: int
    database: str
    user: str

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> LedgerSettings | None:
        """The settings of this environment; None where there is no ledger.

        Raises:
            KeyError: There is a ledger, and another variable of it is missing.
            ValueError: ``LEDGER_PORT`` is not a whole number.
        """
        writer = environment.get("LEDGER_WRITER_ENDPOINT")
        if not writer:
            return None
        return cls(
            writer=writer,
            reader=environment["LEDGER_READER_ENDPOINT"],
            port=int(environment["LEDGER_PORT"]),
            database=environment["LEDGER_DATABASE"],
            user=environment["LEDGER_USER"],
        )

    def endpoint(self, *, takes_writes: bool) -> str:
        """The name that a region with this role uses."""
        return self.writer if takes_writes else self.reader


@dataclass(frozen=True)
class Settings:
    """The environment of one function, read once.

    Attributes:
        table: ``TABLE_NAME``, the transactions table in this region.
        index: ``STATUS_INDEX``, the index that lists by status.
        region: ``AWS_REGION``, set by Lambda.
        writer_region: ``WRITER_REGION``, the region that takes writes unless a recovery has said otherwise.
        suffix: ``SUFFIX``, the environment suffix.
        log_level: ``LOG_LEVEL``: DEBUG, INFO (default), WARNING or ERROR.
        ttl_days: ``TTL_DAYS``: days after which items expire; 0 (default) keeps them.
        state_table: ``RECOVERY_TABLE``, where a recovery says who writes; empty where there is none.
        ledger: ``LEDGER_*``, where there is a ledger beside the table.
        both_write: ``BOTH_WRITE``: ``true`` where both regions take writes; needs a ledger.
        replicated: ``REPLICATED``: ``false`` where the table has no replica in another region.
    """

    table: str
    index: str
    region: str
    writer_region: str
    suffix: str
    log_level: str = "INFO"
    ttl_days: int = 0
    state_table: str = ""
    ledger: LedgerSettings | None = None
    both_write: bool = False
    replicated: bool = True

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Settings:
        """The settings of this environment.

        Raises:
            KeyError: A required variable is missing.
            ValueError: ``TTL_DAYS`` or ``LEDGER_PORT`` is not a whole number.
        """
        return cls(
            table=environment["TABLE_NAME"],
            index=environment["STATUS_INDEX"],
            region=environment["AWS_REGION"],
            writer_region=environment["WRITER_REGION"],
            suffix=environment["SUFFIX"],
            log_level=environment.get("LOG_LEVEL", "INFO").upper(),
            ttl_days=int(environment.get("TTL_DAYS", "0")),
            state_table=environment.get("RECOVERY_TABLE", ""),
            ledger=LedgerSettings.of(environment),
            both_write=environment.get("BOTH_WRITE") == "true",
            replicated=environment.get("REPLICATED") != "false",
        )
