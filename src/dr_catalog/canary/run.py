"""The canary of a stage: which products, two flights a product side by side, the pass recorded."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime

from ..definitions import Catalog
from ..errors import DrCatalogError
from ..translation import translated
from .clearing import clear_all, command
from .flight import Flight, Flying, Stopped
from .ground import Ground
from .plan import Trial, trial
from .records import Pass


@dataclass(frozen=True, kw_only=True)
class Trialled:
    """What came of one product.

    Args:
        product: Its name.
        version: The default version.
        status: ``passed``, or ``nothing to do`` where it had passed in this stage before.
        upgraded_from: The version that was upgraded to it; empty where there was none.
        checks: How many checks held after each flight, together.
    """

    product: str
    version: str
    status: str
    upgraded_from: str
    checks: int


@dataclass(frozen=True, kw_only=True)
class Canary:
    """Tries what a stage offers by default.

    Args:
        catalog: Every definition.
        ground: The stage's account.
        say: Takes one line of progress.
    """

    catalog: Catalog
    ground: Ground
    say: Callable[[str], None]

    def run(self) -> tuple[Trialled, ...]:
        """Try each default version that has not passed in this stage, and record that it did.

        What a run that was killed left is cleared away first. SIGTERM and SIGINT end it cleared. A
        portfolio that has ``canary: false`` is told and left out.

        Raises:
            DrCatalogError: A launch, an upgrade or a check failed; nothing of it is left, unless the
                message says so.
            KeyboardInterrupt: It was told to stop; nothing is left.
        """
        with translated(endpoint=os.environ.get("AWS_ENDPOINT_URL")):
            self.clean()
            due = list(self._due())
            return tuple(self._product(name) for name in due)

    def clean(self) -> tuple[str, ...]:
        """Clear away what an earlier run left.

        Returns:
            The suffixes that were cleared.

        Raises:
            LaunchError: Something could not be cleared away.
        """
        with translated(endpoint=os.environ.get("AWS_ENDPOINT_URL")):
            return clear_all(self.ground, say=self.say)

    def _due(self) -> Iterator[str]:
        stage = self.ground.stage
        for portfolio in self.catalog.offer_of(stage).portfolios:
            launchable = [
                name for name in portfolio.products if self.catalog.products[name].default
            ]
            if portfolio.canary:
                yield from launchable
            elif launchable:
                self.say(
                    f"left out, since portfolio/{stage.portfolio} says canary: false of "
                    f"{portfolio.name}: {', '.join(launchable)}"
                )

    def _product(self, name: str) -> Trialled:
        product = self.catalog.products[name]
        default = product.default
        assert default is not None
        passes = self.ground.records.passes(name)
        found = trial(product, passes)
        if found is None:
            self.say(
                f"{name} {default.version} has passed in stage {self.ground.stage.name} before"
            )
            known = next(each for each in reversed(passes) if each.version == default.version)
            return Trialled(
                product=name,
                version=default.version,
                status="nothing to do",
                upgraded_from=known.upgraded_from,
                checks=0,
            )
        checks = self._try(found)
        before = found.before.version if found.before else ""
        self.ground.records.passed(
            name,
            Pass(
                version=default.version,
                digest=found.digest,
                date=datetime.now(UTC).isoformat(timespec="seconds"),
                upgraded_from=before,
            ),
        )
        return Trialled(
            product=name,
            version=default.version,
            status="passed",
            upgraded_from=before,
            checks=checks,
        )

    def _try(self, found: Trial) -> int:
        """Both flights, side by side; one that fails ends the other."""
        stop = threading.Event()
        flying = Flying(ground=self.ground, say=self.say, stop=stop)
        with told_to_stop(stop, self.say) as told, ThreadPoolExecutor(max_workers=2) as pool:
            flights = [pool.submit(flying.fly, each) for each in self._flights(found)]
            wait(flights, return_when=FIRST_EXCEPTION)
            if any(each.done() and each.exception() for each in flights):
                stop.set()
        return self._outcome(flights, found, interrupted=told.is_set())

    def _flights(self, found: Trial) -> Iterator[Flight]:
        tag = secrets.token_hex(3)
        bake = self.ground.stage.gates.bake
        yield Flight(
            suffix=f"canary-{tag}-a", product=found.product, first=found.candidate, minutes=bake
        )
        if found.before is None:
            self.say(f"{found.product} has no older version that could be upgraded")
            return
        yield Flight(
            suffix=f"canary-{tag}-b",
            product=found.product,
            first=found.before,
            then=found.candidate.version,
        )

    def _outcome(self, flights: list[Future[int]], found: Trial, *, interrupted: bool) -> int:
        errors = [error for each in flights if (error := each.exception())]
        for error in errors:
            if not isinstance(error, (Stopped, DrCatalogError)):
                raise error
        real = [error for error in errors if isinstance(error, DrCatalogError)]
        if real:
            clean = command(self.ground)
            # Both flights often fail for one reason.
            reasons = dict.fromkeys(
                filter(None, (real[0].why, *(f"{each.what}: {each.why}" for each in real[1:])))
            )
            raise type(real[0])(
                f"the canary of {found.product} {found.candidate.version} failed in stage "
                f"{self.ground.stage.name}: {real[0].what}",
                why="\n        ".join(reasons),
                hint=next((each.hint for each in real if clean in each.hint), real[0].hint),
            ) from real[0]
        if interrupted or errors:
            raise KeyboardInterrupt
        return sum(each.result() for each in flights)


@contextlib.contextmanager
def told_to_stop(stop: threading.Event, say: Callable[[str], None]) -> Iterator[threading.Event]:
    """SIGTERM and SIGINT set ``stop`` for the time of a block; a second one ends the process.

    Yields:
        An event that is set when a signal came.
    """
    told = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield told
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def end(number: int, _: object) -> None:
        for each in before:
            signal.signal(each, signal.SIG_DFL)
        told.set()
        stop.set()
        say(f"told to stop ({signal.Signals(number).name}): clearing away what is up")

    for number in before:
        signal.signal(number, end)
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
