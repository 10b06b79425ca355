"""``dr-catalog publish``: bring a stage to what the repository says."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("publish")
@click.option("--stage", required=True, help="A stage of pipeline/pipeline.yaml.")
@click.option(
    "--step",
    type=click.Choice(["assets", "portfolio", "guidance", "digests"]),
    help="One step alone; they are done in this order [default: all four].",
)
@click.option(
    "--assembly",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Templates that `dr-catalog synth` wrote [default: synthesised now].",
)
@click.option(
    "--role",
    metavar="NAME",
    help="The role to assume in the stage's account, where the credentials are another account's; "
    "with dr-catalog-publish, the stage before is looked at as dr-catalog-reader.",
)
@click.option(
    "--root", type=click.Path(exists=True, file_okay=False), default=".", show_default=True
)
@click.option("--output", type=click.Choice(["text", "json"]), default="text")
def command(
    stage: str, step: str | None, folder: Path | None, role: str | None, root: str, output: str
) -> None:
    """Publish the catalog in a stage: assets, portfolio, guidance, digests.

    What is there already is left untouched, and what can't be published is refused before anything is
    written. Run it again after a failure: it resumes.
    """
    from dataclasses import asdict
    from json import dumps

    from ..publishing import Accounts, Publishing

    done = Publishing(
        root=Path(root),
        stage=stage,
        accounts=Accounts(role=role) if role else Accounts(),
        say=lambda line: click.echo(line, err=True),
        foreign=role is not None,
        **({"steps": (step,)} if step else {}),
        folder=folder,
    ).run()
    if output == "json":
        click.echo(dumps([asdict(entry) for entry in done], indent=2))
        return
    for entry in done:
        click.echo(
            f"{entry.region}  {' '.join(entry.portfolios.values()) or '-'}  {', '.join(entry.changes) or 'nothing to do'}"
        )
