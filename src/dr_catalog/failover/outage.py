"""Taking the launch region away in a drill: really in the local simulation, on AWS by the run's fence alone.

No one can switch a region of AWS off. There a drill fails a region over that answers: the run fences its
writer, promotes the peer and moves on, and what only a lost region shows is not shown.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..errors import SetupError

CONTROL = "/_embedded/regions"
"""The local simulation's own address for it; see src/embedded_aws/README.md."""
GONE, HERE = "gone", "here"
SECONDS = 30


@contextmanager
def taken_away(endpoint: str, region: str) -> Iterator[Callable[[], None]]:
    """Gives what takes a region of the local simulation away; at the end of the block it is back.

    On AWS nothing is taken away.

    Args:
        endpoint: Where the local simulation listens; empty on AWS.
        region: The region to take away.

    Raises:
        SetupError: What listens there knows no such control.
    """
    if not endpoint:
        yield lambda: None
        return
    try:
        yield lambda: _set(endpoint, region, GONE)
    finally:
        _set(endpoint, region, HERE)


def _set(endpoint: str, region: str, mode: str) -> None:
    request = urllib.request.Request(
        endpoint.rstrip("/") + CONTROL,
        data=json.dumps({"region": region, "mode": mode}).encode(),
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=SECONDS):
            return
    except urllib.error.HTTPError as error:
        with error:
            why = f"{error.code} {error.read().decode(errors='replace')}"
    except OSError as error:
        why = str(error)
    raise SetupError(
        f"{endpoint} does not take {region} away",
        why=why,
        hint="a drill on a throw-away launch needs the local simulation of this version, or AWS",
    )
