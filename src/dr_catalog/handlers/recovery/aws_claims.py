"""The claims of two regions that both write, as the processor keeps them; see its ``shared_store``.

All of it is asked of the peer's table, whose claims are those of both regions once they have come over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError
from clients import calling, client, error_code
from ledger_access import LedgerAccess
from recovery_settings import RecoverySettings

CLAIM, UNSETTLED, TWICE = "#claim", "#unsettled", "#twice"
PAGE = 500
Item = Mapping[str, Any]


class AwsClaims:
    """The claims in the transactions table."""

    def __init__(self, settings: RecoverySettings) -> None:
        self._settings = settings

    def unsettle(self, ledger: LedgerAccess, *, before: int, cursor: str) -> tuple[int, str]:
        """See ``world.Stores``."""
        settings = self._settings
        start = {"ExclusiveStartKey": json.loads(cursor)} if cursor else {}
        with calling(f"the table in {settings.peer}"):
            page = client("dynamodb", settings.peer).scan(
                TableName=settings.table,
                FilterExpression="begins_with(#time, :claim) AND epoch < :before"
                " AND attribute_not_exists(#status)",
                ExpressionAttributeNames={"#time": "timestamp", "#status": "status"},
                ExpressionAttributeValues={":claim": {"S": CLAIM}, ":before": {"N": str(before)}},
                ConsistentRead=True,
                Limit=PAGE,
                **start,
            )
        claims = page["Items"]
        ids = sorted({claim["transactionId"]["S"] for claim in claims})
        known = ledger.known_as(settings.peer, ids) if ids else {}
        marked = sum(
            self._mark(claim)
            for claim in claims
            if known.get(claim["transactionId"]["S"]) != _told(claim)
        )
        following = page.get("LastEvaluatedKey")
        return marked, json.dumps(following) if following else ""

    def unsettled(self, *, before: int) -> int:
        """See ``world.Stores``."""
        return sum(int(claim["epoch"]["N"]) < before for claim in self._with(UNSETTLED))

    def taken_twice(self) -> list[dict[str, Any]]:
        """See ``world.Stores``."""
        return [
            {
                "transactionId": claim["transactionId"]["S"],
                "amount": claim["result"]["M"]["amount"]["N"],
                "status": claim["result"]["M"]["status"]["S"],
                "timestamp": claim["result"]["M"]["timestamp"]["S"],
                "region": claim["timestamp"]["S"].rpartition("#")[2],
                "epoch": int(claim["epoch"]["N"]),
            }
            for claim in self._with(TWICE)
        ]

    def _with(self, status: str) -> Iterator[Item]:
        settings = self._settings
        with calling(f"the table in {settings.peer}"):
            pages = client("dynamodb", settings.peer).get_paginator("query")
            for page in pages.paginate(
                TableName=settings.table,
                IndexName=settings.index,
                KeyConditionExpression="#status = :status",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={":status": {"S": status}},
            ):
                yield from page["Items"]

    def _mark(self, claim: Item) -> int:
        settings = self._settings
        with calling(f"the table in {settings.peer}"):
            try:
                client("dynamodb", settings.peer).update_item(
                    TableName=settings.table,
                    Key={name: claim[name] for name in ("transactionId", "timestamp")},
                    UpdateExpression="SET #status = :unsettled",
                    ConditionExpression="attribute_exists(#id) AND attribute_not_exists(#status)",
                    ExpressionAttributeNames={"#status": "status", "#id": "transactionId"},
                    ExpressionAttributeValues={":unsettled": {"S": UNSETTLED}},
                )
            except ClientError as error:
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
                return 0  # marked, or settled, meanwhile
        return 1


def _told(claim: Item) -> tuple[str, str]:
    """What tells a claim from another of its id."""
    return claim["fingerprint"]["S"], claim["result"]["M"]["timestamp"]["S"]
