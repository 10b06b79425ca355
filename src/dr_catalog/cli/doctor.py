"""``dr-catalog doctor``: what is missing, here and in the account, and how to mend it."""

from __future__ import annotations

from pathlib import Path

import click

from . import options


@click.command("doctor")
@options.region
@click.option(
    "--root",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    show_default=True,
    help="The folder that may hold a catalog.",
)
@options.output
@click.pass_context
def command(context: click.Context, region: str | None, root: Path, output: str) -> None:
    """Check this machine, the credentials, the account and the catalog; exit code 1 to mend something.

    Only reads. What can't be looked at is skipped, with the reason.
    """
    from ..doctor import CHECKS, MEND, SKIPPED, Surroundings, examine
    from .render import as_json, as_table

    findings = examine(CHECKS, Surroundings(root=root, region_asked=region))
    if output == "json":
        as_json(findings)
    else:
        as_table(
            ("GROUP", "CHECK", "STATE", "FOUND", "HOW TO MEND IT"),
            ((each.group, each.check, each.state, each.found, each.mend) for each in findings),
        )
    mend, skipped = (sum(each.state == state for each in findings) for state in (MEND, SKIPPED))
    click.echo(f"{len(findings)} checks, {mend} to mend, {skipped} skipped", err=True)
    context.exit(1 if mend else 0)
