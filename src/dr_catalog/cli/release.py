"""``dr-catalog release``: freeze a version of a product."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import options

if TYPE_CHECKING:
    from ..definitions import Product
    from ..releases import Frozen


@click.command("release")
@click.argument("product")
@click.argument("version")
@click.option(
    "--root", type=click.Path(exists=True, file_okay=False), default=".", show_default=True
)
@options.output
def command(product: str, version: str, root: str, output: str) -> None:
    """Freeze VERSION of PRODUCT: synthesise, check, compare with the last release, write."""
    from pathlib import Path

    from ..definitions import SemanticVersion, find_product
    from ..releases import freeze, synthesiser

    found = find_product(Path(root), product)
    SemanticVersion.parse(version)  # before anything says it
    click.echo(f"synthesising and checking {product} {version}", err=True)
    synthesise = synthesiser(found.builds, product=found.product, root=Path(root))
    frozen = freeze(found, version, synthesise=synthesise)
    for warning in frozen.warnings:
        click.echo(
            f"warning: {warning.template} {warning.resource} {warning.rule}: {warning.message}",
            err=True,
        )
    if output == "json":
        _print_json(frozen)
    else:
        _print_text(found, frozen)


def _print_json(frozen: Frozen) -> None:
    from .render import as_json

    manifest = frozen.manifest
    content = {
        "product": manifest.product,
        "version": manifest.version,
        "folder": str(frozen.folder),
        "written": frozen.written,
        "templates": dict(manifest.templates),
        "assets": manifest.assets,
        "contract": frozen.contract,
        "add_to_product_yaml": frozen.entry or None,
    }
    as_json(content)


def _print_text(product: Product, frozen: Frozen) -> None:
    manifest = frozen.manifest
    name = f"{manifest.product} {manifest.version}"
    if frozen.written:
        click.echo(f"{name} frozen in {frozen.folder}")
    else:
        click.echo(f"{name} is already frozen, identical")
    for role, entry in manifest.templates.items():
        click.echo(f"  {role}: {entry.resources} resources, sha256 {entry.sha256}")
    if frozen.contract:
        click.echo(str(frozen.contract))
    if frozen.entry:
        click.echo(f"add to {product.folder / 'product.yaml'}, under versions:", err=True)
        click.echo(frozen.entry, err=True)
    click.echo(f"next: dr-catalog verify {manifest.product}", err=True)
