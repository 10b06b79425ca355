"""Clear a throw-away suffix away, from whatever state it is in, and see that nothing is left.

    suffix -> wait for what runs -> terminate -> nothing left -> struck out of the stage's records

Every part finds out first what is there, so a clearing that was cut off is begun again.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from ..errors import DrCatalogError, LaunchError
from ..provisioning import Aws, Nothing, execute, plan_termination, wait
from ..provisioning.model import Launch, launch_name
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
    pause = _LOCAL_POLL_SECONDS if ground.aws.local else _POLL_SECONDS
    for attempt in range(1, _ATTEMPTS + 1):
        launch = _settled(ground.aws, suffix, pause=pause, sleep=sleep)
        if launch is None:
            break
        say(f"terminating {suffix}")
        try:
            step = plan_termination(ground.aws, suffix)
            if not isinstance(step, Nothing):
                wait(
                    ground.aws, step, execute(ground.aws, step), report=lambda *_: None, sleep=sleep
                )
            break
        except LaunchError as error:
            if attempt == _ATTEMPTS:
                raise _not_cleared(ground, suffix, why=f"{error.what}: {error.why}") from error
            say(f"{suffix}: {error.what}; once more")
    for look in range(1, _LOOKS + 1):
        found = ground.left(suffix)
        if not found:
            break
        if look == _LOOKS:
            raise _not_cleared(ground, suffix, why=f"still there: {', '.join(found)}")
        sleep(pause)
    ground.records.gone(suffix)
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


def _settled(
    aws: Aws, suffix: str, *, pause: float, sleep: Callable[[float], None]
) -> Launch | None:
    """The launch once no operation runs under it; None when there is none."""
    while (launch := aws.launch(launch_name(suffix))) and launch.changing:
        sleep(pause)
    return launch


def _not_cleared(ground: Ground, suffix: str, *, why: str) -> LaunchError:
    return LaunchError(
        f"the canary's launch '{suffix}' in account {ground.stage.account} could not be cleared away",
        why=why,
        hint=f"mend the reason, then `{command(ground)}`",
    )
