"""``dr-catalog status``: every launch as a row, or one in detail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ..errors import UsageError
from . import options

if TYPE_CHECKING:
    from ..provisioning import Aws, Detail, Drift, Health

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
@click.option("--drift", is_flag=True, help="Compare both regions with their templates.")
@click.option("--health", is_flag=True, help="Ask both regions' /health and /ready.")
@options.region
@options.output
def command(suffix: str | None, drift: bool, health: bool, region: str | None, output: str) -> None:
    """Show what is launched in this region, and how it stands.

    TAINTED means that the last operation failed and was rolled back; ERROR, that nothing runs.
    """
    from dataclasses import astuple

    from ..provisioning import Aws, launched
    from .render import as_json, as_table

    if suffix is None and (drift or health):
        raise UsageError(
            f"{'--drift' if drift else '--health'} looks at one launch", hint="add --suffix SUFFIX"
        )
    aws = Aws(region=region)
    if suffix is not None:
        _one(aws, suffix, drift=drift, health=health, output=output)
        return
    rows = launched(aws)
    if output == "json":
        as_json(rows)
    elif rows:
        as_table(COLUMNS, map(astuple, rows))
    else:
        click.echo(f"nothing is launched in {aws.region}", err=True)
        click.echo("next: dr-catalog products", err=True)


def _one(aws: Aws, suffix: str, *, drift: bool, health: bool, output: str) -> None:
    from dataclasses import asdict

    from .. import provisioning
    from .render import as_json

    one = provisioning.detail(aws, suffix)
    drifts = provisioning.drift(aws, one.stacks) if drift else None
    healths = _asked(aws, suffix) if health else None
    if output == "json":
        more = {"drift": drifts, "health": healths}
        as_json({**asdict(one), **{key: value for key, value in more.items() if value is not None}})
        return
    _show(one)
    if drifts is not None:
        _drift(drifts)
    if healths is not None:
        _health(healths)


def _asked(aws: Aws, suffix: str) -> tuple[Health, ...]:
    from .. import provisioning

    return provisioning.health(aws, provisioning.outputs(aws, suffix), suffix=suffix)


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
