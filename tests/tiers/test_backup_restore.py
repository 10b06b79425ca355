"""What the peer of backup & restore holds, what rebuilds it, and that neither asks the launch region."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest

from ..layers.reading import Template, of_type, only, text

BY_THE_HOUR = (
    "AWS::EC2::NatGateway",
    "AWS::EC2::VPCEndpoint",
    "AWS::EC2::VPC",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBCluster",
)


@pytest.fixture(scope="module")
def tier(tier_templates: Callable[[str], Mapping[str, Template]]) -> Mapping[str, Template]:
    return tier_templates("BackupRestore")


def test_nothing_in_the_peer_costs_by_the_hour(tier: Mapping[str, Template]) -> None:
    assert set(tier) == {"primary", "foundation", "restore"}
    for kind in BY_THE_HOUR:
        assert of_type(tier["foundation"], kind) == []
        assert of_type(tier["primary"], kind) != []
        assert of_type(tier["restore"], kind) != []


def test_a_restore_is_told_every_parameter_but_the_snapshot(tier: Mapping[str, Template]) -> None:
    (written,) = (
        text(tier["foundation"], each["Properties"]["Value"])
        for each in of_type(tier["foundation"], "AWS::SSM::Parameter")
        if text(tier["foundation"], each["Properties"]["Name"]).endswith("restore/parameters")
    )
    told = set(json.loads(written))
    assert told == set(tier["restore"]["Parameters"]) - {"Snapshot"}


def test_what_rebuilds_the_peer_knows_no_launch_region(tier: Mapping[str, Template]) -> None:
    template = tier["restore"]
    assert not {"LaunchRegion", "PeerRegion", "LaunchEndpoint"} & template["Parameters"].keys()
    writer = [
        each["Properties"]["Environment"]["Variables"]["WRITER_REGION"]
        for each in of_type(template, "AWS::Lambda::Function")
        if "WRITER_REGION" in each["Properties"].get("Environment", {}).get("Variables", {})
    ]
    assert writer == [{"Ref": "AWS::Region"}]
    assert only(template, "AWS::RDS::DBCluster")["Properties"]["SnapshotIdentifier"] == {
        "Ref": "Snapshot"
    }


def test_the_data_are_protected_and_the_writer_named_when_all_is_there(
    tier: Mapping[str, Template],
) -> None:
    completed = only(tier["restore"], "Custom::DrRestored")
    waits = {tier["restore"]["Resources"][name]["Type"] for name in completed["DependsOn"]}
    assert {
        "AWS::RDS::DBInstance",
        "Custom::DrDatabaseSetUp",
        "AWS::DynamoDB::GlobalTable",
    } <= waits
    assert "AWS::ApiGateway::Stage" in waits


def test_the_primary_says_where_the_template_lies(tier: Mapping[str, Template]) -> None:
    (stack_set,) = of_type(tier["primary"], "AWS::CloudFormation::StackSet")
    given = {
        each["ParameterKey"]: each["ParameterValue"]
        for each in stack_set["Properties"]["Parameters"]
    }
    assert given["RestoreTemplate"] == "templates/@restore@.json"
