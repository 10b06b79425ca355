"""``pipeline deploy`` at a terminal, and what it says comes next; the rest is shown end to end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dr_catalog.cli import question
from dr_catalog.cli.main import cli
from dr_catalog.publishing import assembly
from dr_catalog.publishing.pipeline_stacks import PipelineDeployment, StackStep

from ..definitions.conftest import root  # noqa: F401


def step(stack: str, change: str) -> StackStep:
    return StackStep(
        account="555555555555", region="us-east-1", stack=stack, source="", change=change
    )


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[StackStep]:
    """A plan of two steps on AWS, one of which has nothing to do; what was run of it."""
    ran: list[StackStep] = []
    plan = (step("dr-catalog-pipeline-store", ""), step("dr-catalog-pipeline", "update"))
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr(assembly, "synthesise", lambda _: {})
    monkeypatch.setattr(PipelineDeployment, "plan", lambda _: plan)
    monkeypatch.setattr(PipelineDeployment, "run", lambda _, each: ran.append(each))
    return ran


def deploy(root: Path, *words: str, **more: Any) -> Result:  # noqa: F811
    return CliRunner().invoke(cli, ["pipeline", "deploy", "--root", str(root), *words], **more)


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1)])
def test_it_asks_at_a_terminal(
    root: Path,  # noqa: F811
    done: list[StackStep],
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    code: int,
) -> None:
    monkeypatch.setattr(question, "terminal", lambda: True)
    result = deploy(root, input=answer)
    assert result.exit_code == code
    assert "  update  dr-catalog-pipeline in 555555555555 us-east-1" in result.stderr
    assert "Change 1 stack?" in result.stderr
    assert [each.change for each in done] == (["", "update"] if code == 0 else [])


@pytest.mark.parametrize(
    ("source", "following"),
    [
        (
            "s3: {bucket: tiers-source, key: catalog.zip}",
            "aws s3 cp catalog.zip s3://tiers-source/catalog.zip --region us-east-1",
        ),
        (
            "connection: {arn: 'arn:aws:codeconnections:us-east-1:555555555555:connection/0a',"
            " repository: team/tiers, branch: main}",
            "git push, to branch main of team/tiers",
        ),
    ],
)
@pytest.mark.usefixtures("done")
def test_it_says_what_starts_the_pipeline(root: Path, source: str, following: str) -> None:  # noqa: F811
    file = root / "pipeline/pipeline.yaml"
    text = file.read_text()
    file.write_text(text.replace("s3: {bucket: tiers-source, key: catalog.zip}", source))
    result = deploy(root, "--yes")
    assert result.stdout.splitlines() == [
        "555555555555  us-east-1  dr-catalog-pipeline-store  nothing to do",
        "555555555555  us-east-1  dr-catalog-pipeline  updated",
    ]
    assert result.stderr.splitlines()[-1].startswith("next: git ")
    assert following in result.stderr.splitlines()[-1]
