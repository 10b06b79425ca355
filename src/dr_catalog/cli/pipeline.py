"""``dr-catalog pipeline``: the way of a commit through the stages.

A command is a module ``pipeline_<name>`` of this package.
"""

from __future__ import annotations

import click

from .lazy import LazyGroup

COMMANDS = {
    "deploy": "Deploy the pipeline, and its access to the stages' accounts.",
    "run": "Run the pipeline's actions in the local simulation.",
    "status": "Show which version is in which stage, what waits and what differs.",
    "changes": "Say what promotion from a stage changes for the next one's tenants.",
}


@click.group("pipeline", cls=LazyGroup, lazily=COMMANDS, prefix="pipeline_")
def command() -> None:
    """Deploy the pipeline, run it locally, and see which version is where."""
