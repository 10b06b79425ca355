"""The table where both regions take writes: a claim a region, so that neither's is lost.

The table's replication lets the later write to an item win. Two regions that took one id while they did not
see each other would leave one claim of two, so a claim's sort key carries the region, ``#claim#<region>``,
and both stay whatever they say.

A claim that the ledger has not seen has a *status* of its own. By that the index finds it, the listings
leave it out, and it is nobody's to forget:

    #unsettled   taken without the ledger, which is to be asked
    #twice       the ledger has this id with other values; kept until a person has decided

See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError
from standing import Writer
from store import CLAIM, NEW, Store, reasons_of, transaction_of
from transaction import Request, Transaction

UNSETTLED, TWICE = "#unsettled", "#twice"
PAGE = 25
Claim = Mapping[str, Any]


class SharedStore(Store):
    """The transactions table of this region, beside the other region's.

    Args:
        region: This region.
        index: The index by status and time.
        store: What `Store` takes.
    """

    def __init__(self, *, region: str, index: str, **store: Any) -> None:
        super().__init__(**store)
        self.claim = f"{CLAIM}#{region}"
        self._index = index

    def marked(self, mark: str) -> Iterator[Claim]:
        """The claims with this status, as the index has them: those of a moment ago."""
        start: dict[str, Any] = {}
        while True:
            page = self.client.query(**self._by(mark), Limit=PAGE, **start)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def count(self, mark: str) -> int:
        """How many claims have this status; of very many, how many a page tells."""
        return int(self.client.query(**self._by(mark), Select="COUNT")["Count"])

    def settle(self, claim: Claim, writer: Writer) -> bool:
        """Take the mark away: the ledger of this writer has it. Whether it was still to be taken."""
        return self._mark(claim, writer, "REMOVE #status")

    def tell_twice(self, claim: Claim, writer: Writer) -> bool:
        """Mark it as one that the ledger has with other values, and keep it for good."""
        return self._mark(claim, writer, "SET #status = :twice REMOVE expiresAt", twice=TWICE)

    def _by(self, mark: str) -> dict[str, Any]:
        return {
            "TableName": self.table,
            "IndexName": self._index,
            "KeyConditionExpression": "#status = :status",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {":status": {"S": mark}},
        }

    def _mark(self, claim: Claim, writer: Writer, update: str, **values: str) -> bool:
        """Change a mark, while the writer that the ledger was asked at still is one."""
        change = {
            "TableName": self.table,
            "Key": {name: claim[name] for name in ("transactionId", "timestamp")},
            "UpdateExpression": update,
            "ConditionExpression": "#status = :unsettled",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {
                ":unsettled": {"S": UNSETTLED},
                **{f":{name}": {"S": value} for name, value in values.items()},
            },
        }
        try:
            self.client.transact_write_items(
                TransactItems=[{"Update": change}, *self.condition(writer)]
            )
        except ClientError as error:
            if "ConditionalCheckFailed" not in reasons_of(error):
                raise
            return False
        return True

    def _claims(self, transaction_id: str) -> list[Mapping[str, Any]]:
        """The claims of this id, read consistently: this region's first."""
        found: list[Mapping[str, Any]] = self.client.query(
            TableName=self.table,
            KeyConditionExpression="transactionId = :id AND begins_with(#time, :claim)",
            ExpressionAttributeNames={"#time": "timestamp"},
            ExpressionAttributeValues={":id": {"S": transaction_id}, ":claim": {"S": CLAIM}},
            ConsistentRead=True,
        )["Items"]
        return sorted(found, key=lambda claim: claim["timestamp"]["S"] != self.claim)

    def _unclaimed(self, request: Request) -> Transaction | None:
        """A transaction that came over before its claim says something of its own time alone."""
        if request.timestamp is None:
            return None
        return self._at(request.transaction_id, request.timestamp)

    def _at(self, transaction_id: str, timestamp: str) -> Transaction | None:
        key = {"transactionId": {"S": transaction_id}, "timestamp": {"S": timestamp}}
        found = self.client.get_item(TableName=self.table, Key=key, ConsistentRead=True)
        return transaction_of(found["Item"]) if "Item" in found else None

    def _new(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """An equal one may have come over from the other region meanwhile."""
        return {
            "ConditionExpression": f"{NEW} OR (amount = :amount AND #status = :status)",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {
                ":amount": values["amount"],
                ":status": values["status"],
            },
        }


def request_of(claim: Claim) -> Request:
    """The request that a claim stands for, which its fingerprint tells from its result."""
    first = transaction_of(claim)
    asked = Request(first.transaction_id, first.amount, first.status, first.timestamp)
    if asked.fingerprint() == claim["fingerprint"]["S"]:
        return asked
    return replace(asked, timestamp=None)


def region_of(claim: Claim) -> str:
    """The region that put a claim."""
    return str(claim["timestamp"]["S"]).rpartition("#")[2]
