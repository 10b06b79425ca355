"""``dr-catalog pipeline deploy``: shows what it takes, asks, and brings every account to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from .organisation import ACCESS_ROLE

if TYPE_CHECKING:
    from ..definitions import Pipeline
    from ..publishing.pipeline_stacks import StackStep

_DONE = {"create": "created", "update": "updated", "": "nothing to do"}


@click.command("deploy")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--role",
    default=ACCESS_ROLE,
    show_default=True,
    help="The role to assume in every account but that of the credentials.",
)
@click.option(
    "--root", type=click.Path(exists=True, file_okay=False), default=".", show_default=True
)
@click.option("--output", type=click.Choice(["text", "json"]), default="text")
def command(yes: bool, role: str, root: str, output: str) -> None:
    """Deploy the pipeline in its account, and the roles it works as in the stages' accounts.

    In a local simulation the roles alone; there the pipeline runs by `dr-catalog pipeline run`.
    """
    from pathlib import Path

    from ..definitions import load_catalog
    from ..publishing import Accounts
    from ..publishing.assembly import synthesise
    from ..publishing.pipeline_stacks import PipelineDeployment
    from .render import as_json

    pipeline = load_catalog(Path(root)).pipeline
    click.echo("synthesising the pipeline's stacks", err=True)
    deployment = PipelineDeployment(
        pipeline=pipeline, templates=synthesise(Path(root)), accounts=Accounts(role=role)
    )
    plan = deployment.plan()
    if deployment.local:
        click.echo("local simulation: the pipeline runs by `dr-catalog pipeline run`", err=True)
    if any(step.change for step in plan) and not yes:
        _ask(plan, role=role, root=root)
    for step in plan:
        if step.change:
            click.echo(f"{step.change} {step.stack} in {step.account} {step.region}", err=True)
        deployment.run(step)
    if output == "json":
        as_json(plan)
    else:
        for step in plan:
            click.echo(f"{step.account}  {step.region}  {step.stack}  {_DONE[step.change]}")
    if any(step.change for step in plan) and not deployment.local:
        click.echo(f"next: {_next(pipeline)}", err=True)


def _next(pipeline: Pipeline) -> str:
    """What starts the pipeline."""
    from ..definitions import S3Source

    source = pipeline.source
    if isinstance(source, S3Source):
        return (
            f"git archive --format=zip --output=catalog.zip HEAD && aws s3 cp catalog.zip "
            f"s3://{source.bucket}/{source.key} --region {pipeline.region}"
        )
    return f"git push, to branch {source.branch} of {source.repository}"


def _ask(plan: tuple[StackStep, ...], *, role: str, root: str) -> None:
    from shlex import join

    from .question import ask

    changes = [step for step in plan if step.change]
    for step in changes:
        click.echo(f"  {step.change}  {step.stack} in {step.account} {step.region}", err=True)
    stacks = "1 stack" if len(changes) == 1 else f"{len(changes)} stacks"
    ask(
        f"Change {stacks}?",
        doing=f"changing {stacks}",
        hint=join(["dr-catalog", "pipeline", "deploy", "--role", role, "--root", root, "--yes"]),
    )
