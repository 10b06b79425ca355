"""What a command that follows a run shows on stderr: a line a step as it ends, and what it told.

A run has a dozen steps: a terminal and a log get the same lines.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..failover import Step


class Steps:
    """Tells steps; its ``report`` is what `failover.follow` calls.

    Args:
        title: What is followed, told first.
        clock: Gives seconds.
    """

    def __init__(self, title: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._begun = clock, clock()
        click.echo(title, err=True)

    def report(self, step: Step) -> None:
        """Take a step that began or ended."""
        told = f": {' '.join(step.told.split())}" if step.told else ""
        self._line(f"{step.step:<13} {step.outcome or '...'}{told}")

    def note(self, words: str) -> None:
        """Say something between the steps."""
        self._line(words)

    def _line(self, words: str) -> None:
        click.echo(f"{self._clock() - self._begun:6.1f}s  {words}", err=True)
