"""One class makes a product of every layer; rows that can't work are refused."""

from __future__ import annotations

import fnmatch
from dataclasses import replace
from typing import Any

import pytest

from dr_catalog import launch_roles, names
from dr_catalog.blocks import LAYERS, Block, Needs
from dr_catalog.blocks.block import known
from dr_catalog.errors import CompositionError
from dr_catalog.releases.template import as_list

from ..test_names import LONGEST_REGION, LONGEST_SUFFIX
from .conftest import Blocks
from .evaluation import ACCOUNT

KEPT = {
    "AWS::Backup::BackupVault": "vault",
    "AWS::RDS::DBCluster": "database",
    "AWS::S3::Bucket": "bucket",
}
BY_NAME = {layer.name: layer for layer in LAYERS}


def test_a_product_is_called_as_its_layer_is() -> None:
    with pytest.raises(CompositionError, match="there is no layer 'warm-standby'") as refused:
        Block(product="warm-standby")
    assert "kms, vpc" in refused.value.why


def test_a_neighbour_that_is_no_layer_is_refused() -> None:
    row = replace(BY_NAME["vpc"], needs=(Needs("network", launch=("vpc-id",)),))
    with pytest.raises(CompositionError, match="layer 'vpc' needs the neighbour 'network'"):
        known([BY_NAME["kms"], row])


def test_layers_that_need_each_other_are_refused() -> None:
    row = replace(BY_NAME["kms"], needs=(Needs("vpc", launch=("vpc-id",)),))
    with pytest.raises(CompositionError, match="need each other") as refused:
        known([row, BY_NAME["vpc"]])
    assert {"kms", "vpc"} <= set(refused.value.why.split())


def test_each_comes_after_those_it_needs() -> None:
    before: set[str] = set()
    for layer in LAYERS:
        assert {each.layer for each in layer.needs} <= before
        before.add(layer.name)
    assert next(iter(known(LAYERS[::-1]))) == "kms"


def test_nothing_is_made_before_the_neighbours_are_found(blocks: Blocks) -> None:
    for layer, templates in blocks.items():
        resources = templates["primary"]["Resources"]
        looks = [n for n, r in resources.items() if r["Type"] == "Custom::DrNeighbours"]
        assert len(looks) == (1 if BY_NAME[layer].needs else 0)
        for name, resource in resources.items():
            if looks and not name.startswith("Neighbours"):
                assert looks[0] in resource["DependsOn"], f"{layer}: {name}"


def test_the_guard_is_made_last_and_so_deleted_first(blocks: Blocks) -> None:
    for layer, templates in blocks.items():
        resources = templates["primary"]["Resources"]
        guards = [n for n, r in resources.items() if r["Type"] == "Custom::DrLayerGuard"]
        (guard,) = guards
        after = {*resources[guard]["DependsOn"], *after_conditions(resources[guard])}
        assert after == resources.keys() - {guard}
        asked = {"DeletionProtection", "OnTermination"} & templates["primary"]["Parameters"].keys()
        assert len(asked) == (2 if BY_NAME[layer].holds_data else 0)


def after_conditions(guard: dict[str, Any]) -> set[str]:
    """What the guard waits for where it is there."""
    return {each["Fn::If"][1]["Ref"] for each in guard["Properties"]["After"]}


def test_a_layer_says_of_each_that_it_needs_that_it_uses_it(blocks: Blocks) -> None:
    for layer, templates in blocks.items():
        resources = templates["primary"]["Resources"]
        uses = [name for name in resources if name.startswith("NeighboursUses")]
        told = {resources[name]["Properties"]["Name"]["Fn::Join"][1][-1] for name in uses}
        assert told == {f"/{each.layer}/used-by/{layer}" for each in BY_NAME[layer].needs}
        for name, resource in resources.items():  # so they go last
            if not name.startswith("Neighbours"):
                assert set(uses) <= set(resource.get("DependsOn", ())), f"{layer}: {name}"


def test_what_a_half_elsewhere_keeps_is_taken_away_when_the_launch_fails(blocks: Blocks) -> None:
    """As in a tier; but for the replica of the key, which is in nobody's way."""
    for layer, templates in blocks.items():
        for role, half in BY_NAME[layer].halves.items():
            kept = {
                KEPT[each["Type"]]
                for each in templates[role]["Resources"].values()
                if each.get("DeletionPolicy", "Delete") != "Delete" and each["Type"] in KEPT
            }
            assert {half.keeps} - {""} == kept, f"{layer}: {role}"
        undone = {
            each["Properties"]["Kind"]: each["Properties"]["Kept"]
            for each in templates["primary"]["Resources"].values()
            if each["Type"] == "Custom::DrPeerUndo"
        }
        expected = {
            role: [half.keeps] for role, half in BY_NAME[layer].halves.items() if half.keeps
        }
        assert undone == expected


@pytest.mark.parametrize("layer", BY_NAME)
def test_the_longest_names_fit(layer: str) -> None:
    for name in (
        names.layer_reader(layer=layer),
        names.layer_reader_role(layer=layer),
        names.layer_guard(layer=layer),
        names.layer_guard_role(layer=layer),
        names.layer_undo(layer=layer),
        names.layer_undo_role(layer=layer),
        *(names.layer_stackset(layer=layer, role=role) for role in BY_NAME[layer].halves),
    ):
        assert len(name.of(suffix=LONGEST_SUFFIX, region=LONGEST_REGION)) <= name.limit


def test_the_boundary_lets_the_functions_do_what_they_may(blocks: Blocks) -> None:
    """A role can do no more than the boundary, which onboarding makes."""
    document = launch_roles.boundary_policy(partition="aws", account=ACCOUNT)
    within = {
        action
        for statement in document["Statement"]
        if statement["Effect"] == "Allow"
        for action in as_list(statement["Action"])
    }
    for layer, templates in blocks.items():
        for template in templates.values():
            for resource in template["Resources"].values():
                if resource["Type"] != "AWS::IAM::Policy":
                    continue
                for each in resource["Properties"]["PolicyDocument"]["Statement"]:
                    for action in as_list(each["Action"]) if each["Effect"] == "Allow" else ():
                        assert fnmatch.filter(within, action), f"{layer}: {action}"
