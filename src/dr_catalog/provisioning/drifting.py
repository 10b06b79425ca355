"""Whether a launch's stacks in both regions are what their templates say.

CloudFormation looks at each resource with the caller's own rights; types that it can't compare are not
looked at. https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..errors import LaunchError
from .aws import Aws
from .model import Stack
from .preview_model import Drifted

POLL_SECONDS, LOCAL_POLL_SECONDS = 3.0, 0.05
_MOST_SECONDS = 900.0
_RUNNING = "DETECTION_IN_PROGRESS"


@dataclass(frozen=True, kw_only=True)
class Drift:
    """How one stack stands.

    Args:
        region: Its region.
        stack: Its name.
        status: IN_SYNC, DRIFTED, or UNKNOWN where not all could be looked at.
        reason: Why not all could be looked at.
        resources: Those that differ, or are gone.
    """

    region: str
    stack: str
    status: str
    reason: str = ""
    resources: tuple[Drifted, ...] = ()


def drift(
    aws: Aws, stacks: Sequence[Stack], *, sleep: Callable[[float], None] = time.sleep
) -> tuple[Drift, ...]:
    """Detect drift on all stacks at once, and wait for it.

    Raises:
        SetupError: The caller may not.
        LaunchError: A stack is not in a state that can be looked at, or it takes over 15 minutes.
    """
    begun = [(each, aws.detect_drift(each.id, region=each.region)) for each in stacks]
    return tuple(_ended(aws, stack, detection, sleep) for stack, detection in begun)


def _ended(aws: Aws, stack: Stack, detection: str, sleep: Callable[[float], None]) -> Drift:
    pause = LOCAL_POLL_SECONDS if aws.local else POLL_SECONDS
    for _ in range(int(_MOST_SECONDS / pause)):
        found = aws.detection(detection, region=stack.region)
        if found.status != _RUNNING:
            return Drift(
                region=stack.region,
                stack=stack.name,
                status=found.stack_status,
                reason=found.reason,
                resources=aws.drifted(stack.id, name=stack.name, region=stack.region),
            )
        sleep(pause)
    raise LaunchError(f"the drift of {stack.name} in {stack.region} was not told in 15 minutes")
