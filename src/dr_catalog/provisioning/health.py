"""What each region of a launch says of itself: ``/health``, and ``/ready`` with its checks.

A peer that is off until a recovery switches it on is not asked: each call would count as one that was
turned away, and set off the alarm on those.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from .. import names
from ..errors import DrCatalogError, NotFoundError
from .aws import Aws

ENDPOINT, PEER_ENDPOINT = "Endpoint", "PeerEndpoint"
AT_REST, OFF = "peer-at-rest", "off"
"""What the recovery layer tells in a region that is off at rest."""


@dataclass(frozen=True, kw_only=True)
class Health:
    """One region's answers.

    Args:
        region: Which.
        healthy: ``/health`` answers.
        ready: It could do its work now.
        role: ``writer``, ``standby`` or, beside the other, ``serves``; empty where it does not answer.
        failing: The checks that fail, each with its reason.
        error: Why there is no answer; empty where there is one.
        off: It is off, as it is to be until a recovery switches it on, and was not asked.
    """

    region: str
    healthy: bool
    ready: bool
    role: str = ""
    failing: Mapping[str, str] | None = None
    error: str = ""
    off: bool = False


def health(
    aws: Aws, outputs: Mapping[str, Mapping[str, str]], *, suffix: str
) -> tuple[Health, ...]:
    """Ask every region whose API is given out, all at once; the launch region first.

    A region gives out its own as ``Endpoint``; the launch region, the peer's too as ``PeerEndpoint``.

    Args:
        aws: The launching account, whose credentials sign.
        outputs: The launch's outputs by region.
        suffix: The environment suffix.
    """
    asked = {region: each[ENDPOINT] for region, each in outputs.items() if ENDPOINT in each}
    peers = [each[PEER_ENDPOINT] for each in outputs.values() if PEER_ENDPOINT in each]
    if peers and aws.peer_region:
        asked.setdefault(aws.peer_region, peers[0])
    if not asked:
        return ()
    with ThreadPoolExecutor(max_workers=len(asked)) as pool:
        return tuple(pool.map(lambda one: _ask(aws, suffix, *one), asked.items()))


def _ask(aws: Aws, suffix: str, region: str, endpoint: str) -> Health:
    try:
        if _off(aws, suffix, region):
            return Health(region=region, healthy=False, ready=False, off=True)
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


def _off(aws: Aws, suffix: str, region: str) -> bool:
    """Whether the region is off, and is to be."""
    name = names.parameter(suffix=suffix, layer="recovery", name=AT_REST)
    try:
        at_rest = aws.setting(name, region=region)
    except NotFoundError:
        return False
    function = names.PROCESSOR.of(suffix=suffix)
    return at_rest == OFF and aws.concurrency(function, region=region) == 0
