"""What each region of a launch says of itself: ``/health``, and ``/ready`` with its checks."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ..errors import DrCatalogError
from .aws import Aws

ENDPOINT = "Endpoint"


@dataclass(frozen=True, kw_only=True)
class Health:
    """One region's answers.

    Args:
        region: Which.
        healthy: ``/health`` answers.
        ready: It could do its work now.
        role: ``writer`` or ``standby``; empty where it does not answer.
        failing: The checks that fail, each with its reason.
        error: Why there is no answer; empty where there is one.
    """

    region: str
    healthy: bool
    ready: bool
    role: str = ""
    failing: Mapping[str, str] | None = None
    error: str = ""


def health(aws: Aws, outputs: Mapping[str, Mapping[str, str]]) -> tuple[Health, ...]:
    """Ask every region that gives out an ``Endpoint``, all at once; the launch region first.

    Args:
        aws: The launching account, whose credentials sign.
        outputs: The launch's outputs by region.
    """
    asked = [(region, each[ENDPOINT]) for region, each in outputs.items() if ENDPOINT in each]
    if not asked:
        return ()
    with ThreadPoolExecutor(max_workers=len(asked)) as pool:
        return tuple(pool.map(lambda one: _ask(aws, *one), asked))


def _ask(aws: Aws, region: str, endpoint: str) -> Health:
    try:
        alive = aws.get(endpoint, region=region, path="health")
        ready = aws.get(endpoint, region=region, path="ready")
    except DrCatalogError as error:
        reason = " ".join(filter(None, (error.what, error.why)))
        return Health(region=region, healthy=False, ready=False, error=reason)
    told = ready.body if isinstance(ready.body, dict) else {}
    healthy, checked = alive.status == 200, ready.status in (200, 503) and "checks" in told
    return Health(
        region=region,
        healthy=healthy,
        ready=ready.status == 200,
        role=str(told.get("role", "")),
        failing={
            name: str(check.get("reason", ""))
            for name, check in told.get("checks", {}).items()
            if not check.get("ok")
        },
        error="" if healthy and checked else f"it answers {alive.status} and {ready.status}",
    )
