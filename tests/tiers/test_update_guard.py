"""The update guard is changed before everything else, and may do little."""

from __future__ import annotations

from graphlib import TopologicalSorter

import pytest

from ..layers.reading import Template, actions, only, resources, statements, text
from . import guarded_stack

OWN = ("UpdateGuard", "Key")


@pytest.fixture(scope="module")
def template() -> Template:
    return guarded_stack.template()


def waits(template: Template) -> dict[str, set[str]]:
    """What each resource waits for."""
    names = set(template["Resources"])
    return {
        name: set(resource.get("DependsOn", ())) | (named(resource["Properties"]) & names)
        for name, resource in template["Resources"].items()
    }


def named(value: object) -> set[str]:
    """The logical ids that a value refers to."""
    if isinstance(value, dict):
        if set(value) == {"Ref"}:
            return {value["Ref"]}
        if set(value) == {"Fn::GetAtt"}:
            return {value["Fn::GetAtt"][0]}
        return set().union(*(named(each) for each in value.values()))
    if isinstance(value, list):
        return set().union(*(named(each) for each in value))
    return set()


def test_everything_waits_for_the_guard_but_what_it_stands_on(template: Template) -> None:
    waiting = waits(template)
    (guard,) = (
        name
        for name, resource in template["Resources"].items()
        if resource["Type"] == "Custom::DrUpdateGuard"
    )
    assert {name for name in waiting if guard not in waiting[name]} == {
        name for name in waiting if name.startswith(OWN)
    }
    assert len(waiting) > 15
    # What it stands on waits for nothing of the rest: there is an order.
    assert [*TopologicalSorter(waiting).static_order()]
    assert all(name.startswith(OWN) for name in needed(waiting, guard))


def needed(waiting: dict[str, set[str]], name: str) -> set[str]:
    """All that must be there before ``name``."""
    return set().union(waiting[name], *(needed(waiting, each) for each in waiting[name]))


def test_the_guard_is_told_what_an_update_may_not_change(template: Template) -> None:
    told = only(template, "Custom::DrUpdateGuard")["Properties"]
    assert told["Fixed"] == {"PeerRegion": {"Ref": "PeerRegion"}, "Cidr": "10.0.0.0/16"}
    assert told["Parameters"] == {"OnTermination": {"Ref": "OnTermination"}}
    assert told["Content"] == "digest"
    assert told["LaunchRegion"] == {"Ref": "AWS::Region"}
    assert text(template, told["GlobalCluster"]) == "dr-ledger-<EnvironmentSuffix>"
    assert text(template, told["AcceptedParameter"]) == "/dr/<EnvironmentSuffix>/guard/accepted"


def test_the_guard_remembers_in_one_parameter_and_looks_at_one_global_cluster(
    template: Template,
) -> None:
    own = {
        statement["Sid"]: (sorted(actions(statement)), resources(template, statement))
        for statement in statements(template, "UpdateGuard")
    }
    assert {name for name in own if name not in ("Log", "Trace")} == {
        "RememberAccepted",
        "FindWriter",
    }
    assert own["RememberAccepted"] == (
        ["ssm:DeleteParameter", "ssm:GetParameter", "ssm:PutParameter"],
        [
            "arn:<Partition>:ssm:<Region>:<AccountId>:parameter/dr/<EnvironmentSuffix>/guard/accepted"
        ],
    )
    assert own["FindWriter"] == (
        ["rds:DescribeGlobalClusters"],
        ["arn:<Partition>:rds::<AccountId>:global-cluster:dr-ledger-<EnvironmentSuffix>"],
    )
