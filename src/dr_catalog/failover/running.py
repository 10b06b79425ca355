"""Start a run and follow it to its end, telling each step as it begins and ends.

    Start -> execute -> run id -> follow (polls the record) -> Run, or RecoveryError

The run goes on without whoever follows it. A follower that was interrupted is simply started again; so is
a run whose execution died: a new execution takes its record over and goes on where it stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from ..errors import DrCatalogError, RecoveryError
from .aws import Aws
from .hints import command
from .model import DONE, Run, Site, Step
from .planning import Start, machine_input

POLL_SECONDS, LOCAL_POLL_SECONDS = 2.0, 0.25
PATIENCE = 5
"""Looks in a row that may fail before the follower gives up; the run goes on all the same."""
ENDED = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")

Report = Callable[[Step], None]
"""Called when a step begins, and again when it ends."""
Decide = Callable[[Run], None]
"""Called once when a run waits for a decision."""


def execute(aws: Aws, step: Start) -> str:
    """Start the run; its execution's ARN.

    Raises:
        DrCatalogError: The surviving region refused or does not answer.
    """
    return aws.start(step.site, run_id=step.run, given=machine_input(step))


def follow(
    aws: Aws,
    site: Site,
    *,
    run_id: str,
    execution: str,
    report: Report,
    decide: Decide,
    sleep: Callable[[float], None] = time.sleep,
) -> Run:
    """Wait until a run ends.

    Args:
        aws: The account's AWS.
        site: Where the recovery runs.
        run_id: Whose record to read.
        execution: The execution that drives it.
        report: Gets each step as it begins and as it ends.
        decide: Gets the run when it waits for a decision, once.
        sleep: Takes seconds.

    Raises:
        RecoveryError: The run was refused or aborted, or its execution ended before it was over.
        DrCatalogError: The surviving region has stopped answering.
    """
    pause = LOCAL_POLL_SECONDS if aws.local else POLL_SECONDS
    told: dict[int, Step] = {}
    asked = False
    failures = 0
    while True:
        try:
            status, why = aws.execution(site, execution)
            run = aws.run(site, run_id)
            failures = 0
        except DrCatalogError:
            failures += 1
            if failures > PATIENCE:
                raise
            sleep(pause)
            continue
        for index, step in enumerate(run.steps if run else ()):
            before = told.get(index)
            if before is None or (step.ended and not before.ended):
                told[index] = step
                report(step)
        if run and run.finished:
            return _judged(aws, site, run)
        if run and run.waiting and not asked:
            asked = True
            decide(run)
            continue
        if status in ENDED:
            raise _died(aws, site, run, run_id=run_id, status=status, why=why)
        sleep(pause)


def _judged(aws: Aws, site: Site, run: Run) -> Run:
    if run.outcome == DONE:
        return run
    raise RecoveryError(
        f"the {run.operation} of '{site.suffix}' was {run.outcome}, and everything is as it was",
        why=run.told,
        hint=f"see `{command(aws, 'evidence', site.suffix, '--run', run.id)}`",
    )


def _died(
    aws: Aws, site: Site, run: Run | None, *, run_id: str, status: str, why: str
) -> RecoveryError:
    if run is None:  # it never got as far as a record: another run holds the lock
        return RecoveryError(
            f"run {run_id} of '{site.suffix}' did not begin",
            why=why or f"its execution is {status}",
            hint=f"see `{command(aws, 'readiness', site.suffix)}`",
        )
    return RecoveryError(
        f"the {run.operation} of '{site.suffix}' stopped at {run.state}: its execution is {status}",
        why=why or run.told,
        hint=f"`{command(aws, run.operation, site.suffix)}` takes it over where it stopped",
    )
