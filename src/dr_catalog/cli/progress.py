"""What a waiting command shows on stderr: plain lines, or a live list on a terminal.

A terminal sees nothing for the first four seconds, then one line a resource that changes in place.
Anything else, a log, gets a line for what happens to a whole stack and for what fails, and every ten
seconds how many resources are done and which are under way.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

    from ..provisioning import StackEvent

LIVE_AFTER_SECONDS = 4.0
COUNT_EVERY_SECONDS = 10.0
STACK = "AWS::CloudFormation::Stack"
_NAMED = 3  # of the resources under way, those that a count names
_BESIDES = 4  # lines of a terminal that the live list leaves free


class Progress:
    """Shows events while it is entered; its ``report`` is what `provisioning.wait` calls.

    Args:
        title: What is being waited for.
        clock: Gives seconds.
    """

    def __init__(self, title: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._title, self._clock = title, clock
        self._begun = self._counted = clock()
        self._terminal = sys.stderr.isatty()
        self._live: Live | None = None
        self._latest: dict[tuple[str, str, str], StackEvent] = {}
        self._blocked = ""

    def __enter__(self) -> Progress:
        if not self._terminal:
            click.echo(self._title, err=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()  # shows the last state once more

    def report(self, events: Sequence[StackEvent], blocked: str) -> None:
        """Take new events, perhaps none, and the reason why there are no more."""
        for event in events:
            self._latest.pop((event.region, event.stack, event.resource), None)
            self._latest[event.region, event.stack, event.resource] = event
        if not self._terminal:
            for event in events:
                if event.type == STACK or event.status.endswith("_FAILED"):
                    click.echo(self._line(event), err=True)
            self._count()
            if blocked and not self._blocked:
                click.echo(f"no progress can be shown: {blocked}", err=True)
        self._blocked = blocked
        if self._live is not None:
            self._live.refresh()
        elif self._terminal and self._elapsed() > LIVE_AFTER_SECONDS:
            self._go_live()

    def _elapsed(self) -> float:
        return self._clock() - self._begun

    def _line(self, event: StackEvent) -> str:
        words = [f"{self._elapsed():5.0f}s", event.region, event.status, event.resource, event.type]
        reason = f": {' '.join(event.reason.split())}" if event.status.endswith("_FAILED") else ""
        return "  ".join(words) + reason

    def _count(self) -> None:
        """Say how far it is, unless that was said a moment ago."""
        if self._clock() - self._counted < COUNT_EVERY_SECONDS:
            return
        self._counted = self._clock()
        resources = [event for event in self._latest.values() if event.type != STACK]
        under_way = [each for each in resources if each.status.endswith("_IN_PROGRESS")]
        named = [f"{each.resource} in {each.region}" for each in under_way[-_NAMED:]]
        more = f" and {len(under_way) - _NAMED} more" if len(under_way) > _NAMED else ""
        click.echo(
            f"{self._elapsed():5.0f}s  {len(resources) - len(under_way)} resources done, under way: "
            f"{', '.join(named) or 'none'}{more}",
            err=True,
        )

    def _go_live(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._live = Live(
            console=Console(stderr=True, highlight=False),
            get_renderable=self._table,
            refresh_per_second=2,
        )
        self._live.start()

    def _table(self) -> Table:
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        title = f"{self._title} ({self._elapsed():.0f} s)"
        if self._blocked:
            title += f": no progress can be shown: {self._blocked}"
        table = Table(
            box=None, pad_edge=False, show_header=False, title=Text(title), title_justify="left"
        )
        room = max(Console(stderr=True).height - _BESIDES, 1)
        for event in list(self._latest.values())[-room:]:
            style = "red" if event.status.endswith("_FAILED") else ""
            table.add_row(event.region, Text(event.status, style=style), event.resource, event.type)
        return table
