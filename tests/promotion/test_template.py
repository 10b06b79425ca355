"""What a template or a build specification says in an unknown way is refused, not left out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from dr_catalog.errors import PipelineError
from dr_catalog.promotion.buildspec import parse
from dr_catalog.promotion.template import read

from .small import template

UNKNOWN: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda r: r.pop("Pipeline"), "has no pipeline"),
    (lambda r: action(r)["ActionTypeId"].update(Provider="Jenkins"), "Build by Jenkins"),
    (lambda r: action(r)["ActionTypeId"].update(Category="Invoke"), "Invoke by CodeBuild"),
    (lambda r: action(r)["Configuration"].update(BatchEnabled="true"), "BatchEnabled"),
    (lambda r: action(r)["Configuration"].update(ProjectName="elsewhere"), "names no AWS::Code"),
    (lambda r: project(r).update(ServiceRole={"Fn::ImportValue": "x"}), "names no AWS::IAM"),
    (lambda r: project(r)["Source"].update(BuildSpec={"Ref": "x"}), "known on AWS only"),
]


def action(resources: dict[str, Any]) -> Any:
    """The first action of the stage dev."""
    return resources["Pipeline"]["Properties"]["Stages"][2]["Actions"][0]


def project(resources: dict[str, Any]) -> Any:
    """Its project."""
    return resources[action(resources)["Configuration"]["ProjectName"]["Ref"]]["Properties"]


@pytest.mark.parametrize(("change", "says"), UNKNOWN)
def test_a_template_that_can_not_be_run_here_is_refused(
    change: Callable[[dict[str, Any]], object], says: str
) -> None:
    whole = template()
    assert read([json.dumps(whole)]).name == "small"
    change(whole["Resources"])
    with pytest.raises(PipelineError) as told:
        read([json.dumps(whole)])
    assert says in str(told.value)


SPECS = [
    ("version: 0.2\nphases: {build: {commands: [a], on-failure: CONTINUE}}", "on-failure"),
    ("version: 0.2\nphases: {biuld: {commands: [a]}}", "phases.biuld"),
    ("version: 0.2\nenv: {parameter-store: {A: b}}\nphases: {}", "env.parameter-store"),
    ("version: 0.2\nreports: {}\nphases: {}", "reports"),
    ("version: 0.2\nartifacts: {discard-paths: true}\nphases: {}", "artifacts.discard-paths"),
    ("version: 0.1\nphases: {}", "version 0.1"),
    ("version: [", "no YAML"),
    ("version: 0.2\nphases: {build: {commands: [a: b]}}", "a command in build that is no text"),
]


@pytest.mark.parametrize(("text", "says"), SPECS)
def test_a_build_specification_that_says_more_is_refused(text: str, says: str) -> None:
    with pytest.raises(PipelineError, match=says):
        parse(text, project="p")
