"""The witness: a probe in a third region, and nothing else.

No asset bucket is there and no replica of the key, so its code is in the template, and AWS's own key
encrypts what it logs.
"""

from __future__ import annotations

import aws_cdk as cdk

from ...layers import Probe
from .. import parameters as given
from ..template import TierTemplate


def witness(app: cdk.App, construct_id: str, *, tier: str) -> cdk.Stack:
    """The third region's probe."""
    stack = TierTemplate(
        app,
        construct_id,
        tier=tier,
        description="Warm standby, witness region: a probe that votes from outside the pair",
        parameters=(given.VOTES_REGION, given.LAUNCH_ENDPOINT),
    )
    Probe(
        stack,
        "Probe",
        suffix=stack.suffix,
        key=None,
        peer_region=stack.value(given.VOTES_REGION),
        launch_endpoint=stack.value(given.LAUNCH_ENDPOINT),
    )
    return stack
