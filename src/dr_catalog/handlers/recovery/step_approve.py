"""Approve: a person decides what a machine has found, or nobody does in time and nothing is touched.

The decision is a change of the record, and the first one in time is the only one: a second, a late one
and one that leaves a problem of the preflight unwaived change nothing and are told why. The task token
only wakes the machine, which then looks here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import procedures
from recovery_settings import AUTOMATIC
from run import Abort, Ask, Go, Outcome, Run, iso, load, seconds
from step_preflight import unmet
from world import Conflict, World

YES, NO = "approve", "abort"
ATTEMPTS = 5


def approve(world: World, run: Run) -> Outcome:
    """Ask, or look at what was decided."""
    left = unmet(run, run.record["overrides"])
    if run.by_person:
        return Go(f"{run.record['requestedBy']} asked for it")
    if run.record["mode"] == AUTOMATIC and not left:
        return Go("automatic")
    approval = run.record["approval"]
    if not approval:
        until = iso(world.now() + procedures.APPROVE.patience)
        run.record["approval"] = approval = {"askedAt": iso(world.now()), "until": until}
        run.save(world)
    approval.pop("token", None)  # whoever waited with it waits no more
    if approval.get("decision") == YES:
        run.record["overrides"] = sorted({*run.record["overrides"], *approval["overrides"]})
        return Go(f"{approval['decidedBy']} approved")
    if approval.get("decision") == NO:
        return Abort(f"{approval['decidedBy']} decided against it")
    if world.now() > seconds(approval["until"]):
        return Abort("nobody decided in time, and nothing has been touched")
    if not approval.get("toldAt"):
        world.machine.tell(f"{run.operation} {run.id} waits for a decision", _question(run, left))
        approval["toldAt"] = iso(world.now())
    return Ask(f"waits for a decision until {approval['until']}")


def wait(world: World, run_id: str, execution: str, token: str) -> None:
    """Remember the token that wakes the machine; wake it at once when all is decided already."""
    for _ in range(ATTEMPTS):
        run = load(world, run_id)
        if run is None or run.record["execution"] != execution or not _open(run):
            world.machine.wake(token)
            return
        run.record["approval"]["token"] = token
        try:
            run.save(world)
        except Conflict:
            continue
        return
    world.machine.wake(token)


def decide(world: World, event: Mapping[str, Any]) -> tuple[bool, str]:
    """Decide for a person: whether it counted, and what there is to say."""
    decision, by = event["decide"], str(event.get("by") or "")
    overrides = [str(each) for each in event.get("overrides", ())]
    if decision not in (YES, NO) or not by or not set(overrides) <= set(procedures.OVERRIDES):
        return False, f"'decide' is {YES} or {NO}, 'by' says who, overrides are known ones"
    for _ in range(ATTEMPTS):
        run = load(world, str(event["run"]))
        if run is None:
            return False, f"there is no run {event['run']}"
        approval = run.record["approval"]
        if approval.get("decision"):
            done = f"{approval['decidedBy']} decided {approval['decision']}"
            return False, f"{done} at {approval['decidedAt']}"
        if not _open(run):
            return False, f"{run.id} does not wait for a decision; it is at {run.record['state']}"
        if world.now() > seconds(approval["until"]):
            return False, f"the time to decide ended at {approval['until']}"
        left = unmet(run, [*run.record["overrides"], *overrides])
        if decision == YES and left:
            told = "; ".join(f"{name}: {why}" for name, why in left.items())
            return False, f"{told}. Approve with the override {' '.join(left)}, or abort"
        approval.update(
            decision=decision, decidedBy=by, decidedAt=iso(world.now()), overrides=overrides
        )
        try:
            run.save(world)
        except Conflict:
            continue
        if approval.get("token"):
            world.machine.wake(approval["token"])
        return True, f"{by} decided {decision}"
    return False, "others were in the way; repeat it"


def _open(run: Run) -> bool:
    approval = run.record["approval"]
    at_it = run.record["state"] == procedures.APPROVE.name
    return bool(at_it and approval and not approval.get("decision"))


def _question(run: Run, left: Mapping[str, str]) -> str:
    lag = run.figures.get("lag", {}).get("milliseconds")
    behind = "an unknown time" if lag is None else f"{lag / 1000:.1f} s"
    lines = [
        f"{run.source} does not answer: {run.record['reason'] or 'no reason given'}.",
        f"{run.target} is behind by {behind}; {run.figures['rpoPromise']} s are promised.",
        *(f"Needs the override {name}: {why}." for name, why in left.items()),
        f"Run {run.id} waits until {run.record['approval']['until']}.",
    ]
    return "\n".join(lines)
