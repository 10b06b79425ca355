"""``dr-catalog outputs``: what a launch gives out, in both regions."""

from __future__ import annotations

import click

from . import options


@click.command("outputs")
@options.suffix
@options.layer
@options.region
@options.output
def command(suffix: str, layer: str, region: str | None, output: str) -> None:
    """Show a launch's outputs in both regions; as JSON, an object keyed by region.

    Without --layer, those of all layers under the suffix.
    """
    from ..provisioning import Aws, outputs
    from .render import as_json, as_table

    found = outputs(Aws(region=region), suffix, layer)
    if output == "json":
        as_json(found)
        return
    as_table(
        ("REGION", "OUTPUT", "VALUE"),
        ((where, name, value) for where, each in found.items() for name, value in each.items()),
    )
