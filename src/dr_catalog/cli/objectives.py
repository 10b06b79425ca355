"""How computed objectives look, with what is promised beside them.

Import it inside a command only: it loads rich.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from ..definitions import Promise, spelled
from ..objectives import LOSSES, ORIGINAL, Loss, Objective, meets_original
from .render import as_table

NAMES = ("rpo", "rto")
UNBOUNDED = "unbounded"


def plain(losses: tuple[Loss, ...], promised: Mapping[str, Promise]) -> dict[str, Any]:
    """The objectives as JSON has them; ``seconds`` is null where nothing bounds them."""
    found: dict[str, Any] = {loss.kind: {} for loss in losses}
    for loss, name, objective in _each(losses):
        worst = objective.worst
        found[loss.kind][name] = {
            "seconds": objective.seconds,
            "promised": _promise(promised, loss, name),
            "store": worst.store,
            "dominant": worst.dominant,
            "sums": [
                {
                    "store": entry.store,
                    "seconds": entry.seconds,
                    "unbounded": entry.unbounded,
                    "lines": entry.lines,
                }
                for entry in objective.sums
            ],
        }
    if losses:
        found["original"] = {
            "rpo": ORIGINAL.rpo,
            "rto": ORIGINAL.rto,
            "met": meets_original(losses),
        }
    return found


def show(losses: tuple[Loss, ...], promised: Mapping[str, Promise]) -> None:
    """Print what they come to, whether the original's are met, and how they add up."""
    as_table(
        ("LOSS", "OBJECTIVE", "COMPUTED", "PROMISED", "WORST STORE", "DOMINATED BY", "OTHERS"),
        (
            (
                loss.kind,
                name.upper(),
                _time(objective.seconds),
                _time(_promise(promised, loss, name), ""),
                objective.worst.store,
                _dominant(objective),
                _others(objective),
            )
            for loss, name, objective in _each(losses)
        ),
    )
    for kind, what in LOSSES.items():
        click.echo(f"{kind}: {what}")
    met = "met" if meets_original(losses) else "NOT met"
    click.echo(
        f"the original's RPO {spelled(ORIGINAL.rpo)} and RTO {spelled(ORIGINAL.rto)} when a region is "
        f"lost: {met}"
    )
    click.echo("\nhow they add up:")
    as_table(("LOSS", "OBJECTIVE", "STORE", "TIME", "TERM", "FROM"), _lines(losses))


def _lines(losses: tuple[Loss, ...]) -> Iterator[tuple[str, ...]]:
    for loss, name, objective in _each(losses):
        for entry in objective.sums:
            where = (loss.kind, name.upper(), entry.store)
            if entry.unbounded:
                yield (*where, UNBOUNDED, "", entry.unbounded)
            for line in entry.lines:
                yield (*where, spelled(line.seconds), line.term, line.source)


def _each(losses: tuple[Loss, ...]) -> Iterator[tuple[Loss, str, Objective]]:
    for loss in losses:
        for name in NAMES:
            yield loss, name, getattr(loss, name)


def _promise(promised: Mapping[str, Promise], loss: Loss, name: str) -> int | None:
    found = promised.get(loss.kind)
    return None if found is None else int(getattr(found, name))


def _dominant(objective: Objective) -> str:
    worst = objective.worst
    if worst.dominant is None:
        return worst.unbounded
    return f"{worst.dominant.term}, {spelled(worst.dominant.seconds)}"


def _others(objective: Objective) -> str:
    """The stores that are back sooner, or lose less."""
    return ", ".join(
        f"{entry.store} {_time(entry.seconds)}"
        for entry in objective.sums
        if entry.seconds != objective.seconds
    )


def _time(seconds: int | None, none: str = UNBOUNDED) -> str:
    return none if seconds is None else spelled(seconds)
