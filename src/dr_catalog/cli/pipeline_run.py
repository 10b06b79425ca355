"""``dr-catalog pipeline run``: the synthesised pipeline, executed against the local simulation."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import PipelineError, SetupError, UsageError
from . import options
from .question import terminal

if TYPE_CHECKING:
    from ..definitions import Pipeline as Definition
    from ..promotion.running import Ran, Waiting
    from ..promotion.template import Pipeline
    from ..publishing import Accounts

_COMMAND = Path(sys.executable).with_name("dr-catalog")


@click.command("run")
@click.option(
    "--approve",
    "approved",
    multiple=True,
    metavar="STAGE",
    help="Give the approval at the end of this stage; as often as needed.",
)
@click.option(
    "--skip", multiple=True, metavar="ACTION", help="Leave a test out, such as the suite's."
)
@click.option(
    "--root", type=click.Path(exists=True, file_okay=False), default=".", show_default=True
)
@options.output
def command(approved: tuple[str, ...], skip: tuple[str, ...], root: str, output: str) -> None:
    """Run the pipeline here, against the local simulation: the commit, through every stage.

    Stages, actions and commands are those of the synthesised template; `install` phases are left out,
    since this environment is the image. The commit is copied: what is not committed takes no part.
    """
    import tempfile

    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    from ..definitions import load_catalog

    catalog = load_catalog(Path(root))
    definition = catalog.pipeline
    if endpoint is None:
        raise SetupError(
            "the pipeline is run here on the local simulation only",
            why="AWS_ENDPOINT_URL is not set, and on AWS the pipeline runs itself",
            hint="`aws codepipeline start-pipeline-execution --region "
            f"{definition.region} --name {definition.name}`",
        )
    from ..promotion.checkout import checkout

    with tempfile.TemporaryDirectory(prefix="dr-catalog-run-") as work:
        source = Path(work, "source")
        source.mkdir()
        copied = checkout(Path(root), source)
        click.echo(f"local simulation: commit {copied.commit[:12]} in a clean copy", err=True)
        if copied.uncommitted:
            names = ", ".join(line.split(maxsplit=1)[-1] for line in copied.uncommitted[:3])
            more = f" and {len(copied.uncommitted) - 3} more" if copied.uncommitted[3:] else ""
            click.echo(f"not committed, so not part of it: {names}{more}", err=True)
        _run(
            Path(work),
            source,
            commit=copied.commit,
            endpoint=endpoint,
            approved=approved,
            skip=skip,
            output=output,
        )


def _run(
    work: Path,
    source: Path,
    *,
    commit: str,
    endpoint: str,
    approved: Collection[str],
    skip: Collection[str],
    output: str,
) -> None:
    import hashlib
    import tempfile
    import uuid

    import boto3

    from ..definitions import load_pipeline
    from ..promotion.record import Record
    from ..promotion.running import Run
    from ..promotion.template import read
    from ..publishing import Accounts
    from ..publishing.assembly import synthesise
    from ..translation import translated
    from .organisation import ACCESS_ROLE, assume, make_role
    from .pipeline_progress import Progress

    definition = load_pipeline(source / "pipeline")
    account, environment = definition.account, _environment(source, definition.region)
    click.echo("synthesising the pipeline", err=True)
    templates = synthesise(source, only="pipeline", environment=environment)
    pipeline = read(templates.values())
    _check_approvals(pipeline, approved)
    mark = hashlib.sha256(f"{endpoint} {account} {pipeline.name}".encode()).hexdigest()[:12]

    def enter(role: str) -> Mapping[str, str]:
        # CodeBuild projects and their roles can't be deployed here; the stages' roles trust this name.
        make_role(endpoint=endpoint, account=account, role=role, trusted=(account,))
        return assume(endpoint=endpoint, account=account, role=role)

    with translated(endpoint=endpoint), Progress() as progress:
        # In the simulation an account's key is its number.
        session = boto3.Session(account, "test", region_name=definition.region)
        _let_in(definition, templates, Accounts(role=ACCESS_ROLE, caller=session))
        ran = Run(
            id=uuid.uuid4().hex[:8],
            commit=commit,
            source=source,
            pipeline=pipeline,
            promoting=[stage.name for stage in definition.stages],
            skip=skip,
            work=work,
            lock=Path(tempfile.gettempdir(), f"dr-catalog-pipeline-{mark}.lock"),
            record=Record(session.client("ssm"), pipeline.name),
            environment=environment,
            enter=enter,
            ask=_asker(approved),
            show=progress,
        ).go()
    _show(commit, ran, output)


def _environment(source: Path, region: str) -> dict[str, str]:
    """What every build has: nobody's credentials, and the library of the commit where it is its own."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("AWS_") or name == "AWS_ENDPOINT_URL"
    }
    environment["PATH"] = f"{_COMMAND.parent}{os.pathsep}{environment.get('PATH', '')}"
    environment["AWS_DEFAULT_REGION"] = region
    if (source / "src" / "dr_catalog").is_dir():
        environment["PYTHONPATH"] = str(source / "src")  # as `pip install .` would bring it
    return environment


def _let_in(definition: Definition, templates: Mapping[str, str], accounts: Accounts) -> None:
    """Let this pipeline into the stages' accounts, as `pipeline deploy` does, where it is not yet."""
    from ..publishing.pipeline_stacks import PipelineDeployment

    deployment = PipelineDeployment(pipeline=definition, templates=templates, accounts=accounts)
    try:
        plan = deployment.plan()
    except SetupError as error:
        raise SetupError(
            error.what,
            why=error.why,
            hint="`dr-catalog local up` in the catalog's folder lets its pipeline into its accounts",
        ) from error
    for step in plan:
        if step.change:
            click.echo(f"letting the pipeline into account {step.account}", err=True)
            deployment.run(step)


def _check_approvals(pipeline: Pipeline, approved: Collection[str]) -> None:
    gates = [each.stage for each in pipeline.actions if each.category == "Approval"]
    for stage in approved:
        if stage not in gates:
            raise UsageError(
                f"stage '{stage}' has no approval to give",
                why=f"stages with one: {', '.join(gates) or 'none'}",
            )


def _asker(approved: Collection[str]) -> Callable[[Waiting], bool | None]:
    def ask(waiting: Waiting) -> bool | None:
        click.echo(waiting.text, err=True)
        if waiting.stage in approved:
            return True
        if not terminal():
            raise PipelineError(
                f"the approval at the end of stage {waiting.stage} is waited for",
                why="there is no terminal to ask at; all before it is done",
                hint=f"`dr-catalog pipeline run --approve {waiting.stage}` goes on from here",
            )
        click.echo(f"Approve what follows stage {waiting.stage}? [y/N]: ", nl=False, err=True)
        ready, _, _ = select.select([sys.stdin], [], [], waiting.minutes * 60)
        if not ready:
            return None
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    return ask


def _show(commit: str, ran: tuple[Ran, ...], output: str) -> None:
    from .render import as_json, as_table

    changed = any(each.changed for each in ran)
    if output == "json":
        as_json({"commit": commit, "changed": changed, "actions": ran})
        return
    as_table(
        ("STAGE", "ACTION", "OUTCOME", "SECONDS"),
        ((each.stage, each.action, each.outcome, f"{each.seconds:.1f}") for each in ran),
    )
    if changed:
        click.echo("next: dr-catalog pipeline status", err=True)
    else:
        click.echo(f"nothing to do: every stage has commit {commit[:12]}")
