"""``dr-catalog tenants``: who has the portfolios, what they run, and what of it is behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import options
from .organisation import ACCESS_ROLE

if TYPE_CHECKING:
    from ..publishing import Tenant


@click.command("tenants")
@click.option("--stage", metavar="STAGE", help="One stage [default: all of them].")
@click.option(
    "--role",
    default=ACCESS_ROLE,
    show_default=True,
    help="The role to assume in the account of a stage that is not the credentials' own.",
)
@click.option(
    "--root", type=click.Path(exists=True, file_okay=False), default=".", show_default=True
)
@options.output
def command(stage: str | None, role: str, root: str, output: str) -> None:
    """List the accounts that have a stage's portfolios, with their launches and versions.

    Each account is looked into from its hub, as the role dr-catalog-observer that onboarding makes there.
    BEHIND counts the newer versions that take launches.
    """
    from pathlib import Path

    from ..publishing import Accounts, Tenants
    from .render import as_json

    found, closed = Tenants(
        root=Path(root), stages=(stage,) if stage else (), accounts=Accounts(role=role)
    ).run()
    if output == "json":
        as_json(found)
    elif found:
        _show(found)
    for each in found:
        if (
            each.unseen and each.accepted
        ):  # without the share nothing can have been launched from it
            click.echo(
                f"stage {each.stage}: {each.account} can't be looked into: {each.unseen}; "
                f"`dr-catalog onboard --account {each.account} --stage {each.stage}` mends it",
                err=True,
            )
    failed = [each for each in closed if each.published or stage]
    for missing in closed:
        if missing in failed:
            click.echo(f"error: stage {missing.stage}: {missing.error}", err=True)
        else:
            click.echo(missing.error.what, err=True)
    if failed:
        click.get_current_context().exit(1)


def _show(found: tuple[Tenant, ...]) -> None:
    from .render import as_table

    rows = []
    for each in found:
        share = each.share if each.accepted else "not accepted"
        head = (each.stage, each.account, share)
        if not each.launches:
            rows.append(
                (*head, "(unseen)" if each.unseen and each.accepted else "", "", "", "", "", "", "")
            )
        for launch in each.launches:
            guidance = f"{launch.guidance}, {launch.notice}" if launch.notice else launch.guidance
            behind = str(launch.behind or "")
            rows.append(
                (
                    *head,
                    launch.suffix,
                    launch.region,
                    launch.product,
                    launch.version,
                    guidance,
                    launch.newest,
                    behind,
                )
            )
    as_table(
        (
            "STAGE",
            "ACCOUNT",
            "SHARE",
            "SUFFIX",
            "REGION",
            "PRODUCT",
            "VERSION",
            "GUIDANCE",
            "NEWEST",
            "BEHIND",
        ),
        rows,
    )
