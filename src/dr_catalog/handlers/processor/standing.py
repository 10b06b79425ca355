"""Which region writes, in which epoch, and whether it may now.

A recovery says so in the item ``writer`` of this region's state table. A write reads it consistently, and
its transaction holds the table to the same epoch, unfenced: once a fence has reached the item, no write
that has not been confirmed yet will be. Reads take what was known at most ``RECENT`` seconds ago.

Where both regions take writes, the item says where the ledger's writer is, and a fence keeps writes from the
ledger alone.

Without the item the launch region writes in epoch 1; so it is where there is no state table at all.

See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from reply import Refused

RECENT = 5.0
FIRST_EPOCH = 1
ITEM = "writer"


@dataclass(frozen=True)
class Writer:
    """Who writes.

    Attributes:
        region: The region that takes writes.
        epoch: Counts the writers of this launch, from 1.
        fenced: Whether it takes none for now.
        stored: Whether the item says so; else it is how a launch begins.
    """

    region: str
    epoch: int = FIRST_EPOCH
    fenced: bool = False
    stored: bool = False


class Standing:
    """What this region's state table says.

    Args:
        client: A boto3 DynamoDB client.
        table: The state table; empty where there is none.
        region: This region.
        launch_region: Who writes while the item is missing.
        both_write: Whether both regions take writes.
    """

    def __init__(
        self,
        *,
        client: Any,
        table: str,
        region: str,
        launch_region: str,
        both_write: bool = False,
    ) -> None:
        self._client = client
        self._table = table
        self._region = region
        self._first = Writer(launch_region)
        self._both_write = both_write
        self._known: Writer | None = None
        self._read_at = 0.0

    def now(self) -> Writer:
        """Who writes at this moment.

        Raises:
            ClientError, BotoCoreError: The table does not say.
        """
        if not self._table:
            return self._first
        found = self._client.get_item(
            TableName=self._table, Key={"id": {"S": ITEM}}, ConsistentRead=True
        ).get("Item")
        self._known, self._read_at = self._writer(found), time.monotonic()
        return self._known

    def recent(self) -> Writer:
        """Who wrote a moment ago; what was known before where the table does not say."""
        if self._known is None or time.monotonic() - self._read_at > RECENT:
            try:
                return self.now()
            except Exception:  # a read needs no state table
                return self._known or self._first
        return self._known

    def for_a_write(self) -> Writer:
        """Who writes at this moment, when this region may.

        Raises:
            Refused: 503: it is another, this one is fenced, or nobody can say.
        """
        try:
            writer = self.now()
        except Exception:
            raise _not_now(f"{self._region} can't tell whether it takes writes") from None
        if self._both_write:
            return writer
        if writer.region != self._region:
            raise Refused(
                503,
                "standby",
                [
                    f"{self._region} is the standby and takes no writes; "
                    f"the writer is {writer.region}"
                ],
            )
        if writer.fenced:
            raise fenced(self._region)
        return writer

    def condition(self, writer: Writer) -> list[dict[str, Any]]:
        """What holds a transaction to this writer, as an item of it; nothing without a state table."""
        if not self._table:
            return []
        check = {"TableName": self._table, "Key": {"id": {"S": ITEM}}}
        if not writer.stored:
            return [{"ConditionCheck": check | {"ConditionExpression": "attribute_not_exists(id)"}}]
        return [
            {
                "ConditionCheck": check
                | {
                    "ConditionExpression": "epoch = :epoch AND fenced = :fenced",
                    "ExpressionAttributeValues": {
                        ":epoch": {"N": str(writer.epoch)},
                        ":fenced": {"BOOL": False},
                    },
                }
            }
        ]

    def _writer(self, item: dict[str, Any] | None) -> Writer:
        if item is None:
            return self._first
        return Writer(
            item["region"]["S"], int(item["epoch"]["N"]), bool(item["fenced"]["BOOL"]), stored=True
        )


def fenced(region: str) -> Refused:
    """The refusal of a region whose writes were taken from it."""
    return _not_now(f"a recovery is moving the writer away from {region}")


def _not_now(reason: str) -> Refused:
    return Refused(503, "fenced", [f"{reason}; repeat the request"], headers={"Retry-After": "5"})
