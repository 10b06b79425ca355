"""The options that commands share, each defined once."""

from __future__ import annotations

from pathlib import Path

import click


def complete_product(context: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """The products that begin so."""
    from .completing import products

    return [name for name in products(context.params.get("region")) if name.startswith(begun)]


def complete_suffix(context: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """The launched suffixes that begin so."""
    from .completing import suffixes

    return [name for name in suffixes(context.params.get("region")) if name.startswith(begun)]


def complete_layer(context: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """The layers under the suffix at hand that begin so."""
    from .completing import layers

    found = layers(context.params.get("region"), suffix=context.params.get("suffix"))
    return [name for name in found if name.startswith(begun)]


def complete_version(context: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """The versions of the product at hand that begin so."""
    from .completing import versions

    given = context.params
    # An option without its value yet ends click's reading, with the arguments left over.
    product = given.get("product") or next(iter(context.args), None)
    suffix, layer = given.get("suffix"), given.get("layer") or ""
    found = versions(given.get("region"), product=product, suffix=suffix, layer=layer)
    return [name for name in found if name.startswith(begun)]


region = click.option(
    "--region", metavar="REGION", help="The region of the launch [default: that of your profile]."
)
either_region = click.option(
    "--region",
    metavar="REGION",
    help="Either region of the launch [default: that of your profile].",
)
suffix = click.option(
    "--suffix",
    required=True,
    metavar="SUFFIX",
    help="The environment suffix that names the launch.",
    shell_complete=complete_suffix,
)
layer = click.option(
    "--layer",
    metavar="LAYER",
    default="",
    help="Which layer, where several are launched under the suffix.",
    shell_complete=complete_layer,
)
any_suffix = click.option(
    "--suffix",
    metavar="SUFFIX",
    help="What is launched under it, in detail, instead of everything.",
    shell_complete=complete_suffix,
)
output = click.option(
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to print the answer.",
)
version = click.option(
    "--version",
    metavar="VERSION",
    help="The version [default: see above].",
    shell_complete=complete_version,
)
tags = click.option(
    "--tag", "tags", multiple=True, metavar="KEY=VALUE", help="A tag of the launch."
)
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
