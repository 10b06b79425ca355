"""Which layers a suffix has in a region, as its stacks there say: those whose checks apply.

    stacks of the suffix -> their resources -> /dr/<suffix>/<layer>/..., where each layer tells of itself

So a tier that leaves a layer out of a region, and layers that were launched one by one, are looked at by
the same checks. A layer whose half was to be made and is not there stays among them, and fails.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ... import names
from .model import Launch

RECOVERY = "recovery"
# What the recovery stands on is there where nothing recovers too: an API asks it who may write.
_RECOVERS = "AWS::StepFunctions::StateMachine"
_PARAMETER = "AWS::SSM::Parameter"


def made(launch: Launch) -> Mapping[str, frozenset[str]]:
    """The layers of both regions; the recovery, where it is, is in both."""
    resources = {
        region: list(_resources(launch, region)) for region in (launch.region, launch.peer_region)
    }
    recovers = any(kind == _RECOVERS for each in resources.values() for kind, _ in each)
    own = names.parameter_path(suffix=launch.suffix, layer="")
    found = {}
    for region, each in resources.items():
        told = (name for kind, name in each if kind == _PARAMETER and name.startswith(own))
        layers = {name.removeprefix(own).partition("/")[0] for name in told} - {RECOVERY}
        found[region] = frozenset({*layers, *([RECOVERY] if recovers else [])})
    return found


def _resources(launch: Launch, region: str) -> Iterator[tuple[str, str]]:
    """Type and physical id of all that the suffix's stacks hold there."""
    cloudformation = launch.client("cloudformation", region)
    for page in cloudformation.get_paginator("describe_stacks").paginate():
        for stack in filter(lambda stack: _mine(launch, stack), page["Stacks"]):
            pages = cloudformation.get_paginator("list_stack_resources")
            for listed in pages.paginate(StackName=stack["StackId"]):
                for each in listed["StackResourceSummaries"]:
                    yield each["ResourceType"], each.get("PhysicalResourceId", "")


def _mine(launch: Launch, stack: Mapping[str, Any]) -> bool:
    given = {
        each["ParameterKey"]: each.get("ParameterValue") for each in stack.get("Parameters", ())
    }
    return given.get(names.SUFFIX_PARAMETER) == launch.suffix
