"""``dr-catalog switchover``: both regions are there, the peer takes over as planned."""

from __future__ import annotations

import click

from . import options, recovery


@click.command("switchover")
@options.suffix
@recovery.reason
@recovery.accept_not_ready
@click.option("--keep-traffic", is_flag=True, help="Leave the traffic where it is.")
@recovery.yes
@options.no_wait
@options.either_region
@options.output
def command(
    suffix: str,
    reason: str,
    accept_not_ready: bool,
    keep_traffic: bool,
    yes: bool,
    no_wait: bool,
    region: str | None,
    output: str,
) -> None:
    """Let the peer take over while both regions are there; nothing is lost.

    Writes are refused from the moment the old writer is closed until the new one is verified.
    """
    from ..failover import Aws, Request

    request = Request(
        operation="switchover",
        suffix=suffix,
        reason=reason,
        overrides=recovery.overrides(accept_not_ready=accept_not_ready),
        move_traffic=not keep_traffic,
    )
    recovery.run(
        Aws(region=region),
        request,
        sure=yes,
        no_wait=no_wait,
        output=output,
        following="failback",
    )
