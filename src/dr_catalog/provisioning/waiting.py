"""Wait for a record, tell what happens meanwhile, and judge how it ended.

    Step + Record -> wait (polls, reports events of both regions) -> Outcome, or LaunchError

Service Catalog ships no waiters. A record that ends well is not enough: a provisioned product that is
TAINTED is a failed update that rolled back, and no success.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .. import names
from ..errors import DrCatalogError, LaunchError
from .aws import Aws
from .events import StackEvents
from .hints import command, settings
from .model import AVAILABLE, SUCCEEDED, Record, Stack, StackEvent
from .parameters import changed, different_values
from .stacks import launch_stack, stack_name, why_failed
from .steps import LAUNCH, TERMINATE, UPGRADE, Follow, Nothing, Provision, Terminate, Update

POLL_SECONDS, LOCAL_POLL_SECONDS = 5.0, 0.1
# Polls: a tenth of a second brings little that is new, and much to read again.
_LOCAL_EVENTS_EVERY = 5
# The longer it runs, the less a moment matters: a tenth of what has passed. Many who wait for one local
# process would else keep it busy with their questions.
_GROWTH = 1.1
_NOUN = {LAUNCH: "launch", UPGRADE: "upgrade", TERMINATE: "termination"}
_AFTER_FAILURE = {
    LAUNCH: "mend the reason, clear it away with `{terminate}`, then launch again",
    UPGRADE: "it was rolled back to what it was; mend the reason, then upgrade again",
    TERMINATE: "mend the reason, then terminate again",
}
# What Service Catalog says of a launch role that is missing or does not trust it.
_NO_ROLE = "while assuming the role"
_ONBOARD_AGAIN = (
    "ask the platform team to onboard account {account} again, which restores the role; "
)
# What CloudFormation says of a region, or a service, that onboarding did not admit.
_NOT_ADMITTED = re.compile(f"{names.STACKSET_EXECUTION_ROLE}.* is not authorized to perform")
_ADMIT = (
    "ask the platform team to onboard account {account} again; a WitnessRegion must be the one that "
    "pipeline.yaml names as the stage's witness; "
)

Report = Callable[[Sequence[StackEvent], str], None]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an operation ended, or that it runs.

    Args:
        operation: ``launch``, ``upgrade`` or ``terminate``.
        suffix: The environment suffix.
        product: The product's name.
        version: The version's name.
        region: The launch region.
        status: AVAILABLE, TERMINATED, or UNDER_CHANGE while it runs.
        record: The record's id; empty when there was nothing to do.
    """

    operation: str
    suffix: str
    product: str
    version: str
    region: str
    status: str
    record: str = ""


def outcome(
    aws: Aws, step: Nothing | Follow | Provision | Update | Terminate, *, status: str, record: str
) -> Outcome:
    """What a step came to."""
    return Outcome(
        operation=step.operation,
        suffix=step.suffix,
        product=step.product,
        version=step.version,
        region=aws.region,
        status=status,
        record=record,
    )


def wait(
    aws: Aws,
    step: Follow | Provision | Update | Terminate,
    record: Record,
    *,
    report: Report,
    sleep: Callable[[float], None] = time.sleep,
) -> Outcome:
    """Wait until the record ends.

    Args:
        aws: The launching account.
        step: What was executed.
        record: What `steps.execute` answered.
        report: Called at every poll with new events, perhaps none, and with the reason why events
            can't be read, empty while they can. A local endpoint is asked for events at every fifth
            poll, and once more in the end.
        sleep: Takes seconds.

    Raises:
        LaunchError: It failed; the message names the first resource that did, its region and why.
    """
    name = stack_name(account=aws.account, launch_id=record.launch_id)
    events = StackEvents(
        aws,
        suffix=step.suffix,
        layer=step.layer,
        stack=_stack_id(aws, name),
        since=record.created,
    )
    pause, every = (LOCAL_POLL_SECONDS, _LOCAL_EVENTS_EVERY) if aws.local else (POLL_SECONDS, 1)
    for poll in itertools.count():
        record = aws.record(record.id)
        look = record.finished or poll % every == 0
        report(events.fresh() if look else (), events.blocked)
        if record.finished:
            break
        sleep(pause)
        pause = min(pause * _GROWTH, POLL_SECONDS)
    if step.operation == TERMINATE:
        if record.status != SUCCEEDED:
            raise _failure(aws, step, record, events, reason=" ".join(record.errors))
        return outcome(aws, step, status="TERMINATED", record=record.id)
    launch = aws.launch(record.launch)
    if record.status != SUCCEEDED or launch is None or launch.status != AVAILABLE:
        reason = why_failed(launch, record) if launch else " ".join(record.errors)
        raise _failure(aws, step, record, events, reason=reason)
    if isinstance(step, Follow):
        _check_expected(aws, step, launch_stack(aws, launch))
    return outcome(aws, step, status=launch.status, record=record.id)


def _stack_id(aws: Aws, name: str) -> str:
    """The stack's id, by which it can be read even once it is deleted; its name until it is there."""
    try:
        stack = aws.stack(name)
    except DrCatalogError:
        return name
    return stack.id if stack else name


def _check_expected(aws: Aws, step: Follow, stack: Stack | None) -> None:
    """An operation that ran already may have been begun with other values than these."""
    if stack is None:
        return
    if differing := changed(step.expected, stack.parameters):
        raise LaunchError(
            f"the {_NOUN[step.operation]} of '{step.label}' that ran already had other settings",
            why=different_values(differing, stack.parameters),
            hint="change it with "
            f"`{command(aws, 'upgrade', step.suffix, *settings(differing), layer=step.layer)}`",
        )


def _failure(
    aws: Aws,
    step: Follow | Provision | Update | Terminate,
    record: Record,
    events: StackEvents,
    *,
    reason: str,
) -> LaunchError:
    first = events.first_failure()
    why = (first.reason if first else "") or reason or f"record {record.id} gives no reason"
    mending = _ONBOARD_AGAIN if _NO_ROLE in why else _ADMIT if _NOT_ADMITTED.search(why) else ""
    where = f": {first.resource} ({first.type}) in {first.region}" if first else ""
    return LaunchError(
        f"the {_NOUN[step.operation]} of '{step.label}' failed{where}",
        why=why,
        hint=mending.format(account=aws.account)
        + _AFTER_FAILURE[step.operation].format(
            terminate=command(aws, "terminate", step.suffix, layer=step.layer)
        ),
    )
