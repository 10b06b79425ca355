"""``dr-catalog upgrade``: another version, or other values, for a launch that is there."""

from __future__ import annotations

from pathlib import Path

import click

from . import options
from .operation import run


@click.command("upgrade")
@options.suffix
@options.layer
@options.version
@options.settings
@options.parameters_file
@options.no_wait
@options.region
@options.output
def command(
    suffix: str,
    layer: str,
    version: str | None,
    settings: tuple[str, ...],
    parameters_file: Path | None,
    no_wait: bool,
    region: str | None,
    output: str,
) -> None:
    """Bring a launch to another version or to other values; what is not set stays as it is.

    Without --version, the goal is the version that the platform team recommends, else the newest;
    but where values are set, the version stays.
    """
    from ..provisioning import Aws, UpgradeRequest, plan_upgrade
    from ..provisioning.hints import command as command_line

    request = UpgradeRequest(
        suffix=suffix,
        layer=layer,
        version=version,
        parameters=options.read_parameters(settings, parameters_file),
    )
    aws = Aws(region=region)
    step = plan_upgrade(aws, request)
    following = command_line(aws, "status", suffix, layer=step.layer)
    run(aws, step, no_wait=no_wait, output=output, following=following)
