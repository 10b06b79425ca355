"""``dr-catalog products``: what the portfolios offer to these credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import options

if TYPE_CHECKING:
    from ..provisioning import Product


@click.command("products")
@options.region
@options.output
def command(region: str | None, output: str) -> None:
    """List the products you may launch, with their versions.

    "Default" is the version that a launch takes when it names none. Tiers come first, then layers to
    launch one by one, by the portfolio that offers them.
    """
    from ..provisioning import Aws, offered
    from .render import as_json, as_table

    products = sorted(offered(Aws(region=region)), key=_order)
    if output == "json":
        as_json(
            [
                {
                    "name": product.name,
                    "portfolios": [path.name for path in product.paths],
                    "description": product.description,
                    "owner": product.owner,
                    "default": product.default.name if product.default else None,
                    "versions": [
                        {
                            "name": version.name,
                            "guidance": version.guidance,
                            "description": version.description,
                        }
                        for version in product.versions
                    ],
                }
                for product in products
            ]
        )
        return
    if not products:
        click.echo("no portfolio offers these credentials a product in this region", err=True)
        return
    as_table(
        ("PORTFOLIO", "PRODUCT", "DEFAULT", "VERSIONS", "DESCRIPTION"),
        (
            (
                ", ".join(path.name for path in product.paths),
                product.name,
                product.default.name if product.default else "",
                ", ".join(
                    f"{version.name} ({version.notice or 'deprecated'})"
                    if version.guidance == "DEPRECATED"
                    else version.name
                    for version in reversed(product.versions)
                ),
                product.description,
            )
            for product in products
        ),
    )
    first = products[0].name
    click.echo(f"next: dr-catalog launch {first} --suffix <suffix>", err=True)


def _order(product: Product) -> tuple[bool, list[str], str]:
    from ..provisioning.blocks import LAYERS

    return product.name in LAYERS, [path.name for path in product.paths], product.name
