"""What a launch really has, read back from each service in both regions.

A template says what should be; this asks the services themselves. One function a layer, each answering
with a ``Check`` for what it looked at in a region; nothing is written. Looked at is what the launch's
own stacks make in a region, whichever tier, or layers launched one by one, they come from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import ClientError

from .backup import backup
from .compute import compute
from .database import aurora
from .dns import route53
from .made import made
from .model import Check, Launch
from .monitoring import monitoring
from .network import vpc
from .recovery import recovery
from .stores import dynamodb, kms, s3

__all__ = ["CHECKS", "Check", "Launch", "inspect"]

CHECKS = (kms, vpc, aurora, dynamodb, s3, compute, backup, route53, monitoring, recovery)


def inspect(launch: Launch) -> list[Check]:
    """The checks of every layer that is there, layer by layer, the launch region first."""
    layers = made(launch)
    if not any(layers.values()):
        return [Check("launch", "its stacks", launch.region, False, "no layer is launched")]
    work = [
        (look, launch, region)
        for look in CHECKS
        for region in _regions(launch)
        if look.__name__ in layers[region]
    ]
    with ThreadPoolExecutor(max_workers=4) as pool:
        return [found for result in pool.map(_run, work) for found in result]


def _run(work: tuple[Callable[[Launch, str], Iterator[Check]], Launch, str]) -> list[Check]:
    look, launch, region = work
    try:
        return list(look(launch, region))
    except ClientError as error:
        return [Check(look.__name__, error.operation_name, region, False, str(error))]
    except (KeyError, ValueError, RuntimeError) as error:  # something that should be there is not
        return [Check(look.__name__, "what it tells", region, False, f"not there: {error}")]


def _regions(launch: Launch) -> tuple[str, str]:
    return (launch.region, launch.peer_region)
