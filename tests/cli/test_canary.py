"""``canary``: what it prints, and that it clears away for nobody as well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

import dr_catalog.canary as package
from dr_catalog.canary import Trialled

ROOT = Path(__file__).parents[2]
PASSED = Trialled(
    product="warm-standby", version="1.2.0", status="passed", upgraded_from="1.1.0", checks=58
)
BEFORE = Trialled(
    product="warm-standby", version="1.2.0", status="nothing to do", upgraded_from="1.1.0", checks=0
)


class Flown:
    """A canary that says one line and has these results."""

    results: tuple[Trialled, ...] = ()
    said: Any = None

    def __init__(self, *, catalog: Any, ground: Any, say: Any) -> None:
        Flown.said = staticmethod(say)
        say("launching")

    def run(self) -> tuple[Trialled, ...]:
        return self.results

    def clean(self) -> tuple[str, ...]:
        return ("canary-1a-a",) if self.results else ()


@pytest.fixture
def flown(monkeypatch: pytest.MonkeyPatch) -> type[Flown]:
    """Instead of a canary."""
    monkeypatch.setattr(package, "Canary", Flown)
    monkeypatch.setattr(package, "enter", lambda **_: None)
    return Flown


SHOWN = [
    ((PASSED,), "dev  warm-standby 1.2.0  passed (58 checks, upgraded from 1.1.0)\n"),
    ((BEFORE,), "dev  warm-standby 1.2.0  nothing to do\n"),
]


@pytest.mark.parametrize(("results", "shown"), SHOWN)
def test_each_product_has_a_line(
    run: Any, flown: type[Flown], results: tuple[Trialled, ...], shown: str
) -> None:
    flown.results = results
    result: Result = run("canary", "--stage", "dev", "--root", str(ROOT))
    assert (result.stdout, result.stderr) == (shown, "launching\n")
    told = json.loads(
        run("canary", "--stage", "dev", "--root", str(ROOT), "--output", "json").stdout
    )
    assert told[0]["status"] == results[0].status


def test_clean_names_what_it_cleared(run: Any, flown: type[Flown]) -> None:
    for results, shown in (((PASSED,), "cleared away: canary-1a-a\n"), ((), "nothing to do\n")):
        flown.results = results
        result: Result = run("canary", "--stage", "dev", "--clean", "--root", str(ROOT))
        assert result.stdout == shown


def test_who_reads_along_may_go(
    run: Any, flown: type[Flown], monkeypatch: pytest.MonkeyPatch
) -> None:
    flown.results = (BEFORE,)
    run("canary", "--stage", "dev", "--root", str(ROOT))

    def gone(*_: Any, **__: Any) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("click.echo", gone)
    flown.said("terminating")  # raises nothing


def test_an_unknown_stage_is_refused_before_anything(run: Any) -> None:
    result: Result = run("canary", "--stage", "nowhere", "--root", str(ROOT))
    assert result.exit_code == 1
    assert "there is no stage 'nowhere'" in result.stderr
