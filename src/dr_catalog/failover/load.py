"""A client that writes through a failure, and what became of what it was told.

    Load (writes, one after the other) -> Write for each confirmation -> survived -> Loss by store

It behaves as a careful client does: it asks the region that answered last, and the other one when that
refuses or is silent. Each transaction goes to the ledger and the table in one request; each document to
the bucket of the same region. Nothing counts but what was confirmed.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .. import names
from ..errors import DrCatalogError, NotFoundError
from .aws import Aws
from .model import Site

PAUSE_SECONDS = 0.05
_CREATED = (200, 201)


@dataclass(frozen=True)
class Write:
    """One write that was confirmed.

    Args:
        key: The transaction's id, which is the document's key as well.
        document: It was a document, not a transaction.
        region: Who confirmed it.
        at: When, in seconds since 1970.
    """

    key: str
    document: bool
    region: str
    at: float


@dataclass(frozen=True, kw_only=True)
class Loss:
    """What became of the confirmed writes of one store.

    Args:
        store: transactions (as the API finds them, in ledger or table), table or documents.
        confirmed: How many were.
        lost: The keys that the survivor lacks, in the order of their confirmation.
        seconds: From the first lost to the last confirmed before the silence; 0 where none is lost.
    """

    store: str
    confirmed: int
    lost: tuple[str, ...]
    seconds: float


@dataclass
class Load:
    """Writes while it is entered.

    Args:
        aws: The account's AWS.
        site: Whose APIs and buckets.
        endpoints: The APIs by region; the first is asked first.
        mark: Begins every key, so that two loads don't meet.

    Attributes:
        confirmed: What was confirmed, in order.
    """

    aws: Aws
    site: Site
    endpoints: Mapping[str, str]
    mark: str
    confirmed: list[Write] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> Load:
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def wait_for(self, count: int, *, region: str, patience: float = 30) -> None:
        """Return once so many writes were confirmed by a region.

        Raises:
            TimeoutError: They were not, within ``patience`` seconds.
        """
        deadline = time.monotonic() + patience
        while sum(write.region == region for write in list(self.confirmed)) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{region} did not confirm {count} writes in {patience:.0f} s")
            time.sleep(PAUSE_SECONDS)

    def silence(self) -> float:
        """The longest time in seconds between two confirmations of transactions."""
        times = [write.at for write in self.confirmed if not write.document]
        return max((b - a for a, b in itertools.pairwise(times)), default=0.0)

    def _work(self) -> None:
        regions = list(self.endpoints)
        number = 0
        while not self._stop.is_set():
            number += 1
            key = f"{self.mark}-{number}"
            for region in tuple(regions):
                if self._transaction(key, region):
                    self._document(f"{key}.txt", region)
                    regions.remove(region)
                    regions.insert(0, region)  # who answered is asked first
                    break
            self._stop.wait(PAUSE_SECONDS)

    def _transaction(self, key: str, region: str) -> bool:
        body = {"transactionId": key, "amount": "1"}
        try:
            answer = self.aws.post(
                self.endpoints[region], region=region, path="transactions", body=body
            )
        except DrCatalogError:
            return False
        if answer.status not in _CREATED:
            return False
        self.confirmed.append(Write(key, False, region, time.time()))
        return True

    def _document(self, key: str, region: str) -> None:
        with contextlib.suppress(DrCatalogError):
            self.aws.call(
                "s3",
                "put_object",
                region,
                Bucket=_bucket(self.site, region),
                Key=key,
                Body=datetime.now(UTC).isoformat().encode(),
            )
            self.confirmed.append(Write(key, True, region, time.time()))


def losses(
    aws: Aws, site: Site, writes: Sequence[Write], *, region: str, endpoint: str
) -> tuple[Loss, ...]:
    """What of the confirmed writes a region lacks, by store.

    Args:
        aws: The account's AWS.
        site: Whose stores.
        writes: What was confirmed.
        region: The region that should have it.
        endpoint: Its API.
    """
    table = names.TABLE.of(suffix=site.suffix)

    def in_either(key: str) -> bool:
        return aws.get(endpoint, region=region, path=f"transactions/{key}").status == 200

    def in_table(key: str) -> bool:
        found = aws.call(
            "dynamodb",
            "query",
            region,
            TableName=table,
            KeyConditionExpression="transactionId = :id",
            ExpressionAttributeValues={":id": {"S": key}},
            ConsistentRead=True,
        )
        return bool(found["Items"])

    def in_documents(key: str) -> bool:
        try:
            aws.call("s3", "head_object", region, Bucket=_bucket(site, region), Key=key)
        except NotFoundError:
            return False
        return True

    looks = (
        ("transactions", False, in_either),
        ("table", False, in_table),
        ("documents", True, in_documents),
    )
    found = []
    with ThreadPoolExecutor(max_workers=4) as pool:
        for store, document, look in looks:
            mine = [write for write in writes if write.document is document]
            there = list(pool.map(look, (write.key for write in mine)))
            lost = [write for write, is_there in zip(mine, there, strict=True) if not is_there]
            found.append(
                Loss(
                    store=store,
                    confirmed=len(mine),
                    lost=tuple(write.key for write in lost),
                    seconds=_seconds(mine, lost),
                )
            )
    return tuple(found)


def _seconds(mine: Sequence[Write], lost: Sequence[Write]) -> float:
    """How far back the loss reaches, from the last confirmation of the region that lost it."""
    if not lost:
        return 0.0
    return max(write.at for write in mine if write.region == lost[0].region) - lost[0].at


def _bucket(site: Site, region: str) -> str:
    return names.BUCKET.of(suffix=site.suffix, account=site.account, region=region)
