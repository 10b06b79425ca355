"""``dr-catalog pipeline status``: which version is in which stage, what waits, and what differs."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from . import options
from .organisation import ACCESS_ROLE

if TYPE_CHECKING:
    from ..definitions import Pipeline
    from ..promotion.gates import Gate
    from ..publishing import Accounts


@click.command("status")
@click.option(
    "--role",
    default=ACCESS_ROLE,
    show_default=True,
    help="The role to assume in the stages' accounts and the pipeline's.",
)
@click.option(
    "--root", type=click.Path(exists=True, file_okay=False), default=".", show_default=True
)
@options.output
def command(role: str, root: str, output: str) -> None:
    """Show every version in every stage: default, available, deprecated or retired; and what waits.

    DIFFERS says where a version is missing, has other bytes, or is not the default. A stage whose
    account can't be entered is shown as unreachable, and the others all the same.
    """
    from pathlib import Path

    from ..definitions import load_pipeline
    from ..errors import DrCatalogError
    from ..promotion.standing import rows, standings
    from ..publishing import Accounts
    from ..translation import translated
    from .render import as_json, as_table

    pipeline = load_pipeline(Path(root) / "pipeline")
    accounts = Accounts(role=role)
    with translated(endpoint=os.environ.get("AWS_ENDPOINT_URL")):
        _ = accounts.own  # without any credentials there is nothing to tell
    found = standings(pipeline.stages, accounts)
    versions = rows(found)
    gates: tuple[Gate, ...] = ()
    unknown = ""
    try:
        gates = _gates(pipeline, accounts)
    except DrCatalogError as error:
        unknown = ": ".join(filter(None, (error.what, error.why)))
    if output == "json":
        as_json(
            {
                "stages": [
                    {"stage": each.name, "account": each.account, "unreachable": there.unreachable}
                    for each, there in zip(pipeline.stages, found, strict=True)
                ],
                "versions": versions,
                "gates": gates,
                "gates_unknown": unknown,
            }
        )
        return
    for there in found:
        if there.unreachable:
            click.echo(f"stage {there.stage} is unreachable: {there.unreachable}", err=True)
    as_table(
        ("PRODUCT", "VERSION", *(each.stage.upper() for each in found), "DIFFERS"),
        (
            (
                row.product,
                row.version,
                *(
                    "unreachable" if each.unreachable else row.stages.get(each.stage, "")
                    for each in found
                ),
                "; ".join(row.differs),
            )
            for row in versions
        ),
    )
    if unknown:
        click.echo(f"what waits for approval can't be told: {unknown}", err=True)
    elif gates:
        click.echo()
        as_table(
            ("STAGE", "ACTION", "IS", "SINCE", "ABOUT"),
            ((each.stage, each.action, each.status, each.since, each.text) for each in gates),
        )
    else:
        click.echo("no approval waits", err=True)


def _gates(pipeline: Pipeline, accounts: Accounts) -> tuple[Gate, ...]:
    from ..promotion.gates import of_record, on_aws
    from ..promotion.record import Record
    from ..translation import translated

    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    where = {"account": pipeline.account, "region": pipeline.region}
    with translated(endpoint=endpoint):
        if endpoint is not None:  # no CodePipeline there: its runs are local ones
            return of_record(Record(accounts.client("ssm", **where), pipeline.name))
        return on_aws(accounts.client("codepipeline", **where), pipeline.name)
