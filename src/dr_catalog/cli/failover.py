"""``dr-catalog failover``: the launch region is gone, its peer takes over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..errors import UsageError
from . import options, recovery

if TYPE_CHECKING:
    from ..failover import Aws


@click.command("failover")
@options.suffix
@recovery.reason
@recovery.accept_loss
@recovery.accept_not_ready
@click.option("--accept-answering", is_flag=True, help="Go on although the launch region answers.")
@click.option("--keep-traffic", is_flag=True, help="Leave the traffic where it is.")
@click.option(
    "--approve", "approved", metavar="RUN", help="Approve a run that waits, and follow it."
)
@click.option(
    "--abort", "aborted", metavar="RUN", help="End a run that waits; nothing was touched."
)
@recovery.yes
@options.no_wait
@options.either_region
@options.output
def command(
    suffix: str,
    reason: str,
    accept_loss: bool,
    accept_not_ready: bool,
    accept_answering: bool,
    keep_traffic: bool,
    approved: str | None,
    aborted: str | None,
    yes: bool,
    no_wait: bool,
    region: str | None,
    output: str,
) -> None:
    """Let the peer take over because the launch region is gone.

    Shows the plan and what would be lost, and asks. What the peer has not received is lost; for a
    region that answers, `switchover` loses nothing.
    """
    from ..failover import Aws, Request

    aws = Aws(region=region)
    waived = recovery.overrides(
        accept_loss=accept_loss,
        accept_not_ready=accept_not_ready,
        accept_answering=accept_answering,
    )
    if approved and aborted:
        raise UsageError("--approve and --abort exclude each other")
    if approved or aborted:
        _decide(aws, suffix, approved, aborted, waived, sure=yes, no_wait=no_wait, output=output)
        return
    request = Request(
        operation="failover",
        suffix=suffix,
        reason=reason,
        overrides=waived,
        move_traffic=not keep_traffic,
    )
    recovery.run(aws, request, sure=yes, no_wait=no_wait, output=output, following="failback")


def _decide(
    aws: Aws,
    suffix: str,
    approved: str | None,
    aborted: str | None,
    waived: tuple[str, ...],
    *,
    sure: bool,
    no_wait: bool,
    output: str,
) -> None:
    from ..failover.model import ABORT, APPROVE

    recovery.decide(
        aws,
        suffix,
        run_id=approved or aborted or "",
        decision=APPROVE if approved else ABORT,
        overrides=waived,
        sure=sure,
        no_wait=no_wait,
        output=output,
    )
