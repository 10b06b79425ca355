"""``dr-catalog events``: what happened in both regions' stacks, newest last."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from . import options
from .main import INTERRUPTED

if TYPE_CHECKING:
    from ..provisioning import StackEvent


@click.command("events")
@options.suffix
@options.layer
@click.option("--all", "whole", is_flag=True, help="Since the launch, not the last operation only.")
@click.option("--follow", "following", is_flag=True, help="Go on until the operation ends.")
@options.region
@options.output
def command(
    suffix: str, layer: str, whole: bool, following: bool, region: str | None, output: str
) -> None:
    """Show the stack events of the last operation in both regions in one time line, newest last.

    With --follow and --output json, each event is one JSON object on a line of its own.
    """
    from ..errors import UsageError
    from ..provisioning import Aws, follow, timeline
    from .render import as_json

    if whole and following:
        raise UsageError("--all and --follow exclude each other")
    aws = Aws(region=region)
    if not following:
        found = timeline(aws, suffix, layer, whole=whole)
        if output == "json":
            as_json(found)
        else:
            _lines(found)
        return
    try:
        for fresh in follow(aws, suffix, layer):
            if output == "json":
                _json_lines(fresh)
            else:
                _lines(fresh)
    except KeyboardInterrupt:
        click.get_current_context().exit(INTERRUPTED)


def _json_lines(events: Iterable[StackEvent]) -> None:
    from .render import as_json

    for event in events:
        as_json(event, indent=None)


def _lines(events: Iterable[StackEvent]) -> None:
    """A line an event; columns of one width would need all events at once, and they come singly."""
    for event in events:
        reason = f"  {' '.join(event.reason.split())}" if event.reason else ""
        when = event.time.isoformat(timespec="milliseconds")
        click.echo(
            f"{when}  {event.region}  {event.status:<20}  {event.resource}  {event.type}{reason}"
        )
