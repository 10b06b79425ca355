"""``dr-catalog synth``: the templates of every stage and of the pipeline, in a folder."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("synth")
@click.option(
    "--output",
    "folder",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The folder to write; what an earlier run left there is replaced.",
)
@click.option(
    "--root", type=click.Path(exists=True, file_okay=False), default=".", show_default=True
)
def command(folder: Path, root: str) -> None:
    """Write the templates that publishing deploys into a folder, for `publish --assembly`.

    Credentials are not needed, and nothing is published. The files' names go to stdout.
    """
    from ..definitions import load_catalog
    from ..publishing import assembly

    assembly.check_folder(folder)
    load_catalog(Path(root))  # says what is wrong in a moment, by file and line
    for file in assembly.write(assembly.synthesise(Path(root)), folder):
        click.echo(file)
