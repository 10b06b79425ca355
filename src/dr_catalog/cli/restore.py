"""``dr-catalog restore``: the launch region is lost, or its data are; the peer is rebuilt from copies."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import options

if TYPE_CHECKING:
    from ..failover.aws import Aws
    from ..restoring import Plan, Record


@click.command("restore")
@options.suffix
@click.option("--region", metavar="REGION", help="The peer region [default: that of your profile].")
@click.option(
    "--at",
    default="",
    metavar="TIME",
    help="Use copies made before this time, ISO 8601 with its zone, as before a mistake "
    "[default: the last].",
)
@click.option(
    "--yes", is_flag=True, help="Ask nothing, and go on though the launch region still answers."
)
@click.option(
    "--evidence",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Write the record of the run into a file as well.",
)
@options.output
def command(
    suffix: str, region: str | None, at: str, yes: bool, evidence: Path | None, output: str
) -> None:
    """Rebuild a launch of backup & restore in its peer: database, table, documents and API.

    The same command goes on where it stopped. What was written after the last copies is lost, and said.
    """
    from ..failover.aws import Aws
    from ..restoring import Peer, locate, plan, restore
    from ..restoring.running import PAUSE_SECONDS

    aws = Aws(region=region)
    peer = Peer(aws, locate(aws, suffix))
    found = plan(peer, at=at)
    if not found.record.outcome:
        _show(found, aws)
        _be_sure(found, yes)
    begun = time.monotonic()

    def report(step: str, told: str) -> None:
        click.echo(f"{time.monotonic() - begun:6.1f}s  {step:<10} {told}", err=True)

    pause = 0.2 if aws.local else PAUSE_SECONDS
    record = restore(peer, found, report=report, pause=pause)
    _tell(record, evidence, output)
    if aws.local:
        click.echo("local simulation: the times are not those of AWS", err=True)


def _show(plan: Plan, aws: Aws) -> None:
    from ..restoring.model import WORDS, iso, now, seconds

    target, record = plan.target, plan.record
    click.echo(
        f"restore of '{target.suffix}' from {target.launch_region} in {target.region}"
        + (", local simulation" if aws.local else ""),
        err=True,
    )
    if plan.resumes:
        click.echo(f"  goes on with {record.id}, begun {record.began} by {record.by}", err=True)
    for store, point in record.points.items():
        age = _duration(seconds(point.at, iso(now())))
        first = f", the first is of {plan.earliest[store]}" if plan.earliest else ""
        click.echo(
            f"  {WORDS[store]:<10} as of {point.at}: what was written in the {age} since is lost"
            f"{first}",
            err=True,
        )
    click.echo(
        "  takes about an hour, and longer the more there is: AWS Backup copies table and documents, "
        "CloudFormation makes network, database and API",
        err=True,
    )
    if target.parameters.get("ZoneId"):
        click.echo(
            "  the API's name is changed at the end, through Route 53's control plane", err=True
        )
    if plan.answers:
        click.echo(
            f"  {target.launch_region} STILL ANSWERS: it takes no writes from the beginning of this on, and "
            "what it was told since the copies is left behind there",
            err=True,
        )


def _be_sure(plan: Plan, yes: bool) -> None:
    from ..errors import RecoveryError
    from .question import ask

    if yes:
        return
    target = plan.target
    hint = f"dr-catalog restore --suffix {target.suffix} --region {target.region} --yes"
    if plan.answers:
        raise RecoveryError(
            f"'{target.suffix}' is not restored: {target.launch_region} still answers",
            why="a restore would leave behind what it was told since the copies",
            hint=f"where its data are destroyed, choose copies from before with --at; to go on: `{hint}`",
        )
    ask(
        f"Rebuild '{target.suffix}' in {target.region}?",
        doing=f"restoring '{target.suffix}'",
        hint=hint,
    )


def _tell(record: Record, evidence: Path | None, output: str) -> None:
    import json

    from .render import as_fields, as_json

    body = asdict(record)
    if evidence is not None:
        evidence.write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")
        click.echo(f"wrote {evidence}", err=True)
    if output == "json":
        as_json(body)
        return
    figures, kept = record.figures, record.figures["evidence"]
    as_fields(
        (
            ("run", record.id),
            ("outcome", record.outcome),
            ("RTO", _duration(figures["rto"])),
            *(
                (f"RPO {store}", f"at most {_duration(lost)}")
                for store, lost in figures["rpoAtMost"].items()
            ),
            ("newest transaction", figures.get("newestTransaction", "")),
            ("endpoint", figures["endpoint"]),
            ("url", figures.get("url", "")),
            ("kept as", f"s3://{kept['bucket']}/{kept['key']}"),
        )
    )


def _duration(seconds: int) -> str:
    from ..handlers.recovery.page import duration

    return duration(seconds)
