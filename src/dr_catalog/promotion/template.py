"""The pipeline as its synthesised template declares it.

    AWS::CodePipeline::Pipeline -> stages -> actions in run order, each with its CodeBuild project

What the template says in a way that is not known here is an error, and never left out.
https://docs.aws.amazon.com/codepipeline/latest/userguide/reference-pipeline-structure.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import PipelineError

PIPELINE, PROJECT, ROLE = (
    "AWS::CodePipeline::Pipeline",
    "AWS::CodeBuild::Project",
    "AWS::IAM::Role",
)


@dataclass(frozen=True, kw_only=True)
class Project:
    """A CodeBuild project.

    Args:
        name: Its name.
        role: The name of the role that its builds run under.
        environment: Environment variables.
        spec: The text of its build specification.
    """

    name: str
    role: str
    environment: Mapping[str, str]
    spec: str


@dataclass(frozen=True, kw_only=True)
class Action:
    """One action of a stage.

    Args:
        stage: The stage's name in the pipeline.
        name: Its name in the stage.
        category: ``Source``, ``Build``, ``Test`` or ``Approval``.
        reads: The artifacts it begins with; the first is its folder.
        writes: The artifacts it leaves.
        namespace: Where its exported variables are found; empty where nowhere.
        text: What an approval shows, with variables as ``#{namespace.NAME}``.
        minutes: After so many an approval fails.
        project: What a build runs.
    """

    stage: str
    name: str
    category: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    namespace: str = ""
    text: str = ""
    minutes: int = 7 * 24 * 60  # CodePipeline's own default
    project: Project | None = None

    def __str__(self) -> str:
        return f"{self.stage}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class Pipeline:
    """The actions in the order in which they run; those of one run order one after the other."""

    name: str
    actions: tuple[Action, ...]


def read(templates: Iterable[str]) -> Pipeline:
    """The pipeline among these templates.

    Args:
        templates: Their JSON text.

    Raises:
        PipelineError: None declares a pipeline, or one says what can't be run here.
    """
    for text in templates:
        if PIPELINE not in text:
            continue
        resources = json.loads(text)["Resources"]
        for resource in resources.values():
            if resource["Type"] == PIPELINE:
                return _pipeline(resource["Properties"], resources)
    raise PipelineError(
        "the synthesised app has no pipeline",
        hint="`dr-catalog synth --output DIR` shows what it has",
    )


def _pipeline(properties: Mapping[str, Any], resources: Mapping[str, Any]) -> Pipeline:
    actions = tuple(
        _action(stage["Name"], action, resources)
        for stage in properties["Stages"]
        for action in sorted(stage["Actions"], key=lambda each: each.get("RunOrder", 1))
    )
    return Pipeline(name=_text(properties["Name"], "the pipeline's name"), actions=actions)


def _action(stage: str, action: Mapping[str, Any], resources: Mapping[str, Any]) -> Action:
    kind, where = action["ActionTypeId"], f"action {stage}/{action['Name']}"
    configuration = action.get("Configuration", {})
    known = {"Source", "Build", "Test", "Approval"}
    built = kind["Category"] in ("Build", "Test")
    if kind["Category"] not in known or (built and kind["Provider"] != "CodeBuild"):
        raise PipelineError(
            f"{where} is of a kind that can't be run here",
            why=f"it is {kind['Category']} by {kind['Provider']}",
        )
    return Action(
        stage=stage,
        name=action["Name"],
        category=kind["Category"],
        reads=tuple(each["Name"] for each in action.get("InputArtifacts", ())),
        writes=tuple(each["Name"] for each in action.get("OutputArtifacts", ())),
        namespace=action.get("Namespace", ""),
        text=_text(configuration.get("CustomData", ""), where),
        minutes=int(action.get("TimeoutInMinutes", Action.minutes)),
        project=_project(configuration, where, resources) if built else None,
    )


def _project(configuration: Mapping[str, Any], where: str, resources: Mapping[str, Any]) -> Project:
    unknown = configuration.keys() - {"ProjectName"}
    if unknown:
        raise PipelineError(f"{where} is configured by {min(unknown)}, which can't be run here")
    project = _named(configuration["ProjectName"], PROJECT, where, resources)
    role = _named(project["ServiceRole"], ROLE, where, resources)
    variables = project.get("Environment", {}).get("EnvironmentVariables", ())
    return Project(
        name=_text(project["Name"], where),
        role=_text(role["RoleName"], where),
        environment={each["Name"]: _text(each["Value"], where) for each in variables},
        spec=_text(project["Source"]["BuildSpec"], where),
    )


def _named(value: Any, kind: str, where: str, resources: Mapping[str, Any]) -> Mapping[str, Any]:
    """The properties of the resource that a Ref or the ARN of one names."""
    if isinstance(value, dict):
        named = value.get("Ref") or next(iter(value.get("Fn::GetAtt", ())), "")
        if resources.get(named, {}).get("Type") == kind:
            properties: Mapping[str, Any] = resources[named]["Properties"]
            return properties
    raise PipelineError(f"{where} names no {kind} of its template", why=json.dumps(value))


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise PipelineError(f"{where} has a value that is known on AWS only", why=json.dumps(value))
    return value
