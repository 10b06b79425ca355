"""The reviewed figures of ``durations.yaml``, and the lines that they make of a sum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..definitions.reader import Section, read
from .model import Line

FILE = Path(__file__).with_name("durations.yaml")


@dataclass(frozen=True)
class Duration:
    """One figure.

    Args:
        seconds: Flat.
        seconds_per_gb: For each GB of the store.
        why: Why it is so.
        page: Where AWS tells of it; empty where it does not.
        database: Whether a tier without a database does without it.
    """

    seconds: int
    seconds_per_gb: int
    why: str
    page: str
    database: bool = False


@dataclass(frozen=True)
class Durations:
    """The file.

    Args:
        sizes_gb: The size assumed of each store.
        figures: By name, some of them by ``name.store``.
        steps: A failover's steps until the traffic has moved, in order.
        elsewhere: The machine's other steps.
    """

    sizes_gb: Mapping[str, int]
    figures: Mapping[str, Duration]
    steps: Mapping[str, Duration]
    elsewhere: tuple[str, ...]

    def line(self, term: str, name: str, *, store: str = "") -> Line:
        """A line of the figure ``name``, or ``name.store``.

        Args:
            term: What the line is called.
            name: The figure.
            store: The store it is of; its size is then part of where the figure comes from.
        """
        figure = self.figures[f"{name}.{store}" if store else name]
        return _line(term, figure, gigabytes=self.sizes_gb.get(store, 0))

    def step(self, name: str) -> Line:
        """A line of a step of the machine."""
        return _line(f"step {name}", self.steps[name], gigabytes=0)


@cache
def load_durations(file: Path = FILE) -> Durations:
    """Read the file.

    Raises:
        DefinitionError: It is not as it must be.
    """
    top = read(file)
    sizes, figures, steps = (top.section(key) for key in ("sizes_gb", "figures", "steps"))
    durations = Durations(
        sizes_gb={name: sizes.number(name) for name in sizes.names},
        figures={name: _duration(figures.section(name)) for name in figures.names},
        steps={name: _duration(steps.section(name)) for name in steps.names},
        elsewhere=top.texts("elsewhere"),
    )
    top.done()
    return durations


def _duration(section: Section) -> Duration:
    duration = Duration(
        seconds=section.number("seconds"),
        seconds_per_gb=section.number("seconds_per_gb", default=0),
        why=section.text("why"),
        page=section.optional_text("page") or "",
        database=section.flag("database", default=False),
    )
    section.done()
    return duration


def _line(term: str, figure: Duration, *, gigabytes: int) -> Line:
    size = f", for {gigabytes} GB" if figure.seconds_per_gb else ""
    page = f" ({figure.page})" if figure.page else ""
    return Line(
        term=term,
        seconds=figure.seconds + figure.seconds_per_gb * gigabytes,
        source=f"reviewed figure{size}, not measured on AWS: {figure.why}{page}",
    )
