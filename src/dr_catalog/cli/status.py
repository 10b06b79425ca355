"""``dr-catalog status``: every launch as a row, the layers of one suffix, or one launch in detail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from . import options

if TYPE_CHECKING:
    from ..provisioning import Aws, Detail, Drift, Health, Status

COLUMNS = (
    "SUFFIX",
    "PRODUCT",
    "VERSION",
    "NEWEST",
    "RECOMMENDED",
    "STATUS",
    "REGION",
    "PEER REGION",
    "LAST RECORD",
)


@click.command("status")
@options.any_suffix
@options.layer
@click.option("--drift", is_flag=True, help="Compare both regions with their templates.")
@click.option("--health", is_flag=True, help="Ask both regions' /health and /ready.")
@options.region
@options.output
def command(
    suffix: str | None, layer: str, drift: bool, health: bool, region: str | None, output: str
) -> None:
    """Show what is launched in this region, and how it stands.

    TAINTED means that the last operation failed and was rolled back; ERROR, that nothing runs. Where
    several layers are launched under the suffix, each is a row, and --layer shows one in detail.
    """
    from .. import provisioning

    if suffix is None and (layer or drift or health):
        asked = "--layer" if layer else "--drift" if drift else "--health"
        raise UsageError(f"{asked} looks at one suffix", hint="add --suffix SUFFIX")
    aws = provisioning.Aws(region=region)
    if suffix is None:
        _all(aws, output)
        return
    rows = provisioning.standing(aws, suffix, layer)
    details = (
        [provisioning.detail(aws, suffix, row.layer) for row in rows]
        if drift or len(rows) == 1
        else []
    )
    stacks = [stack for each in details for stack in each.stacks]
    drifts = provisioning.drift(aws, stacks) if drift else None
    healths = _asked(aws, suffix, layer) if health else None
    if output == "json":
        _json(details[0] if len(rows) == 1 else {"launches": rows}, drift=drifts, health=healths)
        return
    if len(rows) == 1:
        _show(details[0])
    else:
        _table(rows)
        click.echo(f"next: {_closer(aws, rows[0])}", err=True)
    if drifts is not None:
        _drift(drifts)
    if healths:
        _health(healths)
    elif healths is not None:
        click.echo("no API to ask is launched under it", err=True)


def _all(aws: Aws, output: str) -> None:
    from ..provisioning import launched
    from .render import as_json

    rows = launched(aws)
    if output == "json":
        as_json(rows)
    elif rows:
        _table(rows)
    else:
        click.echo(f"nothing is launched in {aws.region}", err=True)
        click.echo("next: dr-catalog products", err=True)


def _closer(aws: Aws, row: Status) -> str:
    from ..provisioning.hints import command as command_line

    return command_line(aws, "status", row.suffix, layer=row.layer)


def _table(rows: Sequence[Status]) -> None:
    from .render import as_table

    as_table(
        COLUMNS,
        (
            (
                row.suffix,
                row.product,
                row.version,
                row.newest,
                row.recommended,
                row.status,
                row.region,
                row.peer_region,
                row.last_record,
            )
            for row in rows
        ),
    )


def _json(told: Detail | dict[str, Any], **more: Any) -> None:
    from dataclasses import asdict

    from .render import as_json

    shown = told if isinstance(told, dict) else asdict(told)
    as_json({**shown, **{key: value for key, value in more.items() if value is not None}})


def _asked(aws: Aws, suffix: str, layer: str) -> tuple[Health, ...]:
    from .. import provisioning

    return provisioning.health(aws, provisioning.outputs(aws, suffix, layer), suffix=suffix)


def _drift(drifts: tuple[Drift, ...]) -> None:
    from .render import as_table

    click.echo()
    as_table(
        ("REGION", "STACK", "DRIFT", "REASON"),
        ((each.region, each.stack, each.status, each.reason) for each in drifts),
    )
    rows = [
        (
            found.region,
            found.resource,
            found.type,
            found.status,
            *((each.path, each.expected, each.actual) if each else ("", "", "")),
        )
        for stack in drifts
        for found in stack.resources
        for each in found.differences or (None,)
    ]
    if rows:
        click.echo()
        as_table(("REGION", "RESOURCE", "TYPE", "IS", "PROPERTY", "TEMPLATE SAYS", "FOUND"), rows)


def _health(healths: tuple[Health, ...]) -> None:
    from .render import as_table

    click.echo()
    as_table(
        ("REGION", "ROLE", "HEALTHY", "READY", "FAILING"),
        (
            (
                each.region,
                each.role,
                *(["off", "off"] if each.off else map(_yes, (each.healthy, each.ready))),
                "; ".join(
                    filter(
                        None, (each.error, *(f"{k}: {v}" for k, v in (each.failing or {}).items()))
                    )
                ),
            )
            for each in healths
        ),
    )


def _yes(it_is: bool) -> str:
    return "yes" if it_is else "NO"


def _show(one: Detail) -> None:
    from .render import as_fields, as_table

    row, record = one.status, one.record
    as_fields(
        (
            ("suffix", row.suffix),
            *([("layer", row.layer)] if row.layer else []),
            ("product", row.product),
            ("version", row.version),
            ("newest version", row.newest),
            ("recommended version", row.recommended),
            ("status", row.status),
            *([("reason", one.reason)] if one.reason else []),
            ("region", row.region),
            ("peer region", row.peer_region),
            ("last record", f"{record.id} {record.kind} {record.status}"),
            ("since", record.created.isoformat(timespec="seconds")),
            *((f"parameter {name}", value) for name, value in one.parameters.items()),
        )
    )
    if one.stacks:
        click.echo()
        as_table(
            ("REGION", "STACK", "STATUS"),
            ((stack.region, stack.name, stack.status) for stack in one.stacks),
        )
    if one.unread:
        click.echo(f"not all stacks are shown: {one.unread}", err=True)
