"""``dr-catalog plan``: what a launch or an upgrade would change in both regions, and nothing is changed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import LaunchError, UsageError
from . import options

if TYPE_CHECKING:
    from ..provisioning import Aws, Change, Follow, Nothing, Preview, Provision, Update

CHANGES = 3
_QUIET = "tags"
_RISK = {
    "lost": "DATA LOST",
    "orphaned": "data orphaned: kept, outside the launch",
    "snapshot": "data lost, but for a last snapshot",
    "unknown": "DATA AT RISK: its policy can't be read",
}


@click.command("plan")
@click.argument("product", required=False, shell_complete=options.complete_product)
@options.suffix
@options.layer
@options.version
@options.settings
@options.parameters_file
@options.tags
@click.option(
    "--exit-code", "exit_code", is_flag=True, help="End with code 3 when there are changes."
)
@options.region
@options.output
def command(
    product: str | None,
    suffix: str,
    layer: str,
    version: str | None,
    settings: tuple[str, ...],
    parameters_file: Path | None,
    tags: tuple[str, ...],
    exit_code: bool,
    region: str | None,
    output: str,
) -> None:
    """Show what a launch of PRODUCT, or without PRODUCT an upgrade, would change in both regions.

    It takes the options of launch and upgrade. A real Service Catalog plan is made and deleted again;
    an upgrade of the peer region's stacks is previewed by change sets, also deleted again.
    """
    from ..provisioning import (
        Aws,
        Follow,
        LaunchRequest,
        Nothing,
        UpgradeRequest,
        clear_left_plans,
        pairs,
        plan_launch,
        plan_upgrade,
        preview,
    )

    if tags and product is None:
        raise UsageError("--tag goes with a launch only", hint="leave it out, or name a product")
    if layer and product is not None:
        raise UsageError(
            "--layer goes with an upgrade only", hint="the product is the layer's name"
        )
    aws = Aws(region=region)
    parameters = options.read_parameters(settings, parameters_file)
    given = pairs(tags, option="--tag")
    cleared = ("", product or layer)  # a product may be a tier or a layer
    for left in dict.fromkeys(cleared):
        clear_left_plans(aws, suffix, left)
    step: Provision | Update | Follow | Nothing
    if product is None:
        step = plan_upgrade(
            aws,
            UpgradeRequest(suffix=suffix, layer=layer, version=version, parameters=parameters),
        )
    else:
        step = plan_launch(
            aws,
            LaunchRequest(
                product=product, suffix=suffix, version=version, parameters=parameters, tags=given
            ),
        )
    if step.layer not in cleared:
        clear_left_plans(aws, suffix, step.layer)
    if isinstance(step, Follow):
        raise _running(aws, step)
    found = step if isinstance(step, Nothing) else preview(aws, step)
    for note in found.notes:
        click.echo(note, err=True)
    _show(found, output, peer=aws.peer_region, region=aws.region)
    if exit_code and not isinstance(found, Nothing) and found.changes:
        click.get_current_context().exit(CHANGES)


def _running(aws: Aws, step: Follow) -> LaunchError:
    from ..provisioning.hints import command as command_line

    return LaunchError(
        f"the {step.operation} of '{step.label}' runs at this moment",
        hint=f"see `{command_line(aws, 'events', step.suffix, '--follow', layer=step.layer)}`",
    )


def _show(found: Preview | Nothing, output: str, *, peer: str, region: str) -> None:
    from ..provisioning.model import label
    from .render import as_json, as_table

    changes: tuple[Change, ...] = getattr(found, "changes", ())
    unseen: str = getattr(found, "unseen", "")
    if output == "json":
        as_json(
            {
                "operation": found.operation,
                "suffix": found.suffix,
                "layer": found.layer,
                "product": found.product,
                "version": found.version,
                "region": region,
                "peer_region": peer,
                "changes": changes,
                "unseen": unseen,
                "notes": found.notes,
            }
        )
    else:
        shown = [change for change in changes if change.action != _QUIET]
        if shown:
            as_table(
                ("REGION", "PART", "CHANGE", "RESOURCE", "TYPE", "PROPERTIES", "DATA"),
                (_row(change) for change in shown),
            )
    if unseen:
        click.echo(f"the peer region's part can't be previewed: {unseen}", err=True)
    click.echo(_summary(found.operation, label(found.suffix, found.layer), changes), err=True)


def _row(change: Change) -> tuple[str, ...]:
    action = change.action.upper() if change.action == "replaced" else change.action
    return (
        change.region,
        change.part,
        action,
        change.resource,
        change.type,
        ", ".join(change.properties),
        _RISK.get(change.data, change.data),
    )


def _summary(operation: str, name: str, changes: tuple[Change, ...]) -> str:
    if not changes:
        return f"nothing would change: '{name}'"
    counts = Counter(change.action for change in changes)
    words = [f"{count} {action}" for action, count in counts.items() if action != _QUIET]
    if counts[_QUIET]:
        words.append(f"{counts[_QUIET]} by tags only (not listed)")
    risks = sum(change.data not in ("", "orphaned") for change in changes)
    risk = f"; {risks} WITH DATA AT RISK" if risks else ""
    return f"the {operation} of '{name}' would be: {', '.join(words)}{risk}"
