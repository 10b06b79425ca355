"""``dr-catalog onboard``: give an account, or each of a unit, what a tenant's first launch needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .organisation import ACCESS_ROLE

if TYPE_CHECKING:
    from ..publishing import Onboarded, Outcome


@click.command("onboard")
@click.option("--account", metavar="ID", help="The account to onboard, 12 digits.")
@click.option(
    "--ou", "unit", metavar="OU", help="Each account of this organisational unit instead."
)
@click.option("--stage", required=True, help="The stage whose portfolios the account gets.")
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
def command(
    account: str | None, unit: str | None, stage: str, role: str, root: str, output: str
) -> None:
    """Onboard an account, or each account of a unit, in both regions.

    It gets roles, parameters, share, principals and settings. Run it again to resume, to repair what was
    changed by hand since, and to close the portfolios to principals that its definition dropped.
    """
    from pathlib import Path

    from ..publishing import Accounts, Onboarding, UnitOnboarding

    if (account is None) == (unit is None):
        raise click.UsageError("name either an --account or an --ou")
    given: dict[str, Any] = {
        "root": Path(root),
        "stage": stage,
        "accounts": Accounts(role=role),
        "say": lambda line: click.echo(line, err=True),
    }
    if account is not None:
        _tell(Onboarding(account=account, **given).run(), output)
    elif unit is not None:
        _tell_each(UnitOnboarding(unit=unit, **given).run(), output)


def _tell(done: tuple[Onboarded, ...], output: str) -> None:
    from dataclasses import asdict
    from json import dumps

    if output == "json":
        click.echo(dumps([asdict(entry) for entry in done], indent=2))
        return
    for entry in done:
        click.echo(
            f"{entry.account}  {entry.region} -> {entry.peer_region}  {' '.join(entry.portfolios.values())}  "
            f"{', '.join(entry.changes) or 'nothing to do'}"
        )


def _tell_each(outcomes: tuple[Outcome, ...], output: str) -> None:
    """What was done in each account, then what failed; the exit code is 1 where something did."""
    from dataclasses import asdict
    from json import dumps

    if output == "json":
        click.echo(
            dumps(
                [
                    {
                        "account": each.account,
                        "regions": [asdict(region) for region in each.regions],
                        "error": each.error.what if each.error else None,
                    }
                    for each in outcomes
                ],
                indent=2,
            )
        )
    else:
        for each in outcomes:
            _tell(each.regions, output)
            if each.error:
                click.echo(f"{each.account}  failed: {each.error.what}")
    failed = [each for each in outcomes if each.error]
    for each in failed:
        click.echo(f"error: {each.account}: {each.error}", err=True)
    if failed:
        click.echo(
            f"{len(failed)} of {len(outcomes)} accounts are not onboarded; run it again once mended",
            err=True,
        )
        click.get_current_context().exit(1)
