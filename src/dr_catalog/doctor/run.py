"""Running the checks: all at once, each as soon as what it needs is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from ..errors import DrCatalogError
from ..translation import denied
from .model import MEND, OK, SKIPPED, Check, Finding, Mend, Skip, Surroundings


def examine(checks: Sequence[Check], surroundings: Surroundings) -> tuple[Finding, ...]:
    """What each check finds, in their order."""
    # A thread a check: one that waits never keeps another from running.
    with ThreadPoolExecutor(max_workers=len(checks)) as pool:
        futures: dict[str, Future[Finding]] = {}
        for check in checks:
            needed = {name: futures[name] for name in check.needs}
            futures[check.name] = pool.submit(_finding, check, surroundings, needed)
        return tuple(future.result() for future in futures.values())


def _finding(
    check: Check, surroundings: Surroundings, needed: Mapping[str, Future[Finding]]
) -> Finding:
    missing = [name for name, future in needed.items() if future.result().state != OK]
    if missing:
        return _made(check, SKIPPED, f"needs: {', '.join(missing)}")
    try:
        return _made(check, OK, check.look(surroundings))
    except Skip as reason:
        return _made(check, SKIPPED, str(reason))
    except Mend as mend:
        return _made(check, MEND, mend.found, mend.way)
    except DrCatalogError as error:
        if denied(error):
            return _made(check, SKIPPED, error.what)
        said = f"{error.what}: {error.why}" if error.why else error.what
        return _made(check, MEND, said, error.hint or "see what it says, then look again")


def _made(check: Check, state: str, found: str, way: str = "") -> Finding:
    return Finding(group=check.group, check=check.name, state=state, found=found, mend=way)
