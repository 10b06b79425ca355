"""``dr-catalog products``: what the portfolios offer to these credentials."""

from __future__ import annotations

import click

from . import options


@click.command("products")
@options.region
@options.output
def command(region: str | None, output: str) -> None:
    """List the products you may launch, with their versions.

    "Default" is the version that a launch takes when it names none.
    """
    from ..provisioning import Aws, offered
    from .render import as_json, as_table

    products = offered(Aws(region=region))
    if output == "json":
        as_json(
            [
                {
                    "name": product.name,
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
        ("PRODUCT", "DEFAULT", "VERSIONS", "DESCRIPTION"),
        (
            (
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
