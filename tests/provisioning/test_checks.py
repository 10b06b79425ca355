"""Which checks apply: those of the layers that the suffix's own stacks make in a region."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from dr_catalog.provisioning import checks
from dr_catalog.provisioning.checks import Check, Launch, inspect
from dr_catalog.provisioning.checks.made import made

REGION, PEER = "us-east-1", "us-west-2"
MACHINE = ("AWS::StepFunctions::StateMachine", "arn:machine")


def tells(layer: str, name: str = "a", *, suffix: str = "demo") -> tuple[str, str]:
    return ("AWS::SSM::Parameter", f"/dr/{suffix}/{layer}/{name}")


class CloudFormation:
    """One region's stacks: the suffix and the resources of each, one on a page."""

    def __init__(self, *stacks: tuple[str, list[tuple[str, str]]]) -> None:
        self._stacks = stacks

    def get_paginator(self, operation: str) -> Any:
        return Mock(paginate={"describe_stacks": self._pages}.get(operation, self._resources))

    def _pages(self) -> Iterator[Any]:
        yield {"Stacks": [{"StackId": "other"}]}
        for number, (suffix, _) in enumerate(self._stacks):
            given = [{"ParameterKey": "EnvironmentSuffix", "ParameterValue": suffix}]
            yield {"Stacks": [{"StackId": number, "Parameters": given}]}

    def _resources(self, *, StackName: int) -> Iterator[Any]:
        for kind, name in self._stacks[StackName][1]:
            found = {"ResourceType": kind, "PhysicalResourceId": name}
            yield {"StackResourceSummaries": [found, {"ResourceType": "AWS::S3::Bucket"}]}


def launch(here: CloudFormation, there: CloudFormation) -> Launch:
    return Launch(
        session=Mock(),
        account="222222222222",
        suffix="demo",
        region=REGION,
        peer_region=PEER,
        endpoints={},
        _clients={("cloudformation", REGION): here, ("cloudformation", PEER): there},
    )


def test_layers_are_those_that_stacks_of_the_suffix_tell_of() -> None:
    here = CloudFormation(
        ("demo", [tells("kms"), tells("kms", "b"), tells("vpc")]),
        ("demo", [tells("aurora"), tells("aurora", suffix="demo2")]),
        ("demo2", [tells("s3", suffix="demo2")]),
    )
    found = made(launch(here, CloudFormation(("demo", [tells("kms")]))))
    assert found == {REGION: {"kms", "vpc", "aurora"}, PEER: {"kms"}}


@pytest.mark.parametrize(
    ("there", "recovers"), [([tells("recovery")], False), ([tells("recovery"), MACHINE], True)]
)
def test_the_recovery_is_there_where_something_recovers(
    there: list[tuple[str, str]], recovers: bool
) -> None:
    here = CloudFormation(("demo", [tells("compute"), tells("recovery", "state-table")]))
    found = made(launch(here, CloudFormation(("demo", there))))
    assert [("recovery" in layers) for layers in found.values()] == [recovers, recovers]


def look(layer: str, *, fails: bool = False) -> Callable[..., Iterator[Check]]:
    def of(_: Launch, region: str) -> Iterator[Check]:
        if fails:
            raise ClientError({"Error": {"Code": "NotFound"}}, "DescribeIt")
        yield Check(layer, layer, region, True, "")

    of.__name__ = layer
    return of


def test_only_what_is_made_is_looked_at_and_what_is_missing_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = (look("kms"), look("vpc"), look("s3", fails=True), look("aurora", fails=True))
    monkeypatch.setattr(checks, "CHECKS", looks)
    here = CloudFormation(("demo", [tells("kms"), tells("vpc"), tells("s3")]))
    found = inspect(launch(here, CloudFormation(("demo", [tells("kms")]))))
    assert [(each.layer, each.region, each.ok) for each in found] == [
        ("kms", REGION, True),
        ("kms", PEER, True),
        ("vpc", REGION, True),
        ("s3", REGION, False),
    ]


def test_a_suffix_without_anything_is_not_well() -> None:
    (found,) = inspect(launch(CloudFormation(), CloudFormation()))
    assert not found.ok
    assert "no layer" in found.found
