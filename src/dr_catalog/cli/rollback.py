"""``dr-catalog rollback``: an older version becomes the default again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import options
from .organisation import ACCESS_ROLE

if TYPE_CHECKING:
    from ..publishing import RolledBack


@click.command("rollback")
@click.argument("product")
@click.option("--stage", required=True, help="The stage that must have the version.")
@click.option(
    "--to", "version", required=True, metavar="VERSION", help="The version to go back to."
)
@click.option(
    "--role",
    default=ACCESS_ROLE,
    show_default=True,
    help="The role to assume in the stage's account if the credentials are another account's.",
)
@click.option(
    "--root", type=click.Path(exists=True, file_okay=False), default=".", show_default=True
)
@options.output
def command(product: str, stage: str, version: str, role: str, root: str, output: str) -> None:
    """Make an older version of PRODUCT the default again, in product.yaml.

    Nothing is changed in AWS: commit the file, and the pipeline brings it through its stages to the one
    named. The version must be there already. What tenants on a newer version should do is told.
    """
    from pathlib import Path

    from ..publishing import Accounts, Rollback

    done = Rollback(
        root=Path(root),
        product=product,
        stage=stage,
        version=version,
        accounts=Accounts(role=role),
    ).run()
    if output == "json":
        from .render import as_json

        as_json(done)
    else:
        _show(done)
    if done.changed:
        click.echo(
            f"next: git commit -m 'Roll {done.product} back to {done.version}' {done.file}",
            err=True,
        )


def _show(done: RolledBack) -> None:
    named = f"{done.product} {done.version}"
    if done.changed:
        click.echo(f"{done.file}: {named} is the default, {done.former} is available")
    else:
        click.echo(f"nothing to do: {named} is the default")
    click.echo(
        f"stage {done.stage} has {named}; it becomes the default there when the commit has gone through "
        "the stages before it"
    )
    if done.unseen:
        click.echo(f"not known, since they can't be looked into: {', '.join(done.unseen)}")
    if not done.launches:
        click.echo(f"no launch of stage {done.stage} runs a newer version")
        return
    click.echo("launches of newer versions go on, and take updates; for each of them:")
    for each in done.launches:
        losses = done.losses.get(each.version, ())
        where = f"{each.options} --region {each.region}"
        click.echo(f"  {each}")
        if losses:
            click.echo(
                f"    stay on {each.version}: going back would cost data, {'; '.join(losses)}"
            )
        else:
            click.echo(
                f"    stay, or look with `dr-catalog plan {where} --version {done.version}` and go "
                f"back with `dr-catalog upgrade {where} --version {done.version}`"
            )
