"""How answers look: a table for people, JSON for programs, both on stdout.

Import it inside a command only: it loads rich.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, is_dataclass
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDE = 10_000  # no terminal: a line is never cut or wrapped


def as_json(answer: Any, *, indent: int | None = 2) -> None:
    """Print an answer as JSON; dataclasses become objects, times ISO 8601."""
    click.echo(json.dumps(answer, indent=indent, default=_plain))


def as_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under a header, an empty cell as ``-``."""
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(Text(cell or "-") for cell in row))
    _print(table)


def as_fields(fields: Iterable[tuple[str, str]]) -> None:
    """Print names and values, a line each."""
    table = Table.grid(padding=(0, 2))
    for name, value in fields:
        table.add_row(Text(name, style="bold"), Text(value or "-"))
    _print(table)


def _print(table: Table) -> None:
    if sys.stdout.isatty():
        Console(highlight=False).print(table)
        return
    console = Console(width=_WIDE, highlight=False)
    with console.capture() as capture:
        console.print(table)
    for line in capture.get().splitlines():
        click.echo(line.rstrip())


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")
