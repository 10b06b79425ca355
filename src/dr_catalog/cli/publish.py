"""``dr-catalog publish``: bring a stage to what the repository says."""

from __future__ import annotations

import click


@click.command("publish")
@click.option("--stage", required=True, help="A stage of pipeline/pipeline.yaml.")
@click.option(
    "--root", type=click.Path(exists=True, file_okay=False), default=".", show_default=True
)
@click.option("--output", type=click.Choice(["text", "json"]), default="text")
def command(stage: str, root: str, output: str) -> None:
    """Publish the catalog in a stage: assets, portfolio, versions, guidance."""
    from dataclasses import asdict
    from json import dumps
    from pathlib import Path

    from ..publishing import Accounts, Publishing

    done = Publishing(
        root=Path(root),
        stage=stage,
        accounts=Accounts(),
        say=lambda line: click.echo(line, err=True),
    ).run()
    if output == "json":
        click.echo(dumps([asdict(entry) for entry in done], indent=2))
        return
    for entry in done:
        click.echo(
            f"{entry.region}  {entry.portfolio}  {', '.join(entry.changes) or 'nothing to do'}"
        )
