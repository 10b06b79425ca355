"""What failover, switchover, failback and drill share: show the plan, ask, start, follow, tell.

options -> request -> plan -> (shown, asked) -> execute -> follow -> outcome on stdout
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from .main import INTERRUPTED
from .question import ask

if TYPE_CHECKING:
    from ..failover import Aws, Request, Run, Site, Start

yes = click.option("--yes", is_flag=True, help="Do not ask.")
reason = click.option("--reason", default="", metavar="WORDS", help="Why, for the evidence.")
accept_loss = click.option(
    "--accept-loss", is_flag=True, help="Go on although more would be lost than the tier promises."
)
accept_not_ready = click.option(
    "--accept-not-ready", is_flag=True, help="Go on although a check says no."
)


def overrides(**given: bool) -> tuple[str, ...]:
    """The machine's words for the options that were given."""
    from ..failover.planning import OPTIONS

    words = {option[2:].replace("-", "_"): word for word, option in OPTIONS.items()}
    return tuple(sorted(words[name] for name, is_given in given.items() if is_given))


def run(
    aws: Aws, request: Request, *, sure: bool, no_wait: bool, output: str, following: str = ""
) -> None:
    """Plan, ask, start and follow a run, and print how it ended.

    Args:
        aws: The account's AWS.
        request: What is asked for.
        sure: Do not ask.
        no_wait: Return once it has begun.
        output: ``text`` or ``json``.
        following: The operation to name after success; empty for none.

    Raises:
        DrCatalogError: It was refused, or it failed.
    """
    from ..failover import Follow, Nothing, execute, locate, plan
    from ..failover.hints import command

    site = locate(aws, request.suffix)
    step = plan(aws, site, request)
    if isinstance(step, Nothing):
        click.echo(step.told, err=True)
        show(None, site, output, operation=request.operation)
        return
    if isinstance(step, Follow):
        click.echo(f"{request.operation} {step.run.id} runs already, and is followed", err=True)
        run_id, execution = step.run.id, step.run.execution
    else:
        _show_plan(aws, step)
        if not sure:
            ask(
                f"{request.operation.capitalize()} '{request.suffix}' to {step.to_region}?",
                doing=f"the {request.operation} of '{request.suffix}'",
                hint=command(aws, request.operation, request.suffix, *_words(request), "--yes"),
            )
        execution = execute(aws, step)
        run_id = step.takes_over or step.run
    if no_wait:
        click.echo(f"run {run_id} has begun; the same command follows it", err=True)
        show(aws.run(site, run_id), site, output, operation=request.operation, run_id=run_id)
        return
    done = watch(
        aws,
        site,
        run_id=run_id,
        execution=execution,
        # Who said yes to the plan has decided; a run that something else began is asked for.
        sure=sure or not isinstance(step, Follow),
        overrides=request.overrides,
    )
    show(done, site, output, operation=request.operation)
    click.echo(f"next: {command(aws, 'evidence', request.suffix, '--run', done.id)}", err=True)
    if following:
        click.echo(f"then: {command(aws, following, request.suffix)}", err=True)


def watch(
    aws: Aws, site: Site, *, run_id: str, execution: str, sure: bool, overrides: tuple[str, ...]
) -> Run:
    """Follow a run, telling its steps on stderr, and decide when it waits for a person."""
    from ..failover import follow
    from .steps import Steps

    steps = Steps(f"run {run_id} in {site.region}" + (", local simulation" if aws.local else ""))

    def decide(waiting: Run) -> None:
        from ..failover.hints import command
        from ..failover.model import APPROVE

        for line in figures(waiting):
            click.echo(f"       {line}", err=True)
        if not sure:
            ask(
                f"Approve {waiting.operation} {waiting.id}?",
                doing=f"the approval of {waiting.id}",
                hint=command(aws, waiting.operation, site.suffix, "--approve", waiting.id, "--yes"),
            )
        by = aws.caller(site.region)[1]
        counts, told = aws.decide(
            site, run_id=waiting.id, decision=APPROVE, by=by, overrides=overrides
        )
        steps.note("approved" if counts else f"somebody was faster: {told}")

    try:
        return follow(
            aws, site, run_id=run_id, execution=execution, report=steps.report, decide=decide
        )
    except KeyboardInterrupt:
        click.echo(
            f"\nrun {run_id} goes on without this command; run the same command again to follow it",
            err=True,
        )
        click.get_current_context().exit(INTERRUPTED)


def decide(
    aws: Aws,
    suffix: str,
    *,
    run_id: str,
    decision: str,
    overrides: tuple[str, ...],
    sure: bool,
    no_wait: bool,
    output: str,
) -> None:
    """Approve or abort a run that waits, then follow it to its end.

    Raises:
        NotFoundError: There is no such run.
        RecoveryError: It waits for nothing, somebody decided otherwise, or it failed.
    """
    from ..errors import NotFoundError, RecoveryError
    from ..failover import locate
    from ..failover.hints import command
    from ..failover.model import ABORT

    site = locate(aws, suffix)
    waiting = aws.run(site, run_id)
    if waiting is None:
        raise NotFoundError(
            f"'{suffix}' has no run {run_id}", hint=f"see `{command(aws, 'evidence', suffix)}`"
        )
    click.echo(f"{waiting.operation} {run_id} is at {waiting.state}", err=True)
    for line in figures(waiting):
        click.echo(f"  {line}", err=True)
    if waiting.waiting:
        if not sure:
            ask(
                f"{decision.capitalize()} {waiting.operation} {run_id}?",
                doing=f"the decision on {run_id}",
                hint=command(aws, "failover", suffix, f"--{decision}", run_id, "--yes"),
            )
        by = aws.caller(site.region)[1]
        counts, told = aws.decide(
            site, run_id=run_id, decision=decision, by=by, overrides=overrides
        )
        click.echo(told or f"decided: {decision}", err=True)
        if not counts:
            raise RecoveryError(f"the decision on {run_id} did not count", why=told)
    elif waiting.approval.get("decision") != decision:
        raise RecoveryError(
            f"run {run_id} waits for no decision",
            why=f"it is at {waiting.state}: {waiting.told}",
            hint=f"see `{command(aws, 'evidence', suffix, '--run', run_id)}`",
        )
    if no_wait:
        show(aws.run(site, run_id), site, output, operation=waiting.operation)
        return
    try:
        done = watch(
            aws,
            site,
            run_id=run_id,
            execution=waiting.execution,
            sure=True,
            overrides=overrides,
        )
    except RecoveryError:
        ended = aws.run(site, run_id)
        if decision != ABORT or ended is None or ended.outcome != "aborted":
            raise
        done = ended  # which is what was asked for
    show(done, site, output, operation=waiting.operation)


def figures(run: Run) -> list[str]:
    """On what a decision stands: lag against the objective, and the checks that say no."""
    lines = []
    if lag := _lag(run.figures):
        lines.append(
            f"expected loss of the database: {lag}, {run.figures['rpoPromise']} s are promised"
        )
    lines += [f"{name}: {why}" for name, why in (run.figures.get("checks") or {}).items() if why]
    return lines


def show(run: Run | None, site: Site, output: str, *, operation: str, run_id: str = "") -> None:
    """How a run stands, on stdout."""
    if output == "json":
        from .render import as_json

        as_json(
            {"suffix": site.suffix, "operation": operation, "region": site.region}
            | ({"run": run_id} if run_id else {})
            | (dict(run.record) if run else {})
        )
        return
    if run is None:
        click.echo(f"{site.suffix}: {f'run {run_id} has begun' if run_id else 'nothing to do'}")
        return
    words = [f"{site.suffix}: {run.operation} {run.outcome or 'under way'}"]
    if run.to_region:
        words.append(f"{run.from_region} to {run.to_region}")
    words += [f"{name} {value}" for name, value in measured(run.figures) if value]
    click.echo(", ".join(words))


def measured(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was measured against what the tier promises, as names and values."""
    from ..handlers.recovery.page import duration

    def against(name: str) -> str:
        return f" (promised {duration(found[name])})" if found.get(name) is not None else ""

    def bound(store: str) -> str:
        return "at most " if store in (found.get("rpoAtMost") or ()) else ""

    rto = found.get("rto")
    return [
        ("lag", _lag(found)),
        ("RTO", f"{duration(rto)}{against('rtoPromise')}" if rto is not None else ""),
        *(
            (f"RPO {store}", f"{bound(store)}{duration(seconds)}{against('rpoPromise')}")
            for store, seconds in (found.get("rpo") or {}).items()
            if seconds is not None
        ),
        ("traffic", str(found.get("traffic") or "")),
        ("endpoint", str(found.get("endpoint") or "")),
    ]


def _lag(found: Mapping[str, Any]) -> str:
    lag = found.get("lag") or {}
    if lag.get("milliseconds") is None:
        return ""
    return f"{lag['milliseconds'] / 1000:.1f} s ({lag.get('source', '')})"


def _show_plan(aws: Aws, step: Start) -> None:
    request = step.request
    click.echo(
        f"{request.operation} of '{request.suffix}' from {step.from_region} to {step.to_region}"
        + (", local simulation" if aws.local else ""),
        err=True,
    )
    if step.takes_over:
        click.echo(f"  takes over {step.takes_over}, which stopped half-way", err=True)
    for number, (name, does) in enumerate(step.steps, start=1):
        click.echo(f"  {number:>2}  {name:<13} {does}", err=True)
    for finding in step.findings:
        if finding.state != "ok":
            click.echo(f"  {finding.check} is {finding.state}: {finding.found}", err=True)
    if step.loss is None:
        said = "nothing"
    elif step.loss.database is None:
        said = f"not measured: {step.loss.source}"
    else:
        said = f"the last {step.loss.database:.1f} s of the database ({step.loss.source})"
        if step.site.both_serve:
            said += "; what the tables have of it is settled afterwards"
    click.echo(f"  expected loss: {said}", err=True)


def _words(request: Request) -> list[str]:
    from ..failover.planning import OPTIONS

    return [OPTIONS[word] for word in request.overrides]
