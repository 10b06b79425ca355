"""``dr-catalog describe``: what a product is, before it is launched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import options

if TYPE_CHECKING:
    from ..provisioning import Block, Description, Parameter


@click.command("describe")
@click.argument("product", shell_complete=options.complete_product)
@options.version
@click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    show_default=True,
    help="A clone of the catalog, read where AWS gives no template.",
)
@options.region
@options.output
def command(product: str, version: str | None, root: Path, region: str | None, output: str) -> None:
    """Show PRODUCT's versions, parameters, what it builds in each region, its objectives, and whom to ask.

    Without --version, the version that a launch takes is shown.
    """
    from ..provisioning import Aws, describe

    aws = Aws(region=region)
    found = describe(aws, product, version=version, root=root)
    if output == "json":
        _json(found)
    else:
        _show(found)
    if found.unread:
        click.echo(f"not all that it builds is shown: {found.unread}", err=True)
    click.echo(f"next: dr-catalog launch {found.product.name} --suffix <suffix>", err=True)


def _json(found: Description) -> None:
    from . import objectives
    from .render import as_json

    product = found.product
    as_json(
        {
            "product": product.name,
            "description": product.description,
            "owner": product.owner,
            "support": product.support,
            "default": product.default.name if product.default else None,
            "versions": product.versions,
            "version": found.version.name,
            "kind": "tier" if found.block is None else "layer",
            "needs": found.block.needs if found.block else (),
            "parameters": found.parameters,
            "tag_options": found.tag_options,
            "builds": found.builds,
            "objectives": objectives.plain(found.objectives, found.promised),
            "unread": found.unread,
        }
    )


def _show(found: Description) -> None:
    from . import objectives
    from .render import as_fields, as_table

    product = found.product
    as_fields(
        (
            ("product", product.name),
            ("description", product.description),
            ("owner", product.owner),
            ("support", ", ".join(product.support)),
            *([("needs", _needs(found.block))] if found.block else []),
        )
    )
    click.echo()
    as_table(
        ("VERSION", "GUIDANCE", "DESCRIPTION"),
        (
            (
                version.name,
                "default" if version == product.default else version.guidance.lower(),
                version.description,
            )
            for version in reversed(product.versions)
        ),
    )
    click.echo(f"\nparameters of {found.version.name}:")
    as_table(
        ("PARAMETER", "DEFAULT", "ALLOWED", "DESCRIPTION"),
        (
            (
                each.name,
                "(required)" if each.default is None else each.default,
                _allowed(each),
                each.description,
            )
            for each in found.parameters
        ),
    )
    if found.tag_options:
        click.echo()
        as_table(
            ("TAG", "ALLOWED"),
            ((key, ", ".join(values)) for key, values in found.tag_options.items()),
        )
    if found.builds:
        click.echo(f"\n{found.version.name} builds:")
        as_table(
            ("WHERE", "COUNT", "TYPE"),
            (
                (_where(each.part), _count(each.count, each.conditional), each.type)
                for each in found.builds
            ),
        )
    if found.objectives:
        click.echo(f"\nobjectives of {found.version.name}, with its parameters' defaults:")
        objectives.show(found.objectives, found.promised)


def _needs(block: Block) -> str:
    if not block.needs:
        return "no other layer"
    return f"{', '.join(block.needs)}: launched under the same suffix before it"


def _where(part: str) -> str:
    alone = {"primary": "launch region", "witness": "witness region"}
    return alone.get(part, f"peer region, {part}")


def _count(count: int, conditional: int) -> str:
    return f"{count - conditional} to {count}" if conditional else str(count)


def _allowed(parameter: Parameter) -> str:
    if parameter.allowed:
        return ", ".join(parameter.allowed)
    words = []
    if parameter.min_value is not None or parameter.max_value is not None:
        words.append(f"{_bound(parameter.min_value)} to {_bound(parameter.max_value)}")
    if parameter.min_length is not None or parameter.max_length is not None:
        words.append(f"{parameter.min_length or 0} to {parameter.max_length or '...'} characters")
    return ", ".join([*words, *([parameter.pattern] if parameter.pattern else [])])


def _bound(value: float | None) -> str:
    return "..." if value is None else f"{value:g}"
