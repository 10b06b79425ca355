"""The options that commands share, each defined once."""

from __future__ import annotations

from pathlib import Path

import click

region = click.option(
    "--region", metavar="REGION", help="The region of the launch [default: that of your profile]."
)
suffix = click.option(
    "--suffix",
    required=True,
    metavar="SUFFIX",
    help="The environment suffix that names the launch.",
)
any_suffix = click.option(
    "--suffix", metavar="SUFFIX", help="One launch in detail instead of all of them."
)
output = click.option(
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to print the answer.",
)
version = click.option("--version", metavar="VERSION", help="The version [default: see above].")
settings = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter's value; as often as needed, and stronger than --parameters.",
)
parameters_file = click.option(
    "--parameters",
    "parameters_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A YAML or JSON file of parameter names and values.",
)
no_wait = click.option(
    "--no-wait", is_flag=True, help="Return once it has begun; the same command later follows it."
)


def read_parameters(settings: tuple[str, ...], file: Path | None) -> dict[str, str]:
    """What ``--parameters`` and ``--set`` say together.

    Raises:
        UsageError: A word or the file is malformed.
    """
    from ..provisioning import pairs, read_file

    return {**(read_file(file) if file else {}), **pairs(settings, option="--set")}
