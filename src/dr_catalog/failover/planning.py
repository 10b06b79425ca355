"""What a request for a recovery comes to, as data; planning only reads.

    Request -> plan -> Start     a run to begin, with what is expected to be lost
                    -> Follow    one of the same kind runs already, or waits for a decision
                    -> Nothing   the writer is where the request wants it
                    -> RecoveryError: refused, with the option that overrides it and what that costs

The machine looks at the same things again before it touches anything (its step ``preflight``); here they
are shown to the person who decides.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from ..errors import DrCatalogError, RecoveryError
from ..handlers.recovery.procedures import PROCEDURES
from .aws import Aws
from .hints import command
from .lagging import database_lag, objective
from .model import ANSWERS, DRILL, FAILBACK, FAILOVER, LAG, NOT_READY, Finding, Run, Site
from .readiness import UNKNOWN, hindrances, readiness
from .surroundings import Surroundings

OPTIONS = {LAG: "--accept-loss", NOT_READY: "--accept-not-ready", ANSWERS: "--accept-answering"}
"""The option that overrides a refusal, by the machine's word for it."""
COSTS = {
    LAG: "what the peer has not received is lost, and kept only in the old writer's snapshot",
    NOT_READY: "the run may stop half-way, after it has begun to change things",
    ANSWERS: "what the answering region took and the peer has not received is lost; "
    "a switchover loses nothing",
}


@dataclass(frozen=True, kw_only=True)
class Request:
    """What somebody asks for.

    Args:
        operation: failover, switchover, failback or drill.
        suffix: The environment suffix.
        reason: Why, for the record.
        overrides: What they waive: ``lag``, ``not-ready``, ``answers``.
        move_traffic: Whether the traffic moves at the end.
    """

    operation: str
    suffix: str
    reason: str = ""
    overrides: tuple[str, ...] = ()
    move_traffic: bool = True


@dataclass(frozen=True, kw_only=True)
class Loss:
    """What a run is expected to lose.

    Args:
        database: Seconds of the database's last commits; None where it was not measured.
        source: Where that comes from, or why it was not measured.
        promised: The tier's objective in seconds; None where the tier tells none.
    """

    database: float | None
    source: str
    promised: float | None


@dataclass(frozen=True, kw_only=True)
class Start:
    """A run to begin."""

    site: Site
    request: Request
    run: str
    requested_by: str
    from_region: str
    to_region: str
    loss: Loss | None
    findings: tuple[Finding, ...]
    steps: tuple[tuple[str, str], ...]
    takes_over: str = ""


@dataclass(frozen=True, kw_only=True)
class Follow:
    """A run that is under way."""

    site: Site
    request: Request
    run: Run


@dataclass(frozen=True, kw_only=True)
class Nothing:
    """The writer is where it should be."""

    site: Site
    request: Request
    told: str


def plan(
    aws: Aws, site: Site, request: Request, *, now: datetime | None = None
) -> Start | Follow | Nothing:
    """What to do for a request.

    Raises:
        RecoveryError: It is refused: another operation runs, a check says no, the launch region
            answers.
        DrCatalogError: The surviving region can't be read.
    """
    look = Surroundings(aws=aws, site=site, now=now or datetime.now(UTC))
    takes_over = ""
    if lock := look.lock:
        held = aws.run(site, lock.run)
        status, _ = aws.execution(site, lock.execution) if lock.execution else ("", "")
        if lock.operation != request.operation:
            raise RecoveryError(
                f"a {lock.operation} of '{site.suffix}' holds the lock since {lock.since}",
                why=f"run {lock.run} is at {held.state if held else 'its beginning'}",
                hint=f"follow or finish it first: `{command(aws, lock.operation, site.suffix)}`",
            )
        if status == "RUNNING" and held:
            return Follow(site=site, request=request, run=held)
        takes_over = lock.run
    writer = look.writer
    if not takes_over and (told := _where(site, request.operation, writer.region)):
        return Nothing(site=site, request=request, told=told)
    if request.operation == DRILL and writer.region != site.launch_region:
        raise RecoveryError(
            f"'{site.suffix}' has failed over to {writer.region}: there is nothing to rehearse",
            hint=f"bring it back first: `{command(aws, FAILBACK, site.suffix)}`",
        )
    findings = readiness(aws, site, now=look.now)
    if not takes_over:
        _refuse(aws, site, request, findings)
    to_region = writer.region if request.operation == DRILL else site.other(writer.region)
    return Start(
        site=site,
        request=request,
        run=_run_id(request.operation, look.now),
        requested_by=_caller(aws, site),
        from_region=writer.region,
        to_region=site.region if request.operation == DRILL else to_region,
        loss=_loss(look, request.operation),
        findings=findings,
        steps=tuple((each.name, each.does) for each in PROCEDURES[request.operation]),
        takes_over=takes_over,
    )


def machine_input(step: Start) -> dict[str, object]:
    """What the state machine is started with; the same may be typed in the console."""
    return {
        "operation": step.request.operation,
        "requestedBy": step.requested_by,
        "reason": step.request.reason,
        "overrides": sorted(step.request.overrides),
        "moveTraffic": step.request.move_traffic,
    }


def _where(site: Site, operation: str, writer: str) -> str:
    """Why there is nothing to do; empty where there is."""
    if operation == FAILBACK and writer == site.launch_region:
        return f"the writer is in {writer}, the launch region: there is nothing to fail back"
    if operation not in (FAILBACK, DRILL) and writer == site.region:
        return f"the writer is in {writer} already"
    return ""


def _refuse(aws: Aws, site: Site, request: Request, findings: tuple[Finding, ...]) -> None:
    """Refuse what a person has not overridden; the first reason decides what the hint names."""
    for finding in hindrances(findings):
        if _meant(request.operation, finding):
            continue
        override = LAG if finding.check == "lag" else NOT_READY
        if override in request.overrides:
            continue
        again = command(aws, request.operation, site.suffix, OPTIONS[override])
        raise RecoveryError(
            f"the {request.operation} of '{site.suffix}' is refused, and nothing was touched: "
            f"{finding.check} is not ready",
            why=f"{finding.found}; {finding.fix}",
            hint=f"to go on all the same: `{again}`; it costs: {COSTS[override]}",
        )
    lag = next(each for each in findings if each.check == "lag")
    unknown = lag.state == UNKNOWN and site.switches_on and request.operation == FAILOVER
    if unknown and LAG not in request.overrides:
        again = command(aws, FAILOVER, site.suffix, OPTIONS[LAG])
        raise RecoveryError(
            f"the failover of '{site.suffix}' is refused, and nothing was touched: nobody knows how "
            f"far {site.region} is behind",
            why=lag.found,
            hint=f"to go on all the same: `{again}`; it costs: {COSTS[LAG]}",
        )
    answers = next(each for each in findings if each.check == "launch region").state == "ok"
    if request.operation == FAILOVER and answers and ANSWERS not in request.overrides:
        again = command(aws, FAILOVER, site.suffix, OPTIONS[ANSWERS])
        raise RecoveryError(
            f"the failover of '{site.suffix}' is refused, and nothing was touched: "
            f"{site.launch_region} answers",
            why=COSTS[ANSWERS],
            hint=f"`{command(aws, 'switchover', site.suffix)}`; "
            f"to fail over all the same: `{again}`",
        )


def _meant(operation: str, finding: Finding) -> bool:
    """What a failback is there to mend, or waits for, is no reason against it."""
    waited_for = (
        "roles",
        "standby",
        "other region",
        "traffic",
        "versions",
        "replica instance",
        "lag",
    )
    return operation == FAILBACK and finding.check in waited_for


def _loss(look: Surroundings, operation: str) -> Loss | None:
    """None for what is planned: it waits until nothing is behind."""
    if operation != FAILOVER:
        return None
    try:
        seconds, source = database_lag(look)
    except DrCatalogError as error:
        seconds, source = None, f"no lag is measured: {error.why or error.what}"
    return Loss(database=seconds, source=source, promised=objective(look.site, "rpo"))


def _caller(aws: Aws, site: Site) -> str:
    """Who asks, as the surviving region knows them."""
    return aws.caller(site.region)[1]


def _run_id(operation: str, now: datetime) -> str:
    """An id that sorts by time and that no two operators draw at once."""
    return f"{operation}-{now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
