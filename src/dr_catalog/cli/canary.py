"""``dr-catalog canary``: try what a stage offers by default, and leave nothing behind."""

from __future__ import annotations

import click

from .. import names


@click.command("canary")
@click.option("--stage", required=True, help="A stage of pipeline/pipeline.yaml.")
@click.option("--clean", is_flag=True, help="Only clear away what an interrupted canary left.")
@click.option(
    "--role",
    default=names.CANARY_ROLE,
    show_default=True,
    help="The role to assume in the stage's account, with credentials of another.",
)
@click.option(
    "--root", type=click.Path(exists=True, file_okay=False), default=".", show_default=True
)
@click.option("--output", type=click.Choice(["text", "json"]), default="text")
def command(stage: str, clean: bool, role: str, root: str, output: str) -> None:
    """Launch, check, upgrade to and terminate each default version that has not passed in the stage.

    Two launches run side by side under throw-away suffixes: of the version itself, and of the version
    before it, which is then upgraded. Both regions are looked at. ^C and SIGTERM end it cleared.
    """
    import contextlib
    from pathlib import Path

    from ..canary import Canary, enter
    from ..definitions import load_catalog
    from ..publishing import Accounts
    from ..publishing.publish import find_stage
    from .render import as_json

    def say(line: str) -> None:
        with contextlib.suppress(OSError):  # whoever read along is gone: it is cleared all the same
            click.echo(line, err=True)

    catalog = load_catalog(Path(root))
    canary = Canary(
        catalog=catalog,
        ground=enter(stage=find_stage(catalog, stage), accounts=Accounts(role=role)),
        say=say,
    )
    if clean:
        cleared = canary.clean()
        if output == "json":
            as_json(cleared)
        else:
            click.echo(f"cleared away: {', '.join(cleared)}" if cleared else "nothing to do")
        return
    done = canary.run()
    if output == "json":
        as_json(done)
        return
    for each in done:
        more = ""
        if each.status == "passed":
            came = f", upgraded from {each.upgraded_from}" if each.upgraded_from else ""
            more = f" ({each.checks} checks{came})"
        click.echo(f"{stage}  {each.product} {each.version}  {each.status}{more}")
