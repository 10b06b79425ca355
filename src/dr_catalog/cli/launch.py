"""``dr-catalog launch``: one Service Catalog launch, which brings up both regions."""

from __future__ import annotations

from pathlib import Path

import click

from . import options
from .operation import run


@click.command("launch")
@click.argument("product", shell_complete=options.complete_product)
@options.suffix
@options.version
@options.settings
@options.parameters_file
@options.tags
@options.no_wait
@options.region
@options.output
def command(
    product: str,
    suffix: str,
    version: str | None,
    settings: tuple[str, ...],
    parameters_file: Path | None,
    tags: tuple[str, ...],
    no_wait: bool,
    region: str | None,
    output: str,
) -> None:
    """Launch PRODUCT, a tier or a layer of its own, under a suffix, in this region and its peer.

    Without --version, the version that the platform team recommends is launched, else the newest.
    The suffix identifies the launch in this account and region; it holds one tier, or any layers, each
    launched after those that it needs. Run it again after an interruption:
    it follows what it began.
    """
    from ..provisioning import Aws, LaunchRequest, pairs, plan_launch
    from ..provisioning.hints import command as command_line

    request = LaunchRequest(
        product=product,
        suffix=suffix,
        version=version,
        parameters=options.read_parameters(settings, parameters_file),
        tags=pairs(tags, option="--tag"),
    )
    aws = Aws(region=region)
    step = plan_launch(aws, request)
    following = command_line(aws, "outputs", suffix, layer=step.layer)
    run(aws, step, no_wait=no_wait, output=output, following=following)
