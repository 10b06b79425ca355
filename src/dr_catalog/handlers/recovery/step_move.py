"""Move: the traffic goes where the writer is, which is the last thing to happen to it.

Where both regions serve it stays: the name leaves a region that is not ready by itself.
Without a zone there is nothing to move: the endpoint is named, and whoever calls it goes there.
"""

from __future__ import annotations

from run import Again, Go, Outcome, Run, seconds
from world import World


def move(world: World, run: Run) -> Outcome:
    """Move the traffic, or say why it is not."""
    settings = world.settings
    run.figures["endpoint"] = settings.endpoints[run.target]
    if not run.record["moveTraffic"]:
        return _done(world, run, "untouched", "the traffic is left where it is, as asked")
    if settings.both_serve:
        run.figures["serves"] = "both"
        return _done(
            world, run, "untouched", "both regions serve: the name leads to those that are ready"
        )
    if not settings.serving_parameter:
        told = f"there is no zone: callers go to {settings.endpoints[run.target]} from now on"
        return _done(world, run, "manual", told)
    world.signals.move(run.target)
    if world.signals.serving() != run.target:
        return Again(f"the traffic does not go to {run.target} yet")
    return _done(world, run, "moved", f"the traffic goes to {run.target}")


def _done(world: World, run: Run, traffic: str, told: str) -> Go:
    run.figures["traffic"] = traffic
    run.figures.setdefault("rto", round(world.now() - seconds(run.record["began"]), 3))
    return Go(told)
