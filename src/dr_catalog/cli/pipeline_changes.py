"""``dr-catalog pipeline changes``: what promotion from a stage changes for the next one's tenants."""

from __future__ import annotations

import click

from ..errors import PipelineError, UsageError
from . import options
from .organisation import ACCESS_ROLE


@click.command("changes")
@click.option("--stage", required=True, help="The stage before the gate.")
@click.option(
    "--role",
    default=ACCESS_ROLE,
    show_default=True,
    help="The role to assume in the next stage's account.",
)
@click.option(
    "--root", type=click.Path(exists=True, file_okay=False), default=".", show_default=True
)
@options.output
def command(stage: str, role: str, root: str, output: str) -> None:
    """Say for each product what the next stage's default becomes, in 900 characters at most.

    The commit's default is compared with the default that the next stage has, release by release.
    """
    from pathlib import Path

    from ..definitions import load_catalog
    from ..promotion.changes import promotions, text
    from ..promotion.standing import standing
    from ..publishing import Accounts
    from ..publishing.commit import find_stage
    from .render import as_json

    catalog = load_catalog(Path(root))
    following = catalog.pipeline.after(find_stage(catalog, stage))
    if following is None:
        raise UsageError(
            f"no stage follows {stage}",
            why=f"the stages in order: {', '.join(each.name for each in catalog.pipeline.stages)}",
        )
    there = standing(following, Accounts(role=role))
    if there.unreachable:
        raise PipelineError(
            f"what stage {following.name} has can't be told",
            why=there.unreachable,
            hint=f"name a role in account {following.account} that may be assumed, with --role",
        )
    found = promotions(catalog, following=following, there=there)
    if output == "json":
        as_json({"stage": stage, "next": following.name, "products": found})
    else:
        click.echo(text(found, following=following.name))
