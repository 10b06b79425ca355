"""``dr-catalog status``: every launch as a row, or one in detail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from . import options

if TYPE_CHECKING:
    from ..provisioning import Detail

COLUMNS = (
    "SUFFIX",
    "PRODUCT",
    "VERSION",
    "NEWEST",
    "STATUS",
    "REGION",
    "PEER REGION",
    "LAST RECORD",
)


@click.command("status")
@options.any_suffix
@options.region
@options.output
def command(suffix: str | None, region: str | None, output: str) -> None:
    """Show what is launched in this region, and how it stands.

    TAINTED means that the last operation failed and was rolled back; ERROR, that nothing runs.
    """
    from dataclasses import astuple

    from ..provisioning import Aws, detail, launched
    from .render import as_json, as_table

    aws = Aws(region=region)
    if suffix is not None:
        one = detail(aws, suffix)
        if output == "json":
            as_json(one)
        else:
            _show(one)
        return
    rows = launched(aws)
    if output == "json":
        as_json(rows)
    elif rows:
        as_table(COLUMNS, map(astuple, rows))
    else:
        click.echo(f"nothing is launched in {aws.region}", err=True)
        click.echo("next: dr-catalog products", err=True)


def _show(one: Detail) -> None:
    from .render import as_fields, as_table

    row, record = one.status, one.record
    as_fields(
        (
            ("suffix", row.suffix),
            ("product", row.product),
            ("version", row.version),
            ("newest version", row.newest),
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
