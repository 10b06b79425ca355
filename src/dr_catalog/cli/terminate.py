"""``dr-catalog terminate``: asks, then terminates a launch in both regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import options
from .operation import run
from .question import ask

if TYPE_CHECKING:
    from ..provisioning import Aws, Terminate


@click.command("terminate")
@options.suffix
@options.layer
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.no_wait
@options.region
@options.output
def command(
    suffix: str, layer: str, yes: bool, no_wait: bool, region: str | None, output: str
) -> None:
    """Terminate a launch in both regions.

    Refused while the launch's parameter DeletionProtection is true, and while another layer needs it.
    What becomes of the data is the launch's parameter OnTermination: retain or purge.
    """
    from ..provisioning import Aws, Terminate, plan_termination

    aws = Aws(region=region)
    step = plan_termination(aws, suffix, layer)
    if isinstance(step, Terminate):
        click.echo(_consequence(aws, step), err=True)
        if not yes:
            _ask(aws, step)
    run(aws, step, no_wait=no_wait, output=output)


def _consequence(aws: Aws, step: Terminate) -> str:
    regions = " and ".join(filter(None, (aws.region, step.peer_region or "the peer region")))
    data = {
        "retain": f"key, table and documents are kept in {regions} (OnTermination is retain)",
        "purge": f"all data is deleted in {regions} (OnTermination is purge)",
    }.get(step.on_termination, "what becomes of its data is as its templates say")
    return f"terminating '{step.label}' ({step.product} {step.version}) in {regions}: {data}"


def _ask(aws: Aws, step: Terminate) -> None:
    from ..provisioning.hints import command as command_line

    ask(
        f"Terminate '{step.label}'?",
        doing=f"terminating '{step.label}'",
        hint=command_line(aws, "terminate", step.suffix, "--yes", layer=step.layer),
    )
