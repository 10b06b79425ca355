"""``dr-catalog failback``: the launch region is back, and takes over again."""

from __future__ import annotations

import click

from . import options, recovery


@click.command("failback")
@options.suffix
@recovery.reason
@recovery.accept_not_ready
@recovery.yes
@options.no_wait
@options.either_region
@options.output
def command(
    suffix: str,
    reason: str,
    accept_not_ready: bool,
    yes: bool,
    no_wait: bool,
    region: str | None,
    output: str,
) -> None:
    """Bring the writer back to the launch region once it is rebuilt; nothing is lost.

    What the old writer took alone is listed and kept in the documents bucket, and never merged. Then
    upgrades and termination work again.
    """
    from ..failover import Aws, Request

    request = Request(
        operation="failback",
        suffix=suffix,
        reason=reason,
        overrides=recovery.overrides(accept_not_ready=accept_not_ready),
    )
    recovery.run(
        Aws(region=region),
        request,
        sure=yes,
        no_wait=no_wait,
        output=output,
        following="readiness",
    )
