"""What a waiting command shows on a terminal, and what elsewhere."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import pytest

from dr_catalog.cli.progress import COUNT_EVERY_SECONDS, LIVE_AFTER_SECONDS, STACK, Progress
from tests.provisioning.fakes import event


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def open_terminal(monkeypatch) -> Callable[[], Terminal]:
    """Call it inside the test: before that, pytest would put its own stderr back."""

    def call() -> Terminal:
        monkeypatch.setenv("COLUMNS", "120")
        monkeypatch.setenv("TERM", "xterm")
        made = Terminal()
        monkeypatch.setattr(sys, "stderr", made)
        return made

    return call


def test_a_terminal_sees_nothing_of_what_is_quick(open_terminal, clock):
    terminal = open_terminal()
    with Progress("launching", clock=clock) as progress:
        clock.now += LIVE_AFTER_SECONDS
        progress.report([event("Queue", "CREATE_COMPLETE")], "")
    assert terminal.getvalue() == ""


def test_a_terminal_sees_the_latest_of_each_resource(open_terminal, clock):
    terminal = open_terminal()
    with Progress("launching", clock=clock) as progress:
        progress.report([event("Queue", "CREATE_IN_PROGRESS"), event("Key", "CREATE_FAILED")], "")
        clock.now += LIVE_AFTER_SECONDS + 0.1
        progress.report([event("Queue", "CREATE_COMPLETE", at=2)], "")
    shown = terminal.getvalue()
    assert "launching (4 s)" in shown
    assert "CREATE_FAILED" in shown
    assert "CREATE_COMPLETE" in shown
    assert "CREATE_IN_PROGRESS" not in shown


def test_no_colour_where_none_is_wanted(open_terminal, clock, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = open_terminal()
    with Progress("launching", clock=clock) as progress:
        clock.now += 5
        progress.report([event("Key", "CREATE_FAILED")], "")
    assert "\x1b[31m" not in terminal.getvalue()


def test_blocked_progress_is_said_once(capsys, clock):
    with Progress("launching", clock=clock) as progress:
        progress.report([], "no right")
        progress.report([], "no right")
    assert capsys.readouterr().err == "launching\nno progress can be shown: no right\n"


def test_a_log_gets_stacks_and_failures_and_now_and_then_a_count(capsys, clock):
    with Progress("launching", clock=clock) as progress:
        progress.report(
            [
                event("SC-1", "CREATE_IN_PROGRESS", type=STACK),
                event("Key", "CREATE_COMPLETE"),
                event("Queue", "CREATE_IN_PROGRESS", region="us-west-2"),
            ],
            "",
        )
        clock.now += COUNT_EVERY_SECONDS
        progress.report([], "")
        progress.report([event("Queue", "CREATE_FAILED", region="us-west-2", reason="taken")], "")
    title, stack, count, failed = capsys.readouterr().err.splitlines()
    assert title == "launching"
    assert stack.split() == ["0s", "us-east-1", "CREATE_IN_PROGRESS", "SC-1", STACK]
    assert count.split("  ")[-1] == "1 resources done, under way: Queue in us-west-2"
    assert failed.endswith("us-west-2  CREATE_FAILED  Queue  AWS::SSM::Parameter: taken")
