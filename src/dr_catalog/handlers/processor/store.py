"""Transactions in DynamoDB, each kept exactly once.

The table's key is (``transactionId``, ``timestamp``), so a condition on the key alone would let the
same transaction in again at another time. Therefore every creation is one ``TransactWriteItems`` of

- a *claim*, (``transactionId``, ``#claim``), which only one request for an id can put; it holds the
  request's fingerprint and the first result, and no ``status``, so that the status index leaves it
  out ("#" sorts before every time and is no character of an id);
- the transaction itself.

Who comes second finds the claim: the same request gets the first result, another is refused.

Replication to the other region is per item and not atomic: in the moments around a failover one of
the two may have arrived alone. A transaction without its claim still answers a repeat which names
its time, a claim without its transaction still answers reads; a repeat without a time, whose claim
never arrived, is a new transaction.

See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from listing import Listing
from log import error_code
from reply import Refused
from standing import Writer, fenced
from transaction import Request, Transaction, exact

CLAIM = "#claim"
NEW = "attribute_not_exists(transactionId)"
ATTEMPTS = 6
ITEMS = 2
"""How many items a transaction makes; what holds it to the writer comes after them."""
FIRST_PAUSE = 0.05
"""Seconds; each further pause may be twice as long."""
_DAY = 86_400
_TRANSIENT = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
_THROTTLED = {
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingException",
    "TransactionInProgressException",
}


@dataclass(frozen=True)
class Kept:
    """A transaction that is kept, whether an earlier request made it, and whether the ledger decided so."""

    transaction: Transaction
    repeated: bool
    settled: bool = True


class Store:
    """The transactions table of this region.

    Args:
        client: A boto3 DynamoDB client.
        table: The table's name.
        condition: From who writes to what holds a write to it, as items of its transaction.
        keep_for_days: Days after which items carry leave to expire (``expiresAt``, epoch seconds);
            0 keeps them. A repeat is known for as long as the transaction is kept.
    """

    claim = CLAIM
    """The sort key of the claims that are put here."""

    def __init__(
        self,
        *,
        client: Any,
        table: str,
        keep_for_days: int = 0,
        condition: Callable[[Writer], list[dict[str, Any]]] = lambda _: [],
    ) -> None:
        self.client = client
        self.table = table
        self.condition = condition
        self._keep_for_days = keep_for_days

    def create(
        self,
        request: Request,
        writer: Writer,
        transaction: Transaction | None = None,
        *,
        mark: str = "",
    ) -> Kept:
        """Keep what is requested, or find that it is kept already.

        Args:
            writer: Who writes, as this request found it.
            transaction: What the request made elsewhere; by default it is made now.
            mark: A status for the claim, by which the index finds it; what is marked is held to no writer.

        Raises:
            Refused: 409 when the id belongs to a different request; 503 when other requests kept
                getting in the way, or a fence has come meanwhile.
            ClientError: The table refused for another reason.
        """
        now = datetime.now(UTC)
        transaction = transaction or request.transaction(now=now)
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(random.uniform(0, FIRST_PAUSE * 2**attempt))
            try:
                self._put(request, transaction, writer, mark=mark, expires=self._expiry(now))
            except ClientError as error:
                told = reasons_of(error)
                reasons = set(told[:ITEMS])
                if "ConditionalCheckFailed" in told[ITEMS:]:
                    raise fenced(writer.region) from None
                if "ConditionalCheckFailed" in reasons:
                    kept = self.known(request)
                    if kept:
                        return kept
                elif error_code(error) not in _THROTTLED and not reasons & _TRANSIENT:
                    raise
            else:
                return Kept(transaction, repeated=False)
        raise Refused(
            503,
            "busy",
            ["other requests for the same transaction were in the way; repeat the request"],
            headers={"Retry-After": "1"},
        )

    def known(self, request: Request) -> Kept | None:
        """What the earlier request with this id made; None when it is not there to be seen.

        Raises:
            Refused: 409 when that was a different request.
        """
        claims = self._claims(request.transaction_id)
        for claim in claims:
            first = transaction_of(claim)
            if request.repeats(fingerprint=claim["fingerprint"]["S"], first=first):
                return Kept(first, repeated=True)
        if not claims:
            found = self._unclaimed(request)
            if not found:
                return None
            if found == request.transaction(now=datetime.now(UTC)):
                return Kept(found, repeated=True)
        raise Refused(
            409,
            "conflict",
            ["this transactionId belongs to an earlier request with different values"],
        )

    def find(self, transaction_id: str, *, consistent: bool = False) -> Transaction | None:
        """The transaction with this id, or None."""
        found = self.client.query(
            TableName=self.table,
            KeyConditionExpression="transactionId = :id",
            ExpressionAttributeValues={":id": {"S": transaction_id}},
            ConsistentRead=consistent,
            ScanIndexForward=False,  # the claim sorts first and is only the fallback
            Limit=1,
        )["Items"]
        return transaction_of(found[0]) if found else None

    def by_status(self, index: str, asked: Listing) -> tuple[list[Transaction], bool]:
        """A page of the transactions in a status, the latest first, and whether more follow.

        Args:
            index: The index by status and time.
        """
        start = {}
        if asked.after:
            transaction_id, timestamp = asked.after
            start["ExclusiveStartKey"] = {
                "status": {"S": asked.status},
                "timestamp": {"S": timestamp},
                "transactionId": {"S": transaction_id},
            }
        page = self.client.query(
            TableName=self.table,
            IndexName=index,
            KeyConditionExpression="#status = :status",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":status": {"S": asked.status}},
            ScanIndexForward=False,
            Limit=asked.limit,
            **start,
        )
        return [transaction_of(item) for item in page["Items"]], "LastEvaluatedKey" in page

    def _claims(self, transaction_id: str) -> list[Mapping[str, Any]]:
        """The claims of this id, read consistently: at most one."""
        found = self.client.get_item(
            TableName=self.table,
            Key={"transactionId": {"S": transaction_id}, "timestamp": {"S": CLAIM}},
            ConsistentRead=True,
        )
        return [found["Item"]] if "Item" in found else []

    def _unclaimed(self, request: Request) -> Transaction | None:
        """The transaction that an equal request would have made, where no claim is to be seen."""
        return self.find(request.transaction_id, consistent=True)

    def _new(self, _: Mapping[str, Any]) -> dict[str, Any]:
        """What must hold for a transaction with these values to be put."""
        return {"ConditionExpression": NEW}

    def _put(
        self,
        request: Request,
        transaction: Transaction,
        writer: Writer,
        *,
        mark: str,
        expires: dict[str, Any],
    ) -> None:
        result = {
            "amount": {"N": transaction.amount},
            "status": {"S": transaction.status},
            "timestamp": {"S": transaction.timestamp},
        }
        transaction_id = {"S": transaction.transaction_id}
        epoch = {"epoch": {"N": str(writer.epoch)}}
        claim = {
            "transactionId": transaction_id,
            "timestamp": {"S": self.claim},
            "fingerprint": {"S": request.fingerprint()},
            "result": {"M": result},
            **({"status": {"S": mark}} if mark else {}),
        }
        puts: list[dict[str, Any]] = [
            {"Put": {"TableName": self.table, "Item": item | epoch | expires, **condition}}
            for item, condition in (
                (claim, {"ConditionExpression": NEW}),
                ({"transactionId": transaction_id, **result}, self._new(result)),
            )
        ]
        held = [] if mark else self.condition(writer)
        self.client.transact_write_items(TransactItems=puts + held)

    def _expiry(self, now: datetime) -> dict[str, Any]:
        if self._keep_for_days <= 0:
            return {}
        return {"expiresAt": {"N": str(int(now.timestamp()) + self._keep_for_days * _DAY)}}


def transaction_of(item: Mapping[str, Any]) -> Transaction:
    """The transaction in an item: the item itself, or the result in a claim."""
    values = item["result"]["M"] if "result" in item else item
    return Transaction(
        transaction_id=item["transactionId"]["S"],
        amount=exact(values["amount"]["N"]),
        status=values["status"]["S"],
        timestamp=values["timestamp"]["S"],
    )


def reasons_of(error: ClientError) -> list[str]:
    """Why the items of a cancelled transaction were not written, in their order."""
    if error_code(error) != "TransactionCanceledException":
        return []
    return [reason.get("Code", "") for reason in error.response.get("CancellationReasons", [])]
