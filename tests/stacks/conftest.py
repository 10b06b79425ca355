"""The pipeline's stacks of several definitions, synthesised in one app, once."""

from __future__ import annotations

import functools
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from constructs import Construct

from dr_catalog.definitions import (
    Approval,
    Catalog,
    ConnectionSource,
    Gates,
    Pipeline,
    Stage,
    load_catalog,
)

ROOT = Path(__file__).parents[2]
CONNECTION = "arn:aws:codeconnections:eu-west-1:555555555555:connection/0a1b"
TOPIC = "arn:aws:sns:eu-west-1:555555555555:releases"
Template = dict[str, Any]


@dataclass(frozen=True)
class Synthesised:
    """The templates of one pipeline; ``access`` by the stage's name."""

    definition: Pipeline
    store: Template
    pipeline: Template
    access: Mapping[str, Template]

    def of_type(self, kind: str) -> dict[str, Any]:
        """The pipeline stack's resources of a type: name (or logical id) to properties."""
        return {
            each["Properties"].get("Name", each["Properties"].get("RoleName", key)): each[
                "Properties"
            ]
            for key, each in self.pipeline["Resources"].items()
            if each["Type"] == kind
        }

    @property
    def stages(self) -> dict[str, list[Any]]:
        """The pipeline's stages, in order: name to actions in run order."""
        (pipeline,) = self.of_type("AWS::CodePipeline::Pipeline").values()
        return {
            stage["Name"]: sorted(stage["Actions"], key=lambda action: action["RunOrder"])
            for stage in pipeline["Stages"]
        }

    def actions(self, stage: str) -> list[str]:
        """The names of a stage's actions, in run order."""
        return [action["Name"] for action in self.stages[stage]]


def stage(name: str, account: str, gates: Gates = Gates(), notify: str | None = None) -> Stage:  # noqa: B008
    """A stage of the other definitions."""
    return Stage(name, account * 12, ("eu-west-1", "eu-central-1"), gates=gates, notify=notify)


def with_early_tiers(catalog: Catalog) -> Catalog:
    """The catalog with a portfolio of its own for the first stage."""
    first, *others = catalog.pipeline.stages
    tiers, *portfolios = catalog.offer.portfolios
    early = replace(catalog.offer, portfolios=(replace(tiers, name="Early tiers"), *portfolios))
    return replace(
        catalog,
        offers={**catalog.offers, "early.yaml": early},
        pipeline=replace(
            catalog.pipeline, stages=(replace(first, portfolio="early.yaml"), *others)
        ),
    )


def definitions(folder: Path) -> dict[str, Pipeline]:
    """The repository's own pipeline, and others that differ from it in gates, source and targets."""
    ours = load_catalog(ROOT).pipeline
    shutil.copytree(ours.folder / "buildspecs", folder / "buildspecs")
    (folder / "buildspecs/test.yaml").unlink()
    approval = Gates(canary=True, approval=Approval(timeout_hours=2), bake=30)
    repository = replace(
        ours,
        name="tiers",
        region="eu-west-1",
        source=ConnectionSource(CONNECTION, "team/tiers", "main"),
        folder=folder,
    )
    return {
        "ours": ours,
        "bare": replace(repository, stages=(stage("only", "1"),)),
        "gates": replace(
            repository,
            stages=(
                stage("a", "1", approval, TOPIC),
                stage("b", "2", Gates(approval=Approval(timeout_hours=1)), "b@example.com"),
                stage("c", "3", Gates(canary=True)),
            ),
        ),
    }


@pytest.fixture(scope="session")
def app_templates(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Template]:
    """The repository's own app with the pipelines of the other definitions beside it, by stack."""
    import aws_cdk as cdk

    from dr_catalog.app import build, build_pipeline
    from dr_catalog.tiers.synthesis import uncollected

    out = tmp_path_factory.mktemp("stacks")
    with uncollected():
        app = cdk.App(
            outdir=str(out), analytics_reporting=False, builtin_cloud_formation_validation=False
        )
        build(app, catalog=with_early_tiers(load_catalog(ROOT)))
        for name, pipeline in definitions(tmp_path_factory.mktemp("pipeline")).items():
            if name != "ours":
                build_pipeline(Construct(app, name), pipeline=pipeline)
        app.synth()
    return {
        file.name.removesuffix(".template.json"): json.loads(file.read_text())
        for file in out.glob("*.template.json")
    }


@pytest.fixture(scope="session")
def synthesised(
    app_templates: Mapping[str, Template], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Synthesised]:
    """The pipeline's templates of each definition."""
    found = {}
    for name, pipeline in definitions(tmp_path_factory.mktemp("definition")).items():
        of = functools.partial(_template, app_templates, "" if name == "ours" else name)
        found[name] = Synthesised(
            pipeline,
            store=of("PipelineStore"),
            pipeline=of("Pipeline"),
            access={stage.name: of(f"StageAccess-{stage.name}") for stage in pipeline.stages},
        )
    return found


def _template(templates: Mapping[str, Template], below: str, stack: str) -> Template:
    """A stack's template; that of one below a construct is called by both and a hash."""
    called = re.compile(f"{below}{stack.replace('-', '')}[0-9A-F]{{8}}" if below else stack)
    (found,) = (template for name, template in templates.items() if called.fullmatch(name))
    return found


@pytest.fixture(scope="session")
def ours(synthesised: Mapping[str, Synthesised]) -> Synthesised:
    """The repository's own pipeline."""
    return synthesised["ours"]


def text(value: Any) -> str:
    """A value as text: the partition is aws, an import is the name of what is imported."""
    match value:
        case {"Ref": "AWS::Partition"}:
            return "aws"
        case {"Ref": str(name)}:
            return f"<{name}>"
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return f"<{name}.{attribute}>"
        case {"Fn::ImportValue": str(name)}:
            return "<key>" if name.endswith("-pipeline-key") else f"<{name}>"
        case {"Fn::Join": [str(separator), list(parts)]}:
            return separator.join(text(part) for part in parts)
    return str(value)


def listed(value: Any) -> list[Any]:
    """The list itself, or one entry as a list."""
    return value if isinstance(value, list) else [value]


def rights(role: Mapping[str, Any]) -> dict[str, set[str]]:
    """What a role's policies allow: action to resources; conditions are left out."""
    found: dict[str, set[str]] = {}
    for policy in role["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            for action in listed(statement["Action"]):
                found.setdefault(action, set()).update(
                    text(resource) for resource in listed(statement["Resource"])
                )
    return found
