"""Lock: one recovery at a time, and a dead one is taken over by the next of its operation.

Who holds the lock is dead when its execution no longer runs; whether it does, Step Functions says. A
run that died before the point of no return begins again at the preflight, with figures of now, and its
approval is asked anew; after it, it goes on where it was.
"""

from __future__ import annotations

from typing import Any

import procedures
from run import DETECTION, LOCK, Run, iso, load
from world import World, Writer

FIRST_EPOCH = 1


def authority(world: World) -> Writer:
    """Who writes, as the peer knows it; at first the launch region, in epoch 1."""
    settings = world.settings
    return world.state.writer(settings.peer) or Writer(settings.launch, FIRST_EPOCH)


def lock(world: World, run_id: str, execution: str, given: Any) -> tuple[Run | None, str]:
    """The run to go on with and what to say; None to look again.

    Raises:
        Conflict: Another was quicker.
    """
    known = load(world, run_id)
    if known and known.record["outcome"]:
        return known, known.record["told"]
    if known and known.record["state"] != procedures.LOCK.name:
        return known, known.record["told"]  # a repeat
    if not world.machine.running(execution):
        return _refused(
            world, known or _new(world, run_id, execution, {}), "its execution has ended"
        )
    problem = _problem(given)
    if problem:
        return _refused(world, known or _new(world, run_id, execution, {}), problem)
    run = known or _new(world, run_id, execution, given)
    held = world.state.item(LOCK)
    if held and held["run"] != run_id:
        holder = load(world, str(held["run"]))
        if holder and not holder.record["outcome"]:
            return _beside(world, holder, run, given)
    refusal = _wrong_way(run, authority(world), world)
    if refusal:
        return _refused(world, run, refusal)
    if not known:
        run.save(world)
    if not held or held["run"] != run_id:
        world.state.put(
            {
                "id": LOCK,
                "version": int(held["version"]) + 1 if held else 1,
                "run": run_id,
                "operation": run.operation,
                "since": iso(world.now()),
                "execution": execution,
            }
        )
    entry = run.entry(procedures.LOCK.name, world.now())
    entry.update(ended=iso(world.now()), outcome="done", looks=1, told="no other recovery runs")
    run.record["state"] = run.after(procedures.LOCK.name)
    run.save(world)
    return run, entry["told"]


def _beside(world: World, holder: Run, run: Run, given: dict[str, Any]) -> tuple[Run | None, str]:
    """What becomes of a run that finds the lock held by one without an outcome."""
    driver, execution = str(holder.record["execution"]), str(run.record["execution"])
    if driver == execution:  # taken over already, and asked again
        return holder, f"goes on with {holder.id}"
    if world.machine.running(driver):
        told = f"{holder.operation} {holder.id} is running, at {holder.record['state']}"
        return _refused(world, run, told)
    if given["operation"] != holder.operation:
        told = (
            f"{holder.operation} {holder.id} was stopped at {holder.record['state']} and is not "
            f"finished; start {holder.operation} again, which goes on with it"
        )
        return _refused(world, run, told)
    _take_over(world, holder, execution, given)
    return holder, f"goes on with {holder.id}, whose execution had ended"


def _take_over(world: World, run: Run, execution: str, given: dict[str, Any]) -> None:
    record, by = run.record, str(given.get("requestedBy") or "unknown")
    record["execution"] = execution
    record["takenOver"].append({"execution": execution, "by": by, "at": iso(world.now())})
    last = record["steps"][-1] if record["steps"] else None
    if last and not last["ended"]:
        last.update(ended=iso(world.now()), outcome="interrupted")
    if not run.committed and not run.aborting:
        record["state"] = procedures.PREFLIGHT.name
        record["requestedBy"], record["approval"] = by, {}
        record["overrides"] = sorted(given.get("overrides", ()))  # who goes on, waives
    run.save(world)


def _new(world: World, run_id: str, execution: str, given: dict[str, Any]) -> Run:
    settings, now, writer = world.settings, iso(world.now()), authority(world)
    operation = str(given.get("operation", ""))
    return Run(
        {
            "run": run_id,
            "operation": operation,
            "mode": settings.mode,
            "requestedBy": str(given.get("requestedBy") or "unknown"),
            "reason": str(given.get("reason") or ""),
            "overrides": sorted(given.get("overrides", ())),
            "moveTraffic": given.get("moveTraffic", True),
            "began": now,
            "ended": "",
            "state": procedures.LOCK.name,
            "outcome": "",
            "told": "",
            "execution": execution,
            "takenOver": [],
            "from": writer.region,
            "to": settings.other(writer.region),
            "epoch": writer.epoch + 1,
            "committed": False,
            "aborting": "",
            "touched": [],
            "steps": [],
            "figures": {"rpoPromise": settings.rpo, "rtoPromise": settings.rto},
            "approval": {},
        }
    )


def _refused(world: World, run: Run, told: str) -> tuple[Run, str]:
    """A run that is over before it touched anything."""
    run.record.update(
        state=procedures.ABORTED, outcome="refused", told=told, ended=iso(world.now())
    )
    run.save(world)
    return run, told


def _problem(given: Any) -> str:
    """What is wrong with an execution's input; empty when nothing is."""
    if not isinstance(given, dict):
        return "the input must be a JSON object"
    operations, overrides = " ".join(procedures.PROCEDURES), " ".join(procedures.OVERRIDES)
    if given.get("operation") not in procedures.PROCEDURES:
        return f"'operation' must be one of: {operations}"
    unknown = sorted(
        set(given) - {"operation", "requestedBy", "reason", "overrides", "moveTraffic"}
    )
    if unknown:
        return f"these are not known: {' '.join(unknown)[:100]}"
    waived = given.get("overrides", [])
    if not isinstance(waived, list) or not set(map(str, waived)) <= set(procedures.OVERRIDES):
        return f"'overrides' must be a list of: {overrides}"
    if not isinstance(given.get("moveTraffic", True), bool):
        return "'moveTraffic' must be true or false"
    if given.get("requestedBy") == DETECTION and given["operation"] != procedures.FAILOVER:
        return "detection starts a failover and nothing else"
    return ""


def _wrong_way(run: Run, writer: Writer, world: World) -> str:
    """Why this operation is not one for where the writer is; empty when it is."""
    at_home = writer.region == world.settings.launch
    if run.operation == procedures.FAILBACK and at_home:
        return f"the writer is in the launch region {writer.region} already"
    if run.operation != procedures.FAILBACK and not at_home:
        return f"the writer is in {writer.region} already; failback brings it back"
    return ""
