"""What launch, upgrade and terminate share once there is a step: run it, wait, tell the outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .main import INTERRUPTED

if TYPE_CHECKING:
    from ..provisioning import Aws, Follow, Nothing, Outcome, Provision, Record, Terminate, Update

_DOING = {"launch": "launching", "upgrade": "upgrading", "terminate": "terminating"}
_NOUN = {"launch": "launch", "upgrade": "upgrade", "terminate": "termination"}


def run(
    aws: Aws,
    step: Nothing | Follow | Provision | Update | Terminate,
    *,
    no_wait: bool,
    output: str,
    following: str = "",
) -> None:
    """Execute a step, wait for it unless told otherwise, and print how it stands.

    Args:
        aws: The launching account.
        step: What to do.
        no_wait: Return once it has begun.
        output: ``text`` or ``json``.
        following: The command to run next after success.

    Raises:
        DrCatalogError: It was refused, or it failed.
    """
    from ..provisioning import Nothing, execute, outcome

    for note in step.notes:
        click.echo(note, err=True)
    if isinstance(step, Nothing):
        status = "TERMINATED" if step.operation == "terminate" else "AVAILABLE"
        _show(outcome(aws, step, status=status, record=""), output)
        return
    record = execute(aws, step)
    if no_wait:
        _show(outcome(aws, step, status="UNDER_CHANGE", record=record.id), output)
        return
    try:
        done = _wait(aws, step, record)
    except KeyboardInterrupt:
        click.echo(
            f"\nthe {_NOUN[step.operation]} of '{step.label}' goes on without this command; "
            "run the same command again to follow it",
            err=True,
        )
        click.get_current_context().exit(INTERRUPTED)
    _show(done, output)
    if following:
        click.echo(f"next: {following}", err=True)


def _wait(aws: Aws, step: Follow | Provision | Update | Terminate, record: Record) -> Outcome:
    from ..provisioning import Follow, wait
    from .progress import Progress

    named = " ".join(filter(None, (step.product, step.version)))
    title = f"{_DOING[step.operation]} '{step.label}' ({named}) in {aws.region}"
    if isinstance(step, Follow):
        title += ", as begun before"
    if aws.local:
        title += ", local simulation"
    with Progress(title) as progress:
        return wait(aws, step, record, report=progress.report)


def _show(done: Outcome, output: str) -> None:
    if output == "json":
        from .render import as_json

        as_json(done)
        return
    named = " ".join(filter(None, (done.product, done.version, done.status)))
    click.echo(f"{done.suffix}: {named} in {done.region}")
