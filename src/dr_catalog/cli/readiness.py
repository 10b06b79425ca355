"""``dr-catalog readiness``: whether a failover could run now, check by check."""

from __future__ import annotations

import click

from . import options


@click.command("readiness")
@options.suffix
@options.either_region
@options.output
@click.pass_context
def command(context: click.Context, suffix: str, region: str | None, output: str) -> None:
    """Look at what a failover needs; exit code 1 while something is not ready.

    Only reads. What can't be looked at, because its region does not answer, is unknown and does not
    count.
    """
    from ..failover import Aws, locate, readiness
    from .render import as_json, as_table

    aws = Aws(region=region)
    site = locate(aws, suffix)
    findings = readiness(aws, site)
    waiting = [each for each in findings if each.state == "not ready"]
    if output == "json":
        as_json({"suffix": suffix, "ready": not waiting, "checks": findings})
    else:
        as_table(
            ("CHECK", "REGION", "STATE", "FOUND", "FIX"),
            ((each.check, each.region, each.state, each.found, each.fix) for each in findings),
        )
    unknown = sum(each.state == "unknown" for each in findings)
    click.echo(
        f"'{suffix}' is {'not ready' if waiting else 'ready'}: {len(findings)} checks, "
        f"{len(waiting)} not ready, {unknown} unknown" + (", local simulation" * aws.local),
        err=True,
    )
    context.exit(1 if waiting else 0)
