"""``dr-catalog offboard``: asks, then takes away what onboarding gave an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .organisation import ACCESS_ROLE

if TYPE_CHECKING:
    from ..publishing import OffboardingPlan


@click.command("offboard")
@click.option("--account", required=True, metavar="ID", help="The account to offboard, 12 digits.")
@click.option("--stage", required=True, help="The stage that the account was onboarded for.")
@click.option("--yes", is_flag=True, help="Do not ask.")
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
def command(account: str, stage: str, yes: bool, role: str, root: str, output: str) -> None:
    """Take away what onboarding gave an account, in both regions.

    Refused while anything is launched there. The settings of AWS Backup stay as they are.
    """
    from dataclasses import asdict
    from json import dumps
    from pathlib import Path

    from ..publishing import Accounts, Offboarding

    offboarding = Offboarding(
        root=Path(root),
        stage=stage,
        account=account,
        accounts=Accounts(role=role),
        say=lambda line: click.echo(line, err=True),
    )
    plan = offboarding.plan()
    if not plan.nothing:
        click.echo(_consequence(plan), err=True)
        if not yes:
            _ask(plan, role=role, root=root)
    done = offboarding.run(plan)
    if output == "json":
        click.echo(dumps([asdict(entry) for entry in done], indent=2))
        return
    for entry in done:
        click.echo(
            f"{entry.account}  {entry.region}  {', '.join(entry.changes) or 'nothing to do'}"
        )


def _consequence(plan: OffboardingPlan) -> str:
    return (
        f"offboarding {plan.account} from stage {plan.stage.name}: nobody there can launch any "
        f"more, and its launch roles go, in {' and '.join(plan.stage.regions)}; "
        "the settings of AWS Backup stay as they are"
    )


def _ask(plan: OffboardingPlan, *, role: str, root: str) -> None:
    from shlex import join

    from .question import ask

    words = ["--account", plan.account, "--stage", plan.stage.name, "--role", role, "--root", root]
    ask(
        f"Offboard {plan.account}?",
        doing=f"offboarding {plan.account}",
        hint=join(["dr-catalog", "offboard", *words, "--yes"]),
    )
