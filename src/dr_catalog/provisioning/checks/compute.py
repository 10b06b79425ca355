"""The transaction processor, asked of Lambda and of the API itself."""

from __future__ import annotations

from collections.abc import Iterator

from ... import names
from ..endpoint import call
from .model import Check, Launch, check


def compute(launch: Launch, region: str) -> Iterator[Check]:
    name = names.PROCESSOR.of(suffix=launch.suffix)
    here = launch.client("lambda", region).get_function_configuration(FunctionName=name)
    there = here
    if not launch.has_copies_alone:
        functions = launch.client("lambda", launch.other(region))
        there = functions.get_function_configuration(FunctionName=name)
    yield check(
        "compute",
        name,
        region,
        {
            **(
                {}
                if there is here
                else {"same code in both": here["CodeSha256"] == there["CodeSha256"]}
            ),
            "traced": here["TracingConfig"]["Mode"] == "Active",
            here["Runtime"]: here["Runtime"] == there["Runtime"],
        },
    )
    if launch.at_rest(region):  # a call would be one that is turned away
        yield _off(launch, name, region)
        return
    role = "writer" if region == launch.region else "standby"
    if launch.told("compute", region).get("writes") == "both":
        role = "serves"  # whichever has the ledger's writer
    endpoint = launch.endpoints[region]
    health, ready = (
        call(launch.session, endpoint=endpoint, region=region, path=path)
        for path in ("health", "ready")
    )
    yield check(
        "compute",
        "/health and /ready",
        region,
        {
            f"health {health.status}": health.status == 200,
            f"ready {ready.status}": ready.status == 200,
            f"role {role}": ready.body.get("role") == role,
        },
    )


def _off(launch: Launch, name: str, region: str) -> Check:
    limit = (
        launch.client("lambda", region)
        .get_function_concurrency(FunctionName=name)
        .get("ReservedConcurrentExecutions")
    )
    return check("compute", "off at rest", region, {"no concurrency": limit == 0})
