"""``dr-catalog init``: a catalog of one's own, with its first release."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import UsageError

if TYPE_CHECKING:
    from ..scaffold import Answers

REGIONS = "us-east-1,us-west-2"


@click.command("init")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--account", metavar="ID", help="The hub account, which publishes; 12 digits.")
@click.option("--tenant", metavar="ID", help="The account that launches first; 12 digits.")
@click.option(
    "--regions",
    default=REGIONS,
    show_default=True,
    metavar="FIRST,SECOND",
    help="The pair of regions.",
)
def command(folder: Path, account: str | None, tenant: str | None, regions: str) -> None:
    """Write a catalog into DIR and freeze its first release, warm standby 1.0.0.

    Asks for the accounts that no option names. Nothing that is there is overwritten; typed again, it
    resumes.
    """
    from ..scaffold import Answers, check_account, check_regions, write
    from .simulation import ACCOUNTS

    pair = check_regions(regions, option="--regions")
    answers = Answers(
        account=check_account(
            account or _ask("--account", "Hub account, which publishes", ACCOUNTS["hub"]),
            option="--account",
        ),
        tenant=check_account(
            tenant or _ask("--tenant", "Tenant account, which launches first", ACCOUNTS["tenant"]),
            option="--tenant",
        ),
        regions=pair,
    )
    done = write(folder, answers)
    for name in done.written:
        click.echo(folder / name)
    if not done.written:
        click.echo(f"the files of {folder} are there already", err=True)
    _release(folder)
    _say_next(folder, answers)


def _ask(option: str, question: str, default: str) -> str:
    if not _terminal():
        raise UsageError(
            f"init needs {option}",
            why="there is no terminal to ask at",
            hint="`dr-catalog init DIR --account 111111111111 --tenant 222222222222`; "
            "these two are the local simulation's",
        )
    answer: str = click.prompt(f"{question} (12 digits)", default=default, err=True)
    return answer


def _terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _release(folder: Path) -> None:
    """Freeze the first release, unless it is there."""
    from ..definitions import find_product
    from ..releases import freeze, synthesiser
    from ..releases.layout import frozen_versions
    from ..scaffold import FIRST_PRODUCT, FIRST_VERSION

    product = find_product(folder, FIRST_PRODUCT)
    if FIRST_VERSION in frozen_versions(product):
        click.echo(f"{FIRST_PRODUCT} {FIRST_VERSION} is frozen already", err=True)
        return
    click.echo(f"synthesising and checking {FIRST_PRODUCT} {FIRST_VERSION}", err=True)
    synthesise = synthesiser(product.builds, product=product.product, root=folder)
    frozen = freeze(product, FIRST_VERSION, synthesise=synthesise)
    click.echo(frozen.folder)


def _say_next(folder: Path, answers: Answers) -> None:
    lines = [
        "dr-catalog local up    # or use credentials of the hub account",
        f'eval "$(dr-catalog local env --account {answers.account} --region {answers.regions[0]})"',
        "dr-catalog publish --stage dev",
        f"dr-catalog onboard --account {answers.tenant} --stage dev",
    ]
    if folder.resolve() != Path.cwd():
        lines.insert(0, f"cd {shlex.quote(str(folder))}")
    click.echo("next: " + "\n      ".join(lines), err=True)
