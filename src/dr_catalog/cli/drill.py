"""``dr-catalog drill``: rehearse a failover, in place with nothing moved."""

from __future__ import annotations

import click

from . import options, recovery


@click.command("drill")
@options.suffix
@recovery.reason
@recovery.accept_loss
@recovery.accept_not_ready
@recovery.yes
@options.no_wait
@options.either_region
@options.output
def command(
    suffix: str,
    reason: str,
    accept_loss: bool,
    accept_not_ready: bool,
    yes: bool,
    no_wait: bool,
    region: str | None,
    output: str,
) -> None:
    """Rehearse a failover in place: checks, instance, capacity, reads; no promotion, no traffic."""
    from ..failover import Aws, Request

    waived = recovery.overrides(accept_loss=accept_loss, accept_not_ready=accept_not_ready)
    request = Request(
        operation="drill", suffix=suffix, reason=reason, overrides=waived, move_traffic=False
    )
    recovery.run(Aws(region=region), request, sure=yes, no_wait=no_wait, output=output)
