"""Whether a recovery could run now: every look of `looks`, all at once, each as a finding.

Ready is who has no finding that says no. What can't be looked at, because a region is gone, does not
count against it: then that is the reason to fail over.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from ..errors import DrCatalogError
from .aws import Aws
from .looks import AT_REST, OTHER, ROWS, SETTLED, STANDBY, Row
from .model import Finding, Site
from .surroundings import NotReady, Surroundings, Unknown

OK, NO, UNKNOWN = "ok", "not ready", "unknown"


def readiness(aws: Aws, site: Site, *, now: datetime | None = None) -> tuple[Finding, ...]:
    """What each look finds, in their order. Only reads.

    Args:
        aws: The account's AWS.
        site: Where the recovery runs.
        now: The time of the look.
    """
    look = Surroundings(aws=aws, site=site, now=now or datetime.now(UTC))
    rows = (
        *(OTHER if site.both_serve and row is STANDBY else row for row in ROWS),
        *([AT_REST] if site.switches_on else []),
        *([SETTLED] if site.both_serve else []),
    )
    with ThreadPoolExecutor(max_workers=len(rows)) as pool:
        return tuple(pool.map(lambda row: _finding(row, look), rows))


def hindrances(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those for which a run would fail, or lose more than the objective."""
    return tuple(each for each in findings if each.state == NO and each.hinders)


def _finding(row: Row, look: Surroundings) -> Finding:
    try:
        return _made(row, look, OK, row.look(look))
    except Unknown as reason:
        return _made(row, look, UNKNOWN, str(reason))
    except NotReady as found:
        return _made(row, look, NO, found.found, found.fix)
    except DrCatalogError as error:
        return _made(
            row, look, UNKNOWN, ": ".join(filter(None, (error.what, error.why))), error.hint
        )
    except (KeyError, IndexError, ValueError) as error:  # something that should be there is not
        return _made(row, look, NO, f"what it looks at is not there: {error!r}", look.fix("status"))


def _made(row: Row, look: Surroundings, state: str, found: str, fix: str = "") -> Finding:
    regions = {"launch": look.site.launch_region, "peer": look.site.region}
    return Finding(
        check=row.name,
        region=regions.get(row.region, ""),
        state=state,
        found=found,
        fix=fix,
        hinders=row.hinders,
    )
