"""Parts of a third region: a probe, and nothing else.

No asset bucket is there and no replica of the key, so its code is in the template, and AWS's own key
encrypts what it logs.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...layers import Probe
from .. import parameters as given
from .composition import Part, Region


class Voter(Part):
    """The third region's probe of the launch region, which tells the peer."""

    gives = (Probe,)

    asks = (given.VOTES_REGION, given.LAUNCH_ENDPOINT)

    def add(self, region: Region) -> Iterable[object]:
        yield Probe(
            region.stack,
            "Probe",
            suffix=region.suffix,
            key=None,
            peer_region=region.value(given.VOTES_REGION),
            launch_endpoint=region.value(given.LAUNCH_ENDPOINT),
        )
