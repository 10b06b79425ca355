"""``dr-catalog drill``: rehearse a failover, in place with nothing moved, or on a throw-away launch."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import UsageError
from . import options, recovery
from .question import ask

if TYPE_CHECKING:
    from ..failover import Drilled


@click.command("drill")
@options.suffix
@click.option(
    "--throw-away",
    is_flag=True,
    help="Launch the same version anew, lose its region, terminate it.",
)
@click.option(
    "--html",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="With --throw-away: write what it showed as one page.",
)
@recovery.reason
@recovery.accept_loss
@recovery.accept_not_ready
@recovery.yes
@options.no_wait
@options.either_region
@options.output
def command(
    suffix: str,
    throw_away: bool,
    html: Path | None,
    reason: str,
    accept_loss: bool,
    accept_not_ready: bool,
    yes: bool,
    no_wait: bool,
    region: str | None,
    output: str,
) -> None:
    """Rehearse a failover.

    In place: checks, instance, capacity and reads; no promotion, and the traffic stays. With
    --throw-away: the same version is launched under another suffix, its launch region is lost under
    load, it fails over and back, what was confirmed is compared with what survived, and it is
    terminated. On AWS the region is lost by fencing only.
    """
    from ..failover import Aws, Request

    waived = recovery.overrides(accept_loss=accept_loss, accept_not_ready=accept_not_ready)
    if throw_away:
        if waived or no_wait or reason:
            raise UsageError("--throw-away takes none of --accept-..., --no-wait and --reason")
        _throw_away(suffix, html, sure=yes, region=region, output=output)
        return
    if html is not None:
        raise UsageError("--html needs --throw-away", hint="`dr-catalog evidence --html FILE`")
    request = Request(
        operation="drill", suffix=suffix, reason=reason, overrides=waived, move_traffic=False
    )
    recovery.run(Aws(region=region), request, sure=yes, no_wait=no_wait, output=output)


def _throw_away(
    suffix: str, html: Path | None, *, sure: bool, region: str | None, output: str
) -> None:
    from .. import provisioning
    from ..failover import Aws, drill, drill_page, locate
    from ..failover.drilling import throw_away_suffix
    from ..failover.hints import command as line
    from .render import as_json

    aws = Aws(region=region)
    site, extra = locate(aws, suffix), throw_away_suffix(suffix)
    click.echo(
        f"launches '{extra}' in {site.launch_region} and {site.region} like '{suffix}', which stays as "
        f"it is; fails it over and back; terminates it{', local simulation' * aws.local}",
        err=True,
    )
    if not sure:
        ask(
            f"Drill '{suffix}' on '{extra}'?",
            doing=f"the drill of '{suffix}'",
            hint=line(aws, "drill", suffix, "--throw-away", "--yes"),
        )
    begun = time.monotonic()

    def tell(words: str) -> None:
        click.echo(f"{time.monotonic() - begun:6.1f}s  {words}", err=True)

    done = drill(aws, provisioning.Aws(region=site.launch_region), suffix, tell=tell)
    if html is not None:
        html.write_text(drill_page(aws, done), encoding="utf-8")
        click.echo(f"wrote {html}", err=True)
    if output == "json":
        as_json(done)
        return
    _show(done)


def _show(done: Drilled) -> None:
    from ..handlers.recovery.page import duration
    from .render import as_fields, as_table

    figures = done.failover.get("figures")
    as_fields(
        (
            ("drilled", f"{done.product} of '{done.suffix}' on '{done.throw_away}'"),
            ("lost", done.how),
            *(recovery.measured(figures) if isinstance(figures, dict) else ()),
            ("without a confirmed write", duration(done.silence)),
            ("kept as", done.kept),
        )
    )
    click.echo()
    as_table(
        ("AFTER", "STORE", "CONFIRMED", "LOST", "REACHING BACK"),
        (
            (after, each.store, str(each.confirmed), str(len(each.lost)), duration(each.seconds))
            for after, found in (("failover", done.survived), ("failback", done.returned))
            for each in found
        ),
    )
