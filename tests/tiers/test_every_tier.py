"""What holds for each tier, whatever it is composed of."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from graphlib import TopologicalSorter

import pytest

from dr_catalog import tiers

from ..layers.reading import Template, of_type, only, text, waits

Templates = Mapping[str, Template]


@pytest.fixture(params=tiers.__all__)
def tier(
    request: pytest.FixtureRequest, tier_templates: Callable[[str], Templates]
) -> tuple[str, Templates]:
    """A tier's name, and its templates by role."""
    return getattr(tiers, request.param).name, tier_templates(request.param)


def test_there_is_an_order_and_the_guard_comes_last(tier: tuple[str, Templates]) -> None:
    primary = tier[1]["primary"]
    order = [*TopologicalSorter(waits(primary)).static_order()]
    assert len(order) == len(primary["Resources"])
    assert primary["Resources"][order[-1]]["Type"] == "Custom::DrDeleteGuard"


def test_each_other_template_is_given_all_it_asks_and_no_more(
    tier: tuple[str, Templates],
) -> None:
    primary = tier[1]["primary"]
    stack_sets = of_type(primary, "AWS::CloudFormation::StackSet")
    brought_up = {
        role
        for role, template in tier[1].items()
        for made in stack_sets
        if f"@{role}@" in json.dumps(made["Properties"]["TemplateURL"])
        and {each["ParameterKey"] for each in made["Properties"]["Parameters"]}
        == set(template["Parameters"])
    }
    assert brought_up == set(tier[1]) - {"primary", "restore"}
    assert len(stack_sets) == len(brought_up)


def test_what_is_read_in_the_peer_is_written_there(tier: tuple[str, Templates]) -> None:
    primary, elsewhere = tier[1]["primary"], ("foundation", "workload")
    written = {
        text(tier[1][role], each["Properties"]["Name"])
        for role in elsewhere
        if role in tier[1]
        for each in of_type(tier[1][role], "AWS::SSM::Parameter")
    }
    read = {
        f"{text(primary, each['Properties']['Path'])}/{name}"
        for each in of_type(primary, "Custom::DrPeerParameter")
        for name in each["Properties"]["Names"]
    }
    assert read <= written


def test_everything_is_tagged_with_the_suffix_and_the_tier(tier: tuple[str, Templates]) -> None:
    name, templates = tier
    for template in templates.values():
        for resource in template["Resources"].values():
            tags = resource["Properties"].get("Tags")
            if isinstance(tags, list):
                found = {tag["Key"]: tag["Value"] for tag in tags}
                assert (found["dr:suffix"], found["dr:tier"]) == (
                    {"Ref": "EnvironmentSuffix"},
                    name,
                )


def test_templates_are_neutral_and_every_role_has_the_boundary(
    tier: tuple[str, Templates],
) -> None:
    for template in tier[1].values():
        written = json.dumps(template)
        for literal in ("us-east-1", "us-west-2", "111111111111", "arn:aws:"):
            assert literal not in written
        for made in of_type(template, "AWS::IAM::Role"):
            boundary = text(template, made["Properties"]["PermissionsBoundary"])
            assert boundary == "arn:<Partition>:iam::<AccountId>:policy/dr-catalog-boundary"


def test_one_parameter_matters_and_the_guard_is_told_all_others(
    tier: tuple[str, Templates],
) -> None:
    primary = tier[1]["primary"]
    required = [name for name, each in primary["Parameters"].items() if "Default" not in each]
    assert required == ["EnvironmentSuffix"]
    told = only(primary, "Custom::DrUpdateGuard")["Properties"]
    assert told["Parameters"] == {
        name: {"Ref": name} for name in primary["Parameters"] if name != "EnvironmentSuffix"
    }
