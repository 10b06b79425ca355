"""What the steps need of the world, so that they run against AWS and against a simulation alike.

Two of a kind of failure matter to a step: a service that did not answer, whose call may have been
carried out or not, and a service that said no. All else is a defect and is told as one.

The peer's ``writer`` item is the truth about who writes; the launch region's is a copy for its processor.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from recovery_settings import RecoverySettings

STORES = ("database", "table", "documents")


class Unreachable(Exception):
    """No answer; what was asked may have been done."""


class Refusal(Exception):
    """The service said no, and nothing was done."""


class Conflict(Exception):
    """The item is not as it was when it was read, or must not become what was asked."""


@dataclass(frozen=True)
class Writer:
    """Which region writes.

    Attributes:
        region: The region that takes writes.
        epoch: Counts the writers; 1 is the launch's own.
        fenced: Whether it takes none for now.
        run: The run that said so.
    """

    region: str
    epoch: int
    fenced: bool = False
    run: str = ""


@dataclass(frozen=True)
class GlobalView:
    """The global database at one moment.

    Attributes:
        writer: The writer's region.
        members: The regions that have a cluster in it.
        moving: Whether a failover or a switchover is under way.
    """

    writer: str
    members: tuple[str, ...]
    moving: bool = False


@dataclass(frozen=True)
class ClusterView:
    """A region's cluster.

    Attributes:
        available: Whether it can be promoted or changed now.
        instances: How many of its instances are available.
        coming: How many are not yet.
        capacity: Its least ACU.
        most: Its most ACU.
    """

    available: bool
    instances: int
    coming: int
    capacity: float
    most: float


@dataclass(frozen=True)
class Lag:
    """How far a region's database is behind the writer; None where nobody knows."""

    milliseconds: float | None
    source: str


class State(Protocol):
    """The peer's state table. An item is a mapping with ``id`` and ``version``, a number."""

    def item(self, item_id: str) -> dict[str, Any] | None:
        """The item, read consistently."""

    def put(self, item: Mapping[str, Any]) -> None:
        """Write it when the stored one has the version before, or, with version 1, none is stored.

        Raises:
            Conflict: It is otherwise.
        """

    def delete(self, item: Mapping[str, Any]) -> None:
        """Delete it when the stored one has this version; nothing where none is stored.

        Raises:
            Conflict: It is otherwise.
        """

    def writer(self, region: str) -> Writer | None:
        """What this region's table says about the writer."""

    def set_writer(self, region: str, writer: Writer) -> None:
        """Say so in this region's table.

        Raises:
            Conflict: A later epoch is known there, or the same run has lifted this fence already.
        """


class Machine(Protocol):
    """The executions, and the people."""

    def running(self, execution: str) -> bool:
        """Whether this execution still runs."""

    def wake(self, token: str) -> None:
        """End the wait for this task token; nothing when it has ended."""

    def tell(self, subject: str, text: str) -> None:
        """Tell those who subscribed."""


class Database(Protocol):
    """The global database and its clusters."""

    def view(self, *, at: str) -> GlobalView:
        """As the region ``at`` sees it."""

    def cluster(self, region: str) -> ClusterView:
        """The region's cluster."""

    def lag(self, region: str) -> Lag:
        """How far this region is behind."""

    def add_instance(self, region: str) -> None:
        """Begin to make the instance of a recovery; nothing when it is there."""

    def remove_instance(self, region: str) -> None:
        """Begin to delete the instance of a recovery; nothing when it is gone or going.

        Raises:
            Refusal: It can't be deleted as it is now.
        """

    def set_capacity(self, region: str, capacity: float) -> None:
        """Set the cluster's least ACU."""

    def fail_over(self, to: str) -> None:
        """Begin to promote this region's cluster, asking that region; data may be lost."""

    def switch_over(self, to: str, *, at: str) -> None:
        """Begin to switch over, asking the present writer's region."""

    def keep_snapshots(self) -> Iterable[str]:
        """Copy what an unplanned failover left as a snapshot; the kept ones' identifiers."""


class Compute(Protocol):
    """The processor of a region, where it is off until a recovery switches it on."""

    def limit(self, region: str) -> int | None:
        """How many may run at once: 0 is off, None is as many as the account lets."""

    def set_limit(self, region: str, limit: int | None) -> None:
        """Let so many run at once."""


class Stores(Protocol):
    """Database, table and documents, from inside."""

    def verify(self, store: str, region: str, *, run: str, epoch: int) -> None:
        """Write to the store in this region, and read back what was written."""

    def read(self, store: str, region: str) -> None:
        """Read from the store in this region."""

    def last_write(self, store: str, region: str) -> float | None:
        """When the newest of a tenant's writes was made, in seconds since 1970; None for none.

        Raises:
            Refusal: It is not to be found out.
        """

    def left_behind(self, *, before: int, cursor: str) -> tuple[list[dict[str, Any]], str]:
        """Some of what an epoch ``before`` this one confirmed and the peer's ledger lacks.

        Args:
            cursor: Where to go on; empty at the start.

        Returns:
            What was found, and where to go on; empty at the end.
        """

    def unsettle(self, *, before: int, cursor: str) -> tuple[int, str]:
        """Where both regions write: mark, for the processors to settle, some of what an epoch ``before`` this
        one confirmed and the peer's ledger lacks, or has otherwise.

        Returns:
            How many were marked, and where to go on; empty at the end.
        """

    def unsettled(self, *, before: int) -> int:
        """How many of an epoch ``before`` this one are marked and not settled yet."""

    def taken_twice(self) -> list[dict[str, Any]]:
        """What both regions took under one id with different values; each as the ledger does not have it."""

    def documents_left_behind(
        self, *, since: float, cursor: str
    ) -> tuple[list[dict[str, Any]], str]:
        """Some of the documents that were written in the launch region itself since then.

        Args:
            since: Seconds since 1970.
            cursor: As for ``left_behind``.
        """

    def keep(self, region: str, key: str, text: str) -> str:
        """Keep a text among the region's documents; its address."""

    def back_up(self, region: str, *, on: bool) -> None:
        """Have the region's stores taken by its backup plan, or not."""


class Signals(Protocol):
    """What is known about the launch region, and who is served."""

    def answers(self, region: str) -> bool:
        """Whether the region's API says now that it is up."""

    def votes(self) -> Mapping[str, bool]:
        """What each probe said last about the launch region, by the probe's region."""

    def versions(self) -> Mapping[str, str]:
        """The digest of the processor's code, by region; a region that does not answer is left out."""

    def serving(self) -> str:
        """The region that traffic goes to, or several with commas between them."""

    def move(self, to: str) -> None:
        """Let traffic go to this region, and have it published at once."""


@dataclass(frozen=True)
class World:
    """All of it, and the clock."""

    settings: RecoverySettings
    clock: Clock
    state: State
    machine: Machine
    database: Database
    compute: Compute
    stores: Stores
    signals: Signals

    def now(self) -> float:
        """Seconds since 1970."""
        return self.clock()


class Clock(Protocol):
    """The time."""

    def __call__(self) -> float:
        """Seconds since 1970."""
