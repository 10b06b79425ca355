"""Preflight: is the peer able, what would be lost, and is there a reason at all?

It reads and changes nothing. What it finds against the run is a problem under the name of the override
that waives it. A person's run with a problem left is refused. Detection's goes to a person, in either
mode; and it ends here when the launch region answers or a recovery has just ended, since then probes
lie or the region flaps.
"""

from __future__ import annotations

import procedures
from run import LAST, Abort, Go, Outcome, Run, seconds
from world import ClusterView, Unreachable, World


def preflight(world: World, run: Run) -> Outcome:
    """Look, and go on, or say why not."""
    if run.operation in (procedures.SWITCHOVER, procedures.FAILBACK):
        _both_there(world, run)
    elif not run.by_person:
        reason = _no_reason(world)
        if reason:
            return Abort(reason)
    problems = _problems(world, run)
    run.figures["checks"] = {
        name: problems.get(name, "") for name in sorted({*procedures.OVERRIDES, *problems})
    }
    left = unmet(run, run.record["overrides"])
    if left and run.by_person:
        told = "; ".join(f"{name}: {reason}" for name, reason in left.items())
        return Abort(f"{told}. The override{'s' * (len(left) > 1)} {' '.join(left)} would go on")
    return Go("; ".join(left.values()) or f"{run.target} is able to take over")


def unmet(run: Run, overrides: list[str]) -> dict[str, str]:
    """The problems of the preflight that these overrides do not waive."""
    checks = run.figures.get("checks", {})
    return {name: why for name, why in checks.items() if why and name not in overrides}


def _no_reason(world: World) -> str:
    """Why detection must not go on; empty when it may."""
    settings = world.settings
    last = world.state.item(LAST)
    if last and world.now() - seconds(last["ended"]) < settings.cooldown:
        return (
            f"{last['operation']} {last['run']} ended at {last['ended']}, less than "
            f"{settings.cooldown} s ago; a person may start a failover"
        )
    up = [f"the probe in {region}" for region, vote in world.signals.votes().items() if vote]
    if world.signals.answers(settings.launch):
        up.append(settings.peer)
    if up:
        return f"{settings.launch} answers {', '.join(up)}; a person may start a failover"
    return ""


def _both_there(world: World, run: Run) -> None:
    """Both regions answer, as a planned change needs it; a rebuild may still be under way.

    Raises:
        Unreachable: One does not; it is looked at again.
    """
    if run.operation == procedures.FAILBACK:
        if not world.signals.answers(run.target):
            raise Unreachable(f"{run.target} does not answer")
    elif world.settings.database:
        for region in (run.source, run.target):
            if world.database.view(at=region).moving:
                raise Unreachable("the database is being switched over")


def _problems(world: World, run: Run) -> dict[str, str]:
    problems: dict[str, str] = {}
    unplanned = run.operation == procedures.FAILOVER
    if unplanned and run.by_person and world.signals.answers(run.source):
        problems["answers"] = f"{run.source} answers; a switchover loses nothing"
    if run.operation == procedures.FAILBACK:  # what is rebuilt is waited for
        return problems
    not_ready = [reason for reason in (_cluster(world, run), _version(world)) if reason]
    if not_ready:
        problems["not-ready"] = "; ".join(not_ready)
    if world.settings.database:
        lag = world.database.lag(run.target)
        run.figures["lag"] = {"milliseconds": lag.milliseconds, "source": lag.source}
        if lag.milliseconds is None:
            # A secondary at rest has none to say it, and a planned change waits for the last byte.
            if unplanned or not world.settings.switches_on:
                problems["lag"] = f"nobody knows how far {run.target} is behind"
        elif lag.milliseconds > world.settings.rpo * 1000:
            problems["lag"] = (
                f"{run.target} is {lag.milliseconds / 1000:.0f} s behind, and "
                f"{world.settings.rpo} s are promised"
            )
    return problems


def _cluster(world: World, run: Run) -> str:
    if not world.settings.database:
        return ""
    view: ClusterView = world.database.cluster(run.target)
    if not view.available:
        return f"the database cluster in {run.target} is not available"
    if view.most < world.settings.database.ready_capacity:
        return f"the database cluster in {run.target} may not grow to the capacity it needs"
    return ""


def _version(world: World) -> str:
    versions = world.signals.versions()
    if len(set(versions.values())) > 1:
        told = ", ".join(f"{digest[:8]} in {region}" for region, digest in versions.items())
        return f"the regions run different code: {told}; an upgrade may be under way"
    return ""
