"""What a run of the pipeline shows on stderr: every line a command prints, or on a terminal one line
that changes and the outcome of each action."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..promotion.template import Action

_REDRAW_SECONDS = 1.0


class Progress:
    """Shows actions while it is entered; on a terminal it draws each second how long one takes."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._action = self._latest = ""
        self._begun = 0.0
        self._drawing = threading.Thread(target=self._draw_each_second, daemon=True)

    def __enter__(self) -> Progress:
        if self._terminal:
            self._drawing.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()

    def begin(self, action: Action) -> None:
        """An action begins."""
        with self._lock:
            self._action, self._latest, self._begun = str(action), "", time.monotonic()
            # An approval's question stands on lines of its own.
            if not self._terminal:
                click.echo(f"{action} ...", err=True)
            elif action.category == "Approval":
                self._action = ""

    def line(self, text: str) -> None:
        """A command printed this."""
        with self._lock:
            if self._terminal:
                self._latest = text
                self._draw()
            else:
                click.echo(f"    {text}", err=True)

    def end(self, action: Action, outcome: str, seconds: float) -> None:
        """It ended."""
        with self._lock:
            self._action = ""
            clear = "\r\x1b[K" if self._terminal else ""
            click.echo(f"{clear}{action} {outcome} ({seconds:.1f} s)", err=True)

    def _draw_each_second(self) -> None:
        while not self._over.wait(_REDRAW_SECONDS):
            with self._lock:
                self._draw()

    def _draw(self) -> None:
        if not self._action:
            return
        line = f"{self._action} {time.monotonic() - self._begun:.0f} s  {self._latest}"
        width = shutil.get_terminal_size().columns
        visible = "".join(each if each.isprintable() else " " for each in line)[: width - 1]
        click.echo(f"\r\x1b[K{visible}", nl=False, err=True)
