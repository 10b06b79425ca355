"""What the function is asked and answers, by the machine, by a person and by the schedule."""

from __future__ import annotations

import importlib.util
import json
from types import ModuleType
from typing import Any

import procedures
import pytest

from ..conftest import HANDLERS
from .ports import world
from .simulated import Schedule, Simulated

RUN = {"run": "r", "execution": "e"}


@pytest.fixture
def sim() -> Simulated:
    sim = Simulated(Schedule(7, fault="down", begins=0, ends=10_000))
    sim.running.add("e")
    return sim


@pytest.fixture
def index(sim: Simulated, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The asset's module, over the simulation; other assets have one of the same name."""
    spec = importlib.util.spec_from_file_location(
        "recovery_index", HANDLERS / "recovery" / "index.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "_world", lambda: world(sim))
    return module


def until_approval(index: ModuleType) -> dict[str, Any]:
    """The answer that leads to the wait for a person."""
    given = {"operation": "failover", "requestedBy": "detection"}
    answer = index.handler({**RUN, "step": "lock", "input": given}, None)
    while answer["next"] != procedures.APPROVAL:
        answer = index.handler({**RUN, "step": answer["next"]}, None)
    return dict(answer)


def test_an_answer_says_what_is_next_and_when(index: ModuleType) -> None:
    given = {"operation": "failover", "requestedBy": "ann"}
    answer = index.handler({**RUN, "step": "lock", "input": given}, None)
    assert set(answer) == {"run", "next", "wait", "told"}
    assert (answer["run"], answer["next"], answer["wait"]) == ("r", "preflight", 0)


def test_a_decision_wakes_who_waits_and_is_the_only_one(index: ModuleType, sim: Simulated) -> None:
    until_approval(index)
    index.handler({**RUN, "step": "approval", "token": "t"}, None)
    assert sim.tokens == set()
    decision = {"decide": "approve", "run": "r", "by": "ann"}
    assert index.handler(decision, None)["decided"] is True
    assert sim.tokens == {"t"}
    again = index.handler({**decision, "decide": "abort", "by": "bob"}, None)
    assert (again["decided"], "ann decided approve" in again["told"]) == (False, True)
    assert index.handler({**RUN, "step": "approve"}, None)["next"] == "fence"
    assert "token" not in sim.record("r")["approval"]


def test_who_waits_after_the_decision_is_woken_at_once(index: ModuleType, sim: Simulated) -> None:
    until_approval(index)
    index.handler({"decide": "abort", "run": "r", "by": "ann"}, None)
    index.handler({**RUN, "step": "approval", "token": "late"}, None)
    assert sim.tokens == {"late"}


@pytest.mark.parametrize(
    "event",
    [
        {"decide": "yes", "run": "r", "by": "ann"},
        {"decide": "approve", "run": "r"},
        {"decide": "approve", "run": "r", "by": "ann", "overrides": ["all"]},
        {"decide": "approve", "run": "other", "by": "ann"},
    ],
)
def test_a_decision_that_is_none_changes_nothing(
    index: ModuleType, sim: Simulated, event: dict[str, Any]
) -> None:
    until_approval(index)
    assert index.handler(event, None)["decided"] is False
    assert "decision" not in sim.record("r")["approval"]


def test_the_watch_says_what_it_found_and_a_line_is_logged(
    index: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = index.handler({"watch": True}, None)
    assert answer == {"told": "us-east-1 can't be told: state in us-east-1"}
    assert json.loads(capsys.readouterr().out)["told"] == answer["told"]
