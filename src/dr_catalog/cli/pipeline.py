"""``dr-catalog pipeline``: the way of a commit through the stages."""

from __future__ import annotations

import click

from .pipeline_run import command as run


@click.group("pipeline")
def command() -> None:
    """Run the pipeline locally, and see which version is where."""


command.add_command(run)
