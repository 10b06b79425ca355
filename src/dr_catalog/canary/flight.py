"""One launch under a throw-away suffix: up, perhaps upgraded, looked at, and away again in any case.

Flight -> written down -> launch -> upgrade -> look in both regions -> stay up -> cleared
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..errors import DrCatalogError, LaunchError
from ..provisioning import (
    LaunchRequest,
    Nothing,
    Provision,
    StackEvent,
    Update,
    UpgradeRequest,
    execute,
    plan_launch,
    plan_upgrade,
    wait,
)
from ..provisioning.steps import Follow
from ..translation import translated
from .clearing import clear, command
from .ground import Ground
from .plan import Launchable

LOOK_EVERY_SECONDS = 60.0
_STACK = "AWS::CloudFormation::Stack"
_NAMED = 5  # failed checks that a message names


class Stopped(Exception):
    """The canary was told to stop."""


@dataclass(frozen=True, kw_only=True)
class Flight:
    """What is launched under one suffix.

    Args:
        suffix: The throw-away suffix.
        product: The product's name.
        first: The version to launch.
        then: The version to upgrade to; None for a flight of one version.
        minutes: How long it stays up after the first look, looked at every minute.
    """

    suffix: str
    product: str
    first: Launchable
    then: str | None = None
    minutes: int = 0


@dataclass(frozen=True, kw_only=True)
class Flying:
    """Flies.

    Args:
        ground: The stage's account.
        say: Takes one line of progress.
        stop: Set by whoever wants it to end; what is up is then cleared away.
    """

    ground: Ground
    say: Callable[[str], None]
    stop: threading.Event

    def fly(self, flight: Flight) -> int:
        """Fly, and clear away in any case.

        Returns:
            How many checks held at the last look.

        Raises:
            DrCatalogError: A step failed, a check does not hold, or it could not be cleared away.
            Stopped: ``stop`` was set.
        """
        self._go_on()
        try:
            with translated(endpoint=os.environ.get("AWS_ENDPOINT_URL")):
                self.ground.records.launching(flight.suffix, flight.product)
                checks = self._up(flight)
        except BaseException as error:
            self._clear_after(flight, error)
            raise
        clear(self.ground, flight.suffix, say=self.say)
        return checks

    def _up(self, flight: Flight) -> int:
        aws = self.ground.aws
        self._do(
            f"launching {flight.product} {flight.first.version} as {flight.suffix}",
            lambda: plan_launch(
                aws,
                LaunchRequest(
                    product=flight.product,
                    suffix=flight.suffix,
                    version=flight.first.version,
                    parameters=dict(flight.first.settings),
                ),
            ),
        )
        if flight.then is not None:
            request = UpgradeRequest(suffix=flight.suffix, version=flight.then)
            self._do(
                f"upgrading {flight.suffix} to {flight.product} {flight.then}",
                lambda: plan_upgrade(aws, request),
            )
        held = self._look(flight)
        for minute in range(1, flight.minutes + 1):
            self._pause(LOOK_EVERY_SECONDS)
            held = self._look(flight, more=f" after {minute} of {flight.minutes} minutes")
        return held

    def _do(self, words: str, plan: Callable[[], Provision | Update | Follow | Nothing]) -> None:
        self._go_on()
        self.say(words)
        step = plan()
        if not isinstance(step, Nothing):
            aws = self.ground.aws
            wait(aws, step, execute(aws, step), report=self._report, sleep=self._pause)

    def _look(self, flight: Flight, *, more: str = "") -> int:
        self._go_on()
        checks = self.ground.look(flight.suffix)
        bad = [
            f"{each.layer} {each.resource} in {each.region}: {each.found}"
            for each in checks
            if not each.ok
        ]
        if bad or not checks:
            version = flight.then or flight.first.version
            others = f"\n        and {len(bad) - _NAMED} more" if len(bad) > _NAMED else ""
            raise LaunchError(
                f"{len(bad)} of {len(checks)} checks of {flight.product} {version} do not hold{more}",
                why="\n        ".join(bad[:_NAMED]) + others,
                hint="mend the product and release it anew; a published version never changes",
            )
        self.say(f"{flight.suffix}: {len(checks)} checks hold in both regions{more}")
        return len(checks)

    def _clear_after(self, flight: Flight, error: BaseException) -> None:
        """Clear away what failed; what can't be cleared is told beside the failure."""
        words = error.what if isinstance(error, DrCatalogError) else "stopped"
        self.say(f"{flight.suffix}: {words}; clearing away")
        try:
            clear(self.ground, flight.suffix, say=self.say)
        except DrCatalogError as other:
            raise LaunchError(
                f"{words}; and '{flight.suffix}' could not be cleared away",
                why="\n        ".join(
                    filter(None, (getattr(error, "why", ""), other.what, other.why))
                ),
                hint=f"mend the reason, then `{command(self.ground)}`",
            ) from error

    def _report(self, events: Sequence[StackEvent], _: str) -> None:
        for event in events:
            failed = event.status.endswith("_FAILED")
            if failed or (event.type == _STACK and not self.ground.aws.local):
                reason = f": {event.reason}" if failed else ""
                self.say(f"{event.region}  {event.status}  {event.resource}{reason}")

    def _pause(self, seconds: float) -> None:
        self.stop.wait(seconds)
        self._go_on()

    def _go_on(self) -> None:
        if self.stop.is_set():
            raise Stopped
