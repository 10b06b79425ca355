"""``dr-catalog evidence``: what a recovery decided, did and measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import options

if TYPE_CHECKING:
    from ..failover import Run


@click.command("evidence")
@options.suffix
@click.option("--run", "run_id", metavar="RUN", help="The run [default: the latest].")
@click.option(
    "--html",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Write it as one page with the time line drawn.",
)
@options.either_region
@options.output
def command(
    suffix: str, run_id: str | None, html: Path | None, region: str | None, output: str
) -> None:
    """Show who decided what on which figures, each step's time, and what was lost against the promise."""
    from ..failover import Aws, evidence, locate, page
    from .render import as_json

    aws = Aws(region=region)
    site = locate(aws, suffix)
    run = evidence(aws, site, run_id)
    if html is not None:
        html.write_text(page(aws, site, run), encoding="utf-8")
        click.echo(f"wrote {html}", err=True)
    if output == "json":
        as_json({"suffix": suffix, **run.record})
        return
    _show(run)
    if aws.local:
        click.echo("local simulation: the times are not those of AWS", err=True)


def _show(run: Run) -> None:
    from .recovery import measured
    from .render import as_fields, as_table

    record, found, approval = run.record, run.figures, run.approval
    kept = found.get("evidence")
    decision = " ".join(
        filter(
            None,
            (approval.get("decision"), "by", approval.get("decidedBy"), approval.get("decidedAt")),
        )
    )
    as_fields(
        (
            ("run", run.id),
            ("outcome", run.outcome or f"at {run.state}"),
            ("told", run.told),
            ("from, to", " to ".join(filter(None, (run.from_region, run.to_region)))),
            ("began, ended", f"{run.began} {run.ended}"),
            ("requested by", record.get("requestedBy", "")),
            ("reason", record.get("reason", "")),
            ("mode, overrides", f"{run.mode} {' '.join(record.get('overrides', ()))}"),
            ("decision", decision if approval.get("decision") else ""),
            *measured(found),
            ("kept as", f"s3://{kept['bucket']}/{kept['key']}" if kept else ""),
        )
    )
    click.echo()
    as_table(
        ("BEGAN", "ENDED", "STEP", "OUTCOME", "TOLD"),
        ((each.began, each.ended, each.step, each.outcome, each.told) for each in run.steps),
    )
