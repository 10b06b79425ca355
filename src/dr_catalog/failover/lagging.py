"""How far the standby's database is behind, and whether that is within the tier's objective."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from .. import names
from ..errors import DrCatalogError
from ..handlers.recovery.recorded import WINDOW, recorded
from .model import Site
from .resting import NO_FIGURE
from .surroundings import NotReady, Surroundings, Unknown

NAMESPACE, ANSWERS = "DrCatalog", "LaunchRegionAnswers"
"""The probes' votes on the launch region."""


def lag(look: Surroundings) -> str:
    """What a failover now would lose of the database is within the tier's objective."""
    seconds, source = database_lag(look)
    promised = objective(look.site, "rpo")
    if seconds is None:
        raise Unknown(source)
    if promised is not None and seconds > promised:
        raise NotReady(
            f"{seconds:.1f} s behind, the objective is {promised:.0f} s ({source})",
            "look at the writer's load; a failover now needs `--accept-loss`",
        )
    against = f", the objective is {promised:.0f} s" if promised is not None else ""
    return f"{seconds:.1f} s behind{against} ({source})"


def database_lag(look: Surroundings) -> tuple[float | None, str]:
    """Seconds that the standby's database is behind, or was when the writer's region fell silent.

    Returns:
        The seconds, None where nobody says; and where they come from.
    """
    cluster = names.LEDGER_CLUSTER.of(suffix=look.site.suffix, region=look.standby)
    answers: Mapping[datetime, float] = {}
    if look.writer.region == look.site.launch_region:
        votes = {"Suffix": look.site.suffix, "From": look.standby}
        answers = look.series(
            ANSWERS, votes, namespace=NAMESPACE, since=WINDOW, statistic="Minimum"
        )  # as the machine counts
    for metric in ("AuroraGlobalDBRPOLag", "AuroraGlobalDBReplicationLag"):
        dimensions = {"DBClusterIdentifier": cluster, "SourceRegion": look.writer.region}
        values = look.series(
            metric, dimensions, namespace="AWS/RDS", region=look.standby, since=WINDOW
        )
        found = recorded(values, answers, now=look.now)
        if found:
            return found[0] / 1000, f"{metric} at {found[1]:%H:%M} UTC"
    if look.resting:
        return None, NO_FIGURE
    try:
        check = look.ready(look.standby).get("checks", {}).get("lag", {})
    except DrCatalogError as error:
        return None, f"no lag is measured: {error.why or error.what}"
    if check.get("ok"):
        return None, "no metric yet; /ready finds the lag within a minute"
    return None, f"no lag is measured: {check.get('reason', 'no metric')}"


def objective(site: Site, name: str) -> float | None:
    """The tier's ``rpo`` or ``rto`` in seconds, as the recovery layer tells it."""
    value = site.told.get(f"{name}-seconds", "")
    return float(value) if value.replace(".", "", 1).isdigit() else None
