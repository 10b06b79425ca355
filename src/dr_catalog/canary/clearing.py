"""Clear a throw-away suffix away, from whatever state it is in, and see that nothing is left.

    suffix -> wait for what runs -> terminate -> nothing left -> struck out of the stage's records

Every part finds out first what is there, so a clearing that was cut off is begun again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from ..errors import DrCatalogError, LaunchError
from ..provisioning import Nothing, execute, plan_termination, wait
from ..provisioning.model import launch_name
from ..translation import translated
from .ground import Ground

# A termination may meet what the service that owns it still lets go of, such as a network interface.
_ATTEMPTS = 2
# Deleted things are listed for a while.
_LOOKS = 6
_POLL_SECONDS, _LOCAL_POLL_SECONDS = 10.0, 0.2


def clear(
    ground: Ground,
    suffix: str,
    *,
    say: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Terminate what is launched under the suffix, and prove that nothing of it is left.

    Args:
        ground: The stage's account.
        suffix: A suffix of the stage's records.
        say: Takes one line of progress.
        sleep: Takes seconds.

    Raises:
        LaunchError: It can't be terminated, or something is left; the suffix stays in the records.
    """
    try:
        with translated(endpoint=os.environ.get("AWS_ENDPOINT_URL")):
            _terminate(ground, suffix, say=say, sleep=sleep)
            _see_that_nothing_is_left(ground, suffix, sleep=sleep)
            ground.records.gone(suffix)
    except DrCatalogError as error:
        raise LaunchError(
            f"the canary's launch '{suffix}' in account {ground.stage.account} could not be "
            "cleared away",
            why=": ".join(filter(None, (error.what, error.why))),
            hint=f"mend the reason, then `{command(ground)}`",
        ) from error
    say(f"nothing of {suffix} is left but keys pending deletion")


def clear_all(
    ground: Ground,
    *,
    say: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[str, ...]:
    """Clear every suffix of the stage's records.

    Returns:
        The suffixes.

    Raises:
        LaunchError: One could not be cleared; the others are.
    """
    suffixes = ground.records.launched()
    failed: list[DrCatalogError] = []
    for suffix in suffixes:
        try:
            clear(ground, suffix, say=say, sleep=sleep)
        except DrCatalogError as error:
            say(str(error))
            failed.append(error)
    if failed:
        raise failed[0]
    return suffixes


def command(ground: Ground) -> str:
    """The command that clears a stage."""
    return f"dr-catalog canary --stage {ground.stage.name} --clean"


def _terminate(
    ground: Ground, suffix: str, *, say: Callable[[str], None], sleep: Callable[[float], None]
) -> None:
    """Wait for what runs, then terminate what is there."""
    aws = ground.aws
    for attempt in range(1, _ATTEMPTS + 1):
        while (launch := aws.launch(launch_name(suffix))) and launch.changing:
            sleep(_pause(ground))
        if launch is None:
            return
        say(f"terminating {suffix}")
        try:
            step = plan_termination(aws, suffix)
            if not isinstance(step, Nothing):
                wait(aws, step, execute(aws, step), report=lambda *_: None, sleep=sleep)
            return
        except LaunchError as error:
            if attempt == _ATTEMPTS:
                raise
            say(f"{suffix}: {error.what}; once more")


def _see_that_nothing_is_left(
    ground: Ground, suffix: str, *, sleep: Callable[[float], None]
) -> None:
    for _ in range(_LOOKS):
        found = ground.left(suffix)
        if not found:
            return
        sleep(_pause(ground))
    raise LaunchError("something of it is still there", why=", ".join(found))


def _pause(ground: Ground) -> float:
    return _LOCAL_POLL_SECONDS if ground.aws.local else _POLL_SECONDS
