"""Drives a run: one call does one step once, writes down what came of it, and says what comes next.

    event -> record -> is this the step it is at? -> the step -> outcome -> record -> answer

A repeated or late task finds the record at another step and is sent there, so nothing is done twice. A
task of an execution that no longer drives the run is told so and ends. A step that fails in whatever way
is looked at again: before the point of no return until its patience ends, which aborts the run, after it
for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import procedures
from procedures import Step
from run import Abort, Again, Ask, Go, Outcome, Run, iso, load, seconds
from step_approve import approve
from step_lock import lock
from step_move import move
from step_open import open_writer
from step_preflight import preflight
from step_promote import await_writer, promote, switch
from step_ready import ready
from step_rebuilt import rebuilt
from step_reconcile import reconcile
from step_record import record
from step_rehearse import rehearse
from step_restore import restore
from step_take_writes import close, fence
from step_unlock import release, unlock
from step_verify import verify
from world import Conflict, World

Act = Callable[[World, Run], Outcome]
ACTS: Mapping[str, Act] = {
    "preflight": preflight,
    "approve": approve,
    "fence": fence,
    "close": close,
    "ready": ready,
    "promote": promote,
    "switch": switch,
    "await_writer": await_writer,
    "verify": verify,
    "open": open_writer,
    "move": move,
    "rebuilt": rebuilt,
    "reconcile": reconcile,
    "rehearse": rehearse,
    "restore": restore,
    "record": record,
    "unlock": unlock,
}
"""What each step but ``lock`` does."""


def advance(world: World, event: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a task's event, as ``index`` describes both."""
    name, run_id = str(event["step"]), str(event["run"])
    execution = str(event["execution"])
    if name == procedures.LOCK.name:
        try:
            run, told = lock(world, run_id, execution, event.get("input"))
        except Conflict:
            return _answer(run_id, name, "another was quicker; looking again", wait=1)
        if run is None:
            return _answer(run_id, name, told, wait=procedures.LOCK.pause)
        return _answer(run.id, run.record["state"], told)
    run = load(world, run_id)
    if run is None:
        return _answer(run_id, procedures.ABORTED, f"there is no run {run_id}")
    if run.record["execution"] != execution:
        told = f"the run {run_id} is driven by {run.record['execution']}"
        return _answer(run_id, procedures.ABORTED, told)
    if run.record["outcome"]:
        release(world, run.id)
    if run.record["state"] != name:
        return _answer(run_id, run.record["state"], str(run.record["told"]))
    try:
        return _perform(world, run, procedures.STEPS[name])
    except Conflict:
        return _answer(run_id, name, "the record has changed; looking again", wait=1)


def _perform(world: World, run: Run, step: Step) -> dict[str, Any]:
    """Do the step once, and store what came of it."""
    entry = run.entry(step.name, world.now())
    entry["looks"] += 1
    try:
        outcome = ACTS[step.name](world, run)
    except Exception as error:  # whatever it is, the step is not done
        if isinstance(error, Conflict) and _stale(world, run):
            raise
        outcome = Again(f"{type(error).__name__}: {error}"[:300])
    outcome = _in_time(world, run, step, entry, outcome)
    entry["told"] = run.record["told"] = outcome.told
    if isinstance(outcome, Go | Abort):
        entry["ended"] = iso(world.now())
    if isinstance(outcome, Go):
        entry["outcome"] = "done"
        run.record["state"] = run.after(step.name)
    elif isinstance(outcome, Abort):
        entry["outcome"] = "aborted"
        run.record["aborting"] = outcome.told
        run.record["state"] = procedures.ABORT[0].name
    if run.record["state"] in (procedures.DONE, procedures.ABORTED):
        run.record["outcome"], run.record["ended"] = run.record["state"], iso(world.now())
        run.record["told"] = run.record["aborting"] or outcome.told
    run.save(world)
    if run.record["outcome"]:
        release(world, run.id)
    if isinstance(outcome, Ask):
        return _answer(run.id, procedures.APPROVAL, outcome.told)
    wait = 0
    if isinstance(outcome, Again):
        grown = min(step.longest, step.pause * 2 ** min(entry["looks"] - 1, 12))
        wait = grown if outcome.wait is None else outcome.wait
    return _answer(run.id, run.record["state"], run.record["told"], wait=wait)


def _in_time(
    world: World, run: Run, step: Step, entry: dict[str, Any], outcome: Outcome
) -> Outcome:
    """An abort for what is not done in time, where the run may still abort."""
    if isinstance(outcome, Abort) and (step.forward or run.committed):
        return Again(outcome.told)
    late = world.now() - seconds(entry["began"]) > step.patience
    if not isinstance(outcome, Again) or not late:
        return outcome
    if not step.forward and not run.committed:
        return Abort(f"{step.name} was not done within {step.patience} s: {outcome.told}")
    if not entry.get("overdue"):
        entry["overdue"] = True
        _tell(world, run, f"{step.name} takes longer than {step.patience} s and goes on")
    return outcome


def _stale(world: World, run: Run) -> bool:
    """Whether another has stored the record meanwhile."""
    stored = load(world, run.id)
    return stored is None or stored.version != run.version


def _tell(world: World, run: Run, text: str) -> None:
    try:
        world.machine.tell(f"{run.operation} {run.id}", text)
    except Exception:  # the run does not hang on who listens
        return


def _answer(run_id: str, following: str, told: str, *, wait: int = 0) -> dict[str, Any]:
    return {"run": run_id, "next": following, "wait": int(wait), "told": told}
