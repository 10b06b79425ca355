"""What ``pipeline run`` refuses, how it asks for an approval, and what it shows."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from dr_catalog.cli import pipeline_progress, pipeline_run
from dr_catalog.errors import PipelineError, UsageError
from dr_catalog.promotion.running import Ran, Waiting
from dr_catalog.promotion.template import Action, Pipeline

ROOT = Path(__file__).parents[2]
GATE = Action(stage="staging", name="approval", category="Approval")
WAITING = Waiting(stage="staging", text="warm-standby 1.0.0 -> 1.1.0", minutes=2)


def test_on_aws_the_pipeline_runs_itself(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    result: Result = run("pipeline", "run", "--root", str(ROOT))
    assert result.exit_code == 1
    assert "aws codepipeline start-pipeline-execution" in result.stderr
    assert "--name dr-catalog" in result.stderr


def test_what_is_in_no_repository_has_no_commit(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    for folder in ("portfolio", "products", "pipeline"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    result: Result = run("pipeline", "run", "--root", str(tmp_path))
    assert result.exit_code == 1
    assert "has no commit that could be run" in result.stderr
    assert "git init" in result.stderr


def test_only_a_stage_with_an_approval_can_be_approved() -> None:
    pipeline = Pipeline(name="p", actions=(GATE,))
    pipeline_run._check_approvals(pipeline, ["staging"])
    with pytest.raises(UsageError, match="stage 'prod' has no approval to give") as told:
        pipeline_run._check_approvals(pipeline, ["staging", "prod"])
    assert told.value.why == "stages with one: staging"


def test_without_a_terminal_it_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline_run, "terminal", lambda: False)
    assert pipeline_run._asker(["staging"])(WAITING) is True
    with pytest.raises(PipelineError, match="is waited for") as told:
        pipeline_run._asker(["dev"])(WAITING)
    assert "dr-catalog pipeline run --approve staging" in told.value.hint


@pytest.mark.parametrize(
    ("typed", "answer"),
    [("y\n", True), ("Yes\n", True), ("\n", False), ("n\n", False), (None, None)],
)
def test_at_a_terminal_it_asks_as_long_as_the_approval_may_wait(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: str | None,
    answer: bool | None,
) -> None:
    waited: list[float] = []

    def ready(read: list[Any], write: Any, other: Any, seconds: float) -> Any:
        waited.append(seconds)
        return (read if typed is not None else [], [], [])

    monkeypatch.setattr(pipeline_run, "terminal", lambda: True)
    monkeypatch.setattr(pipeline_run.select, "select", ready)
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed or ""))
    assert pipeline_run._asker([])(WAITING) is answer
    assert waited == [120]
    assert "warm-standby 1.0.0 -> 1.1.0" in capsys.readouterr().err


def test_a_log_gets_every_line_and_a_terminal_one_that_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    action = Action(stage="dev", name="assets", category="Build")

    class Stream(io.StringIO):
        terminal = False

        def isatty(self) -> bool:
            return self.terminal

    for terminal in (False, True):
        stream = Stream()
        stream.terminal = terminal
        monkeypatch.setattr(sys, "stderr", stream)
        with pipeline_progress.Progress() as progress:
            progress.begin(action)
            progress.line("15 files\x1b[2J")
            progress.end(action, "done", 1.25)
        told = stream.getvalue()
        if terminal:
            assert "\r\x1b[Kdev/assets 0 s  15 files [2J" in told
            assert told.endswith("\r\x1b[Kdev/assets done (1.2 s)\n")
        else:
            assert told.splitlines() == [
                "dev/assets ...",
                "    15 files",
                "dev/assets done (1.2 s)",
            ]


@pytest.mark.parametrize("changed", [True, False])
def test_a_run_that_changed_no_stage_had_nothing_to_do(
    capsys: pytest.CaptureFixture[str], changed: bool
) -> None:
    ran = (
        Ran(stage="Checks", action="verify", outcome="done", changed=False, seconds=1.0),
        Ran(stage="dev", action="assets", outcome="done", changed=changed, seconds=1.0),
    )
    pipeline_run._show("c0ffee" * 5, ran, "text")
    told = capsys.readouterr()
    assert ("next: dr-catalog pipeline status" in told.err) is changed
    assert ("nothing to do: every stage has commit c0ffeec0ffee\n" in told.out) is not changed
