"""One run of the pipeline: its actions in order, each under its own role, until one says no.

    actions -> still ours? -> source: the commit | build: commands under the project's role
                             | approval: someone's yes                     -> the next action

A lock is held while an action runs, also by its processes, so that two runs never work at once; and
between two actions a run ends when a newer one has taken over the record.
"""

from __future__ import annotations

import contextlib
import fcntl
import re
import signal
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import IO, Protocol

from ..errors import PipelineError, UsageError
from . import shell
from .artifacts import Artifacts
from .buildspec import parse
from .record import DONE, FAILED, REFUSED, RUNNING, WAITING, Record
from .template import Action, Pipeline

NOTHING = "nothing to do"
"""How a line of a command ends that found all as it should be."""
DID, NO_CHANGE, LEFT_OUT, APPROVED = "done", NOTHING, "left out", "approved"
_LAST_LINES = 15
_VARIABLE = re.compile(r"#\{([\w-]+)\.(\w+)\}")


class Show(Protocol):
    """What a run tells while it goes on."""

    def begin(self, action: Action) -> None:
        """An action begins."""

    def line(self, text: str) -> None:
        """A command of it printed this."""

    def end(self, action: Action, outcome: str, seconds: float) -> None:
        """It ended, well or not."""


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What came of one action.

    Args:
        stage: Its stage in the pipeline.
        action: Its name.
        outcome: ``done``, ``nothing to do``, ``left out`` or ``approved``.
        changed: Whether it found something to do in a stage that publishes.
        seconds: How long it took.
    """

    stage: str
    action: str
    outcome: str
    changed: bool
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """An approval that someone must give.

    Args:
        stage: The stage whose gate it is.
        text: What it lets on.
        minutes: How long it may wait.
    """

    stage: str
    text: str
    minutes: int


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run.

    Args:
        id: What tells it from others.
        commit: The commit's id.
        source: The folder with the commit.
        pipeline: What to run.
        promoting: The pipeline's stages that publish; in the others nothing is ever published.
        skip: The names of tests to leave out.
        work: A folder for artifacts.
        lock: A file that one run locks at a time.
        record: The run's record.
        environment: What every build has; its project's variables and credentials join.
        enter: The credentials of a role in the pipeline's account, as environment variables.
        ask: Answers an approval: yes, no, or None when nobody did in time; raises when nobody is there.
        show: What is told meanwhile.
    """

    id: str
    commit: str
    source: Path
    pipeline: Pipeline
    promoting: Collection[str]
    skip: Collection[str]
    work: Path
    lock: Path
    record: Record
    environment: Mapping[str, str]
    enter: Callable[[str], Mapping[str, str]]
    ask: Callable[[Waiting], bool | None]
    show: Show
    _variables: dict[tuple[str, str], str] = field(default_factory=dict)

    def go(self) -> tuple[Ran, ...]:
        """Run every action.

        Returns:
            What came of each.

        Raises:
            UsageError: ``skip`` names what is no test.
            PipelineError: An action failed, an approval was refused or came too late, or a newer run
                has taken over; a rerun resumes.
        """
        self._check_skip()
        with self._alone():
            self.record.begin(run=self.id, commit=self.commit, since=_now())
        artifacts = Artifacts(self.work)
        ran: list[Ran] = []
        with _told_to_stop():
            try:
                for action in self.pipeline.actions:
                    begun = monotonic()
                    outcome, changed = self._action(action, artifacts)
                    ran.append(
                        Ran(
                            stage=action.stage,
                            action=action.name,
                            outcome=outcome,
                            changed=changed,
                            seconds=round(monotonic() - begun, 1),
                        )
                    )
            except BaseException:
                # What has its own end keeps it; nothing else may stay "running".
                with self._alone():
                    now = self.record.read()
                    if now is not None and now.id == self.id and now.status == RUNNING:
                        self.record.change(self.id, status=FAILED, since=_now())
                raise
        with self._alone():
            self.record.change(self.id, status=DONE, at="", since=_now())
        return tuple(ran)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else reads and writes the record meanwhile: a parameter knows no conditions."""
        with self.lock.with_suffix(".record").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _check_skip(self) -> None:
        tests = {each.name for each in self.pipeline.actions if each.category == "Test"}
        for name in self.skip:
            if name not in tests:
                raise UsageError(
                    f"'{name}' can't be left out",
                    why=f"only tests can: {', '.join(sorted(tests)) or 'there are none'}",
                )

    def _action(self, action: Action, artifacts: Artifacts) -> tuple[str, bool]:
        begun, changed = monotonic(), False
        self.show.begin(action)
        outcome = "not given" if action.category == "Approval" else "failed"
        try:
            if action.name in self.skip:
                outcome = LEFT_OUT
            elif action.category == "Approval":
                outcome = self._approval(action)
            elif action.category == "Source":
                self._still_ours(action)
                artifacts.put(action, self.source)
                outcome = DID
            else:
                printed = self._build(action, artifacts)
                same = all(line.endswith(NOTHING) for line in printed)
                changed = action.stage in self.promoting and not same
                outcome = NO_CHANGE if printed and same else DID
        finally:
            self.show.end(action, outcome, monotonic() - begun)
        return outcome, changed

    def _build(self, action: Action, artifacts: Artifacts) -> tuple[str, ...]:
        """Run a build's commands; what they printed to stdout."""
        project = action.project
        assert project is not None
        spec = parse(project.spec, project=project.name)
        with self.lock.open("a") as lock:
            self._wait_for(lock)
            self._still_ours(action)
            folder = artifacts.folder_of(action)
            built = shell.run(
                spec,
                folder=folder,
                environment={
                    **self.environment,
                    **project.environment,
                    **self.enter(project.role),
                    "CODEBUILD_SRC_DIR": str(folder),
                    "CODEBUILD_RESOLVED_SOURCE_VERSION": self.commit,
                },
                keep=lock.fileno(),
                told=self.show.line,
            )
        if built.code:
            raise PipelineError(
                f"{action} failed with exit code {built.code}",
                why="\n        ".join(built.lines[-_LAST_LINES:]) or "it printed nothing",
                hint="mend the reason and run the same command again: it resumes",
            )
        artifacts.keep(action, folder, spec)
        for name, value in built.variables.items():
            self._variables[action.namespace, name] = value
        return built.printed

    def _wait_for(self, lock: IO[str]) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.show.line("waiting for the action of another run to end")
            fcntl.flock(lock, fcntl.LOCK_EX)

    def _approval(self, action: Action) -> str:
        record = self._still_ours(action)
        if record.get(action.stage) == self.commit:
            return APPROVED
        text = _VARIABLE.sub(
            lambda found: self._variables.get((found[1], found[2]), found[0]), action.text
        )
        self._change(status=WAITING, text=text)
        answer = self.ask(Waiting(stage=action.stage, text=text, minutes=action.minutes))
        if answer is not True:
            self._change(status=REFUSED)
            words = "was refused" if answer is False else "was not given in time"
            raise PipelineError(
                f"the approval of stage {action.stage} {words}",
                why="nothing after it has been touched",
                hint="the same command asks again",
            )
        self._change(status=RUNNING, text="", approved={**record, action.stage: self.commit})
        return APPROVED

    def _still_ours(self, action: Action) -> Mapping[str, str]:
        """Go on to the action, unless a newer run has begun; the approvals so far."""
        return self._change(at=str(action), status=RUNNING, since=_now())

    def _change(self, **changes: object) -> Mapping[str, str]:
        with self._alone():
            record = self.record.change(self.id, **changes)
        if record is None:
            raise PipelineError(
                "a newer run has taken over",
                why="a run ends between two actions once a newer one has begun; what it "
                "published is whole",
            )
        return record.approved


@contextlib.contextmanager
def _told_to_stop() -> Iterator[None]:
    """SIGTERM ends a run as ^C does: the action is told, and has ended before the run does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
