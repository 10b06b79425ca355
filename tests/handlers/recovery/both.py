"""Two regions that both serve, in memory: each takes writes at any time, and settles what the ledger missed.

Each does what ``shared_books`` does: it asks the ledger first, wherever its writer is, and keeps a write with a
mark where it can't; every half minute it brings what is marked into the ledger. Now and then a region is
asked for an id that the other has just taken, with another value.
"""

from __future__ import annotations

from world import Writer

from .simulated import LAUNCH, PEER, Schedule, Simulated, Write, must

UNSETTLED, TWICE, SETTLED = "unsettled", "twice", "settled"
OFTEN = 0.2
"""How likely a request is for an id that the other region has just taken."""


class BothServe(Simulated):
    """Everything there is, where both regions serve."""

    def __init__(self, schedule: Schedule) -> None:
        super().__init__(schedule)
        self.marks: dict[str, dict[int, tuple[float, str]]] = {LAUNCH: {}, PEER: {}}
        """By region and write, when its claim changed there last, and to what."""
        self.serving = f"{LAUNCH},{PEER}"
        self.alone = 0
        """Writes that were taken without the ledger."""

    def known(self, region: str) -> Writer:
        """What the region's item says."""
        return self.writers[region] or Writer(LAUNCH, 1)

    def ledger(self, region: str) -> str | None:
        """The region whose database takes what this region's processor writes; None where none does."""
        if self.known(region).fenced or self.moving:
            return None
        if region == LAUNCH and self.split and self.gone(LAUNCH):
            return LAUNCH  # cut off, it still believes in its own
        away = self.writer != region and self.gone(LAUNCH)
        return None if away or self.clusters[self.writer].rebuilt_at else self.writer

    def _settle(self) -> None:
        super()._settle()
        if not self.gone(LAUNCH):
            both = {**self.marks[LAUNCH], **self.marks[PEER]}
            for number in both:
                latest = max(marks[number] for marks in self.marks.values() if number in marks)
                for marks in self.marks.values():
                    marks[number] = latest
        for region in (LAUNCH, PEER):
            if region == PEER or not self.dead():
                self._bring_in(region)

    def _bring_in(self, region: str) -> None:
        """What the processor's schedule does."""
        for number, (_, mark) in list(self.marks[region].items()):
            if mark != UNSETTLED or number not in self.tables[region]:
                continue
            at = self.ledger(region)
            if at is None:
                return
            write = self.tables[region][number]
            first = self._enter(at, write)
            self.mark(region, number, SETTLED if first == write else TWICE)

    def _client(self, region: str) -> None:
        """One request to the region's processor: it is never turned away."""
        if region == LAUNCH and self.dead():
            return
        latest = self.confirmed[-1] if self.confirmed else None
        other = latest is not None and latest.region != region and latest.same_as is None
        again = latest if other and self.random.random() < OFTEN else None
        if again and again.number in self.tables[region]:
            return  # its claim is here: refused
        number, epoch = len(self.confirmed), self.known(region).epoch
        write = Write(number, region, epoch, self.now, again.number if again else None)
        at = self.ledger(region)
        if at is not None and self._enter(at, write) != write:
            return  # the ledger has the id: refused
        self.alone += at is None
        self.tables[region][number] = write
        self.unsent[region].append(write)
        self.mark(region, number, UNSETTLED if at is None else SETTLED)
        self.confirmed.append(write)

    def _enter(self, at: str, write: Write) -> Write:
        """What the ledger has for this id afterwards."""
        rows = self.clusters[at].rows
        if write.key not in rows:
            rows[write.key] = write
            if at == self.writer and not self.split and not self.clusters[LAUNCH].rebuilt_at:
                self.log.append(Write(**{**vars(write), "at": self.now}))
        return self.by_number(rows[write.key])

    def by_number(self, row: Write) -> Write:
        """The write that a row stands for, whenever the row was written."""
        known = self.confirmed[row.number] if row.number < len(self.confirmed) else row
        must(known.key == row.key, "a row of another write")
        return known

    def mark(self, region: str, number: int, mark: str) -> None:
        """Change a claim in this region's table."""
        self.marks[region][number] = (self.now, mark)

    # What the recovery asks of the claims, in the peer's table.

    def unsettle(self, before: int) -> int:
        """Mark what an earlier epoch confirmed and the peer's ledger lacks, or has otherwise."""
        rows, found = self.clusters[PEER].rows, 0
        for number, (_, mark) in self.marks[PEER].items():
            write = self.tables[PEER].get(number)
            if write is None or mark != SETTLED or write.epoch >= before:
                continue
            if write.key not in rows or self.by_number(rows[write.key]) != write:
                self.mark(PEER, number, UNSETTLED)
                found += 1
        return found

    def marked(self, mark: str) -> list[Write]:
        """The claims with this mark in the peer's table."""
        return [
            self.confirmed[number] for number, (_, each) in self.marks[PEER].items() if each == mark
        ]
