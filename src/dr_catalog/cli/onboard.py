"""``dr-catalog onboard``: give an account what a tenant's first launch needs."""

from __future__ import annotations

import click

from .organisation import ACCESS_ROLE


@click.command("onboard")
@click.option("--account", required=True, metavar="ID", help="The account to onboard, 12 digits.")
@click.option("--stage", required=True, help="The stage whose portfolio the account gets.")
@click.option(
    "--role",
    default=ACCESS_ROLE,
    show_default=True,
    help="The role to assume in the account.",
)
@click.option(
    "--root", type=click.Path(exists=True, file_okay=False), default=".", show_default=True
)
@click.option("--output", type=click.Choice(["text", "json"]), default="text")
def command(account: str, stage: str, role: str, root: str, output: str) -> None:
    """Onboard an account: roles, parameters, share, principals and settings, in both regions.

    Run it again to repair what was changed by hand since.
    """
    from dataclasses import asdict
    from json import dumps
    from pathlib import Path

    from ..publishing import Accounts, Onboarding

    done = Onboarding(
        root=Path(root),
        stage=stage,
        account=account,
        accounts=Accounts(role=role),
        say=lambda line: click.echo(line, err=True),
    ).run()
    if output == "json":
        click.echo(dumps([asdict(entry) for entry in done], indent=2))
        return
    for entry in done:
        click.echo(
            f"{entry.account}  {entry.region} -> {entry.peer_region}  {entry.portfolio}  "
            f"{', '.join(entry.changes) or 'nothing to do'}"
        )
