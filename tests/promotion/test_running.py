"""A run of a small pipeline: what its template says, in order, under each role, until one says no."""

from __future__ import annotations

import fcntl
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from dr_catalog.errors import PipelineError, UsageError
from dr_catalog.promotion import shell
from dr_catalog.promotion.buildspec import parse
from dr_catalog.promotion.running import Waiting

from .small import PUBLISH, Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty one."""
    return Place(tmp_path)


def outcomes(place: Place, **given: object) -> dict[str, str]:
    """What came of each action of a run."""
    ran = place.run(**given).go()  # type: ignore[arg-type]
    return {f"{each.stage}/{each.action}": each.outcome for each in ran}


def test_the_templates_actions_run_in_order_each_under_its_projects_role(place: Place) -> None:
    assert list(outcomes(place).items()) == [
        ("Source/source", "done"),
        ("Checks/test", "done"),  # by its run order, though the template lists it second
        ("Checks/verify", "done"),
        ("dev/assets", "done"),
        ("dev/changes", "done"),
        ("dev/approval", "approved"),
        ("prod/assets", "done"),
    ]
    assert place.log == [
        "tested",
        "dev assets as role-dev-assets",
        "prod assets as role-prod-assets",
    ]
    record = place.record.read()
    assert record is not None
    assert (record.status, record.approved) == ("done", {"dev": "c0ffee"})


def test_what_a_build_specification_says_is_what_runs(place: Place) -> None:
    place.run(publish=PUBLISH.replace('"$STAGE $STEP as', '"$STAGE has another command for')).go()
    assert place.log[1] == "dev has another command for role-dev-assets"


def test_an_approval_shows_what_an_earlier_action_exported(place: Place) -> None:
    place.run().go()
    assert place.asked == [Waiting(stage="dev", text="On: one thing", minutes=90)]


def test_an_artifact_holds_what_its_specification_names(place: Place) -> None:
    place.run().go()
    verified = place.folder / "work1" / "verified"
    assert sorted(each.name for each in verified.iterdir()) == ["assembly", "text"]
    assert not (place.folder / "source" / "assembly").exists()


def test_a_second_run_finds_nothing_to_do_and_asks_for_no_approval_again(place: Place) -> None:
    first = place.run().go()
    assert any(each.changed for each in first)
    again = place.run().go()
    assert not any(each.changed for each in again)
    assert {each.outcome for each in again if each.action == "assets"} == {"nothing to do"}
    assert len(place.asked) == 1
    place.run(commit="another").go()
    assert len(place.asked) == 2


def test_a_test_may_be_left_out_and_nothing_else(place: Place) -> None:
    assert outcomes(place, skip=("test",))["Checks/test"] == "left out"
    assert "tested" not in place.log
    assert "Checks/test left out" in place.told.lines
    for name in ("assets", "approval", "nothing"):
        with pytest.raises(UsageError, match="can't be left out"):
            place.run(skip=(name,)).go()


@pytest.mark.parametrize(
    ("answer", "words"), [(False, "was refused"), (None, "was not given in time")]
)
def test_without_a_yes_nothing_further_is_touched(
    place: Place, answer: bool | None, words: str
) -> None:
    place.answer = answer
    with pytest.raises(PipelineError, match=words):
        place.run().go()
    assert "prod assets as role-prod-assets" not in place.log
    record = place.record.read()
    assert record is not None
    assert (record.status, record.at, record.text) == ("refused", "dev/approval", "On: one thing")
    assert place.told.lines[-1] == "dev/approval not given"
    place.answer = True
    assert any(each.changed for each in place.run().go())


def test_who_can_not_ask_leaves_it_waiting_and_the_same_command_resumes(place: Place) -> None:
    def nobody(waiting: Waiting) -> bool:
        raise PipelineError("no terminal")

    place.ask = nobody  # type: ignore[method-assign]
    with pytest.raises(PipelineError, match="no terminal"):
        place.run().go()
    record = place.record.read()
    assert record is not None
    assert (record.status, record.at) == ("waiting", "dev/approval")
    del place.ask
    ran = place.run().go()
    assert [(each.stage, each.outcome) for each in ran if each.action == "assets"] == [
        ("dev", "nothing to do"),
        ("prod", "done"),
    ]


def test_an_action_that_fails_ends_the_run_with_its_last_lines(place: Place) -> None:
    broken = PUBLISH.replace(
        "    commands:\n      - echo",
        "    commands:\n      - test $STAGE = dev || ls /not/there\n      - echo",
    )
    with pytest.raises(PipelineError, match=r"prod/assets failed with exit code 2") as told:
        place.run(publish=broken).go()
    assert "/not/there" in told.value.why
    record = place.record.read()
    assert record is not None
    assert (record.status, record.at) == ("failed", "prod/assets")
    assert "prod/assets failed" in place.told.lines


def test_a_newer_run_supersedes_an_older_one_between_two_actions(place: Place) -> None:
    older = place.run()

    def newer(waiting: Waiting) -> bool:
        place.ask = lambda waiting: True  # type: ignore[method-assign]
        place.run(commit="newer").go()
        return True

    object.__setattr__(older, "ask", newer)
    with pytest.raises(PipelineError, match="a newer run has taken over"):
        older.go()
    record = place.record.read()
    assert record is not None
    assert (record.id, record.commit, record.status) == ("run-2", "newer", "done")
    assert record.approved == {"dev": "newer"}
    assert place.log.count("prod assets as role-prod-assets") == 1


def test_two_runs_never_work_at_once(place: Place) -> None:
    slow = PUBLISH.replace(
        "commands:\n      - echo",
        'commands:\n      - mkdir "$LOG.busy" || exit 7\n      - sleep 0.2\n'
        '      - rmdir "$LOG.busy"\n      - echo',
    )
    runs = [place.run(publish=slow), place.run(publish=slow)]
    ended: list[BaseException | None] = []

    def go(number: int) -> None:
        try:
            runs[number].go()
            ended.append(None)
        except BaseException as error:
            ended.append(error)

    threads = [threading.Thread(target=go, args=(number,)) for number in (0, 1)]
    for thread in threads:
        thread.start()
        time.sleep(0.1)
    for thread in threads:
        thread.join(20)
    assert sorted(str(each).splitlines()[0] for each in ended) == [
        "None",
        "a newer run has taken over",
    ]


def test_what_a_killed_run_left_running_keeps_the_lock_until_it_ends(tmp_path: Path) -> None:
    spec = parse("version: 0.2\nphases: {build: {commands: [sleep 0.4]}}", project="p")
    started = threading.Event()
    lock = (tmp_path / "lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    building = threading.Thread(
        target=shell.run,
        kwargs={
            "spec": spec,
            "folder": tmp_path,
            "environment": {"PATH": "/usr/bin:/bin"},
            "keep": lock.fileno(),
            "told": lambda line: started.set(),
        },
    )
    building.start()
    assert started.wait(10)
    lock.close()  # as when the run itself is gone
    with (tmp_path / "lock").open("w") as other:
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        building.join()
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_an_interruption_reaches_the_commands_and_waits_for_their_end(place: Place) -> None:
    waits = """bash -c 'trap "exit 3" TERM; touch "$LOG.up"; sleep 20 & wait'"""
    clearing = PUBLISH.replace(
        "commands:\n      - echo", f"commands:\n      - {waits}\n      - echo"
    )
    clearing = clearing.rstrip() + '\n    finally: [echo cleared >> "$LOG"]\n'
    interrupted = threading.Thread(target=_interrupt, args=(place.folder / "log.up",))
    interrupted.start()
    with pytest.raises(KeyboardInterrupt):
        place.run(publish=clearing, skip=("test",)).go()
    interrupted.join()
    assert place.log == ["cleared"]
    record = place.record.read()
    assert record is not None
    assert (record.status, record.at) == ("failed", "dev/assets")


def _interrupt(up: Path) -> None:
    deadline = time.monotonic() + 10
    while not up.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(os.getpid(), signal.SIGTERM)


PHASES = [
    ("build: {commands: ['false', echo no], finally: [echo last]}", 1, ["last"]),
    ("build: {commands: [echo a], finally: ['false', echo b]}", 1, ["a", "b"]),
    ("pre_build: {commands: ['exit_ 5']}\n  build: {commands: [echo no]}", 127, []),
    ("build: {commands: ['false']}\n  post_build: {commands: [echo after]}", 1, ["after"]),
    (
        "pre_build: {commands: ['false']}\n  build: {commands: [echo no]}\n"
        "  post_build: {commands: [echo no]}",
        1,
        [],
    ),
    ("build: {commands: [export A=1, cd /, 'echo $A $PWD']}", 0, ["1 /"]),
]


@pytest.mark.parametrize(("phases", "code", "printed"), PHASES)
def test_phases_end_as_codebuilds_do(
    tmp_path: Path, phases: str, code: int, printed: list[str]
) -> None:
    spec = parse(f"version: 0.2\nphases:\n  {phases}\n", project="p")
    with (tmp_path / "lock").open("w") as lock:
        built = shell.run(
            spec,
            folder=tmp_path,
            environment={"PATH": "/usr/bin:/bin"},
            keep=lock.fileno(),
            told=lambda line: None,
        )
    assert (built.code, list(built.printed)) == (code, printed)
