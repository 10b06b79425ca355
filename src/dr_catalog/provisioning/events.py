"""What happens in both regions' stacks during one operation, each event once.

The launch region's events name the StackSets; a StackSet's instances name the peer's stacks; their
events are read where they happen, because a StackSet's own reasons are cut at 850 characters.
Events are for the eye: a missing permission ends the reading, never the launch.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackEvents.html
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from .. import names
from ..errors import DrCatalogError, NotFoundError
from .aws import STACK_SET, Aws
from .model import Launch, Record, StackEvent
from .stacks import stack_name, why_failed

_ROLES = ("foundation", "workload")
_STACK = "AWS::CloudFormation::Stack"
# CloudFormation cancels what runs beside a failure; those resources failed at nothing.
_CANCELLED = ("cancelled", "canceled")


class StackEvents:
    """The events of one operation.

    Args:
        aws: The launching account.
        suffix: The environment suffix.
        layer: The layer that is launched alone; empty for a tier.
        stack: The launch region's stack, by name or id.
        since: When the operation began; earlier events belong to others.

    Attributes:
        seen: All events so far.
        blocked_by: Why events can't be read; None while they can.
    """

    def __init__(
        self, aws: Aws, *, suffix: str, layer: str = "", stack: str, since: datetime
    ) -> None:
        self._aws, self._suffix, self._layer, self._stack = aws, suffix, layer, stack
        # Some events carry whole seconds only, and would seem older than the operation.
        self._since = since.replace(microsecond=0)
        self._ids: set[str] = set()
        self._peers: dict[str, str] = {}  # stack id -> region
        self._moving: set[str] = set()  # StackSets that this operation is at work on
        self.seen: list[StackEvent] = []
        self.blocked_by: DrCatalogError | None = None

    @property
    def blocked(self) -> str:
        """Why events can't be read; empty while they can."""
        return self.blocked_by.what if self.blocked_by else ""

    def fresh(self) -> tuple[StackEvent, ...]:
        """Events since the last call, oldest first; none once reading is blocked."""
        if self.blocked:
            return ()
        found: list[StackEvent] = []
        try:
            found += self._unseen(self._stack, self._aws.region)
            self._find_peers(found)
            for stack_id, region in self._peers.items():
                found += self._unseen(stack_id, region)
        except DrCatalogError as error:
            self.blocked_by = error
        found.sort(key=lambda event: event.time)
        self.seen += found
        return tuple(found)

    def first_failure(self) -> StackEvent | None:
        """The resource that failed first; the peer's own where a StackSet did."""
        failures = sorted(filter(_failed, self.seen), key=lambda event: event.time)
        if not failures:
            return None
        first = failures[0]
        if first.type != STACK_SET:
            return first
        peers = [event for event in failures if event.region != first.region]
        return next(iter(peers or self._vanished(first)), first)

    def _unseen(self, stack: str, region: str) -> list[StackEvent]:
        found = []
        try:
            for event in self._aws.events(stack, since=self._since, region=region):
                if event.id in self._ids:
                    break
                found.append(event)
        except NotFoundError:  # not there yet, or no more
            return []
        self._ids.update(event.id for event in found)
        return found[::-1]

    def _vanished(self, stack_set: StackEvent) -> list[StackEvent]:
        """Failures in the peer's stacks of a StackSet that was taken away before it could be asked."""
        region = self._aws.peer_region
        known = stack_set.physical_id.partition(":")[0]
        stack_sets = [known] if known else self._stack_sets()
        found: list[StackEvent] = []
        try:
            for name in stack_sets if region else ():
                for stack in self._aws.stacks_since(
                    prefix=f"StackSet-{name}-", since=self._since, region=region
                ):
                    found += self._unseen(stack, region)
        except DrCatalogError:
            return []
        return sorted(filter(_failed, found), key=lambda event: event.time)

    def _stack_sets(self) -> list[str]:
        """Both names that a launch gives its StackSets."""
        if self._layer:
            found = [names.layer_stackset(layer=self._layer, role=role) for role in _ROLES]
        else:
            found = [names.FOUNDATION, names.WORKLOAD]
        return [name.of(suffix=self._suffix) for name in found]

    def _find_peers(self, found: Sequence[StackEvent]) -> None:
        moved = {event.physical_id for event in found if event.type == STACK_SET}
        for stack_set in filter(None, self._moving | moved):
            for instance in self._aws.stack_instances(stack_set):
                if instance.stack_id:
                    self._peers.setdefault(instance.stack_id, instance.region)
        for event in found:
            if event.type == STACK_SET and event.status.endswith("_IN_PROGRESS"):
                self._moving.add(event.physical_id)
            elif event.type == STACK_SET:
                self._moving.discard(event.physical_id)


def reason(aws: Aws, launch: Launch, record: Record) -> str:
    """Why a record failed: the first resource that did, else what Service Catalog says."""
    events = StackEvents(
        aws,
        suffix=launch.suffix,
        layer=launch.layer,
        stack=stack_name(account=aws.account, launch_id=launch.id),
        since=record.created,
    )
    events.fresh()
    first = events.first_failure()
    if first is None or not first.reason:
        return why_failed(launch, record)
    return f"{first.resource} ({first.type}) in {first.region}: {first.reason}"


def _failed(event: StackEvent) -> bool:
    return (
        event.status.endswith("_FAILED")
        and event.type != _STACK
        and not any(word in event.reason.lower() for word in _CANCELLED)
    )
