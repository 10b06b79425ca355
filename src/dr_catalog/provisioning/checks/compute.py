"""The transaction processor, asked of Lambda and of the API itself."""

from __future__ import annotations

from collections.abc import Iterator

from ... import names
from ..endpoint import call
from .model import Check, Launch, check


def compute(launch: Launch, region: str) -> Iterator[Check]:
    name = names.PROCESSOR.of(suffix=launch.suffix)
    here = launch.client("lambda", region).get_function_configuration(FunctionName=name)
    there = launch.client("lambda", launch.other(region)).get_function_configuration(
        FunctionName=name
    )
    yield check(
        "compute",
        name,
        region,
        {
            "same code in both": here["CodeSha256"] == there["CodeSha256"],
            "traced": here["TracingConfig"]["Mode"] == "Active",
            here["Runtime"]: here["Runtime"] == there["Runtime"],
        },
    )
    role = "writer" if region == launch.region else "standby"
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
