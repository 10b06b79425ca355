"""Transactions in two books: the ledger decides, the table follows.

The ledger holds what counts, and its primary key arbitrates between requests. The table, which each
region can read by itself, lists by status and tells what was kept before there was a ledger. A
creation goes

1. the table is asked: a different request with this id is refused, an equal one brings its result;
2. the ledger keeps the transaction, or refuses, or brings the first result;
3. the table keeps what the ledger did, under the same fingerprint.

A fence that comes between 2 and 3 is seen by 3, and the request is not confirmed. Every step may be
repeated, so a request that failed on the way is finished by its repeat: until then
the transaction is found by its id, and the listing lacks it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from standing import Writer
from store import Kept, Store
from transaction import Request, Transaction

if TYPE_CHECKING:
    from ledger import Ledger  # its driver is there only where a ledger is


class Books:
    """The ledger and the table of this region."""

    def __init__(self, *, ledger: Ledger, store: Store) -> None:
        self._ledger = ledger
        self._store = store

    def create(self, request: Request, writer: Writer) -> Kept:
        """Keep what is requested in both, or find that it is kept already.

        Args:
            writer: Who writes, as this request found it.

        Raises:
            Refused: 409 when the id belongs to a different request; 503 when the ledger can't be
                reached, other requests kept getting in the way, or a fence has come meanwhile.
        """
        known = self._store.known(request)
        first = known.transaction if known else request.transaction(now=datetime.now(UTC))
        kept = self._ledger.create(request, first, epoch=writer.epoch)
        if known is None:
            self._store.create(request, writer, kept.transaction)
        return Kept(kept.transaction, repeated=kept.repeated or known is not None)

    def find(self, transaction_id: str) -> Transaction | None:
        """The transaction with this id, or None.

        Raises:
            Refused: 503 when the ledger can't be reached.
        """
        return self._ledger.find(transaction_id) or self._store.find(transaction_id)
