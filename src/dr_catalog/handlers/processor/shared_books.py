"""Transactions in two books where both regions write: the ledger decides while it can be asked.

    the ledger answers     it keeps the transaction, refuses, or brings the first result; the table follows
    it does not, or a      the table keeps the transaction, marked: ``settle`` asks the ledger for it later,
    recovery moves it      every minute and with each repeat

So a region goes on without the other, and an id is one transaction wherever both are seen by the ledger. Two
regions that take one id while they see neither each other nor the ledger both confirm it: where the requests
differ, or the times that they were given, the second to be settled is marked as taken twice, and kept.

A ledger that did not answer is left alone for a while, so that not every request waits for it in vain.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pg8000.exceptions import DatabaseError
from reply import Refused
from shared_store import TWICE, UNSETTLED, Claim, SharedStore, region_of, request_of
from standing import Writer
from store import Kept, transaction_of
from transaction import Request, Transaction

if TYPE_CHECKING:
    from ledger import Ledger

PAUSE = 30.0
"""Seconds in which a ledger that did not answer is not asked again, unless the writer changes."""
SETTLE_FOR = 8.0
"""Seconds after which settling leaves the rest to the next time; the function has 15."""


@dataclass
class Settled:
    """What one round of settling came to.

    Attributes:
        settled: Claims that the ledger has now.
        twice: Claims that it has with other values.
        left: Whether there may be more to do.
    """

    settled: int = 0
    twice: int = 0
    left: bool = False


class SharedBooks:
    """The ledger, wherever its writer is, and the table of this region."""

    def __init__(
        self, *, ledger: Ledger, store: SharedStore, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._ledger = ledger
        self._store = store
        self._clock = clock
        self._silent: Writer | None = None
        self._silent_until = 0.0

    def create(self, request: Request, writer: Writer) -> Kept:
        """Keep what is requested, or find that it is kept already.

        Args:
            writer: Where the ledger's writer is, as this request found it.

        Raises:
            Refused: 409 when the id belongs to a different request; 503 when other requests kept getting
                in the way.
        """
        known = self._store.known(request)
        first = known.transaction if known else request.transaction(now=datetime.now(UTC))
        kept = self._decided(request, first, writer)
        if known:
            return Kept(first if kept is None else kept.transaction, True, settled=kept is not None)
        if kept is None:
            return self._keep(request, writer, first)
        try:
            self._store.create(request, writer, kept.transaction)
        except Refused as refusal:
            if refusal.error != "fenced":
                raise
            # The writer moves since: whether it takes this along, nobody knows yet.
            return self._keep(request, writer, kept.transaction)
        return kept

    def find(self, transaction_id: str) -> Transaction | None:
        """The transaction with this id, or None; the table of this region alone is asked."""
        return self._store.find(transaction_id)

    def settle(self, writer: Writer) -> Settled:
        """Bring what was taken without the ledger into it, whichever region took it."""
        done, until = Settled(), self._clock() + SETTLE_FOR
        for claim in self._store.marked(UNSETTLED):
            if self._clock() > until:
                done.left = True
                break
            twice = self._taken_twice(claim, writer)
            if twice is None:
                done.left = True
                break
            if twice:
                done.twice += self._store.tell_twice(claim, writer)
            else:
                done.settled += self._store.settle(claim, writer)
        return done

    def check(self) -> Mapping[str, str]:
        """What is still to be settled or decided."""
        waiting = {
            "not in the ledger yet": self._store.count(UNSETTLED),
            "taken twice": self._store.count(TWICE),
        }
        return {
            "settled": ", ".join(f"{number} {what}" for what, number in waiting.items() if number)
        }

    def _keep(self, request: Request, writer: Writer, transaction: Transaction) -> Kept:
        kept = self._store.create(request, writer, transaction, mark=UNSETTLED)
        return Kept(kept.transaction, kept.repeated, settled=False)

    def _taken_twice(self, claim: Claim, writer: Writer) -> bool | None:
        """Whether the ledger has the claim's id with other values; None where it can't be asked."""
        first = transaction_of(claim)
        try:
            kept = self._decided(request_of(claim), first, writer, taken_in=region_of(claim))
        except Refused:
            return True
        return None if kept is None else kept.transaction != first

    def _decided(
        self, request: Request, first: Transaction, writer: Writer, *, taken_in: str = ""
    ) -> Kept | None:
        """What the ledger says; None where it can't be asked now.

        Raises:
            Refused: 409 when the id belongs to a different request.
        """
        if writer.fenced or (writer == self._silent and self._clock() < self._silent_until):
            return None
        try:
            return self._ledger.create(request, first, epoch=writer.epoch, taken_in=taken_in)
        except Refused as refusal:
            if refusal.status == 409:
                raise
        except DatabaseError:  # a login refused while the writer moves, a ledger not set up
            pass
        self._silent, self._silent_until = writer, self._clock() + PAUSE
        return None
