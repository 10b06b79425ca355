"""What the function's environment says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The environment of one function, read once.

    Attributes:
        table: ``TABLE_NAME``, the transactions table in this region.
        index: ``STATUS_INDEX``, the index that lists by status.
        region: ``AWS_REGION``, set by Lambda.
        writer_region: ``WRITER_REGION``, the only region that takes writes.
        suffix: ``SUFFIX``, the environment suffix.
        log_level: ``LOG_LEVEL``: DEBUG, INFO (default), WARNING or ERROR.
        ttl_days: ``TTL_DAYS``: days after which items expire; 0 (default) keeps them.
    """

    table: str
    index: str
    region: str
    writer_region: str
    suffix: str
    log_level: str = "INFO"
    ttl_days: int = 0

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Settings:
        """The settings of this environment.

        Raises:
            KeyError: A required variable is missing.
            ValueError: ``TTL_DAYS`` is not a whole number.
        """
        return cls(
            table=environment["TABLE_NAME"],
            index=environment["STATUS_INDEX"],
            region=environment["AWS_REGION"],
            writer_region=environment["WRITER_REGION"],
            suffix=environment["SUFFIX"],
            log_level=environment.get("LOG_LEVEL", "INFO").upper(),
            ttl_days=int(environment.get("TTL_DAYS", "0")),
        )

    @property
    def takes_writes(self) -> bool:
        """Whether this region is the writer."""
        return self.region == self.writer_region
