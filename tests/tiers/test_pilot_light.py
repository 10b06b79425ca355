"""What is there and off in pilot light's peer, and what switches it on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from ..layers.reading import Template, of_type, only, statements


@pytest.fixture(scope="module")
def pilot(
    tier_templates: Callable[[str], Mapping[str, Template]],
) -> Mapping[str, Template]:
    return tier_templates("PilotLight")


def function(template: Template, name: str) -> dict[str, Any]:
    """A function, by what its name begins with."""
    (found,) = (
        each["Properties"]
        for each in of_type(template, "AWS::Lambda::Function")
        if each["Properties"]["FunctionName"]["Fn::Join"][1][0] == f"{name}-"
    )
    return found


def test_the_data_is_in_both_regions(pilot: Mapping[str, Template]) -> None:
    here, there, foundation = pilot["primary"], pilot["workload"], pilot["foundation"]
    tables = of_type(here, "AWS::DynamoDB::GlobalTable")
    regions = [[row["Region"] for row in each["Properties"]["Replicas"]] for each in tables]
    assert [{"Ref": "AWS::Region"}, {"Ref": "PeerRegion"}] in regions
    only(there, "AWS::RDS::DBCluster")
    for template in (here, foundation):
        only(template, "AWS::S3::Bucket")


def test_the_peers_cluster_has_no_instance_and_the_launch_regions_has(
    pilot: Mapping[str, Template],
) -> None:
    assert of_type(pilot["workload"], "AWS::RDS::DBInstance") == []
    only(pilot["primary"], "AWS::RDS::DBInstance")


def test_the_peers_processor_is_off_and_the_launch_regions_is_not(
    pilot: Mapping[str, Template],
) -> None:
    assert function(pilot["workload"], "dr-processor")["ReservedConcurrentExecutions"] == 0
    assert "ReservedConcurrentExecutions" not in function(pilot["primary"], "dr-processor")


def test_a_recovery_may_switch_the_peer_on(pilot: Mapping[str, Template]) -> None:
    recovery = function(pilot["workload"], "dr-recovery-task")
    assert recovery["Environment"]["Variables"]["SWITCHES_ON"] == "yes"
    allowed = {each["Sid"] for each in statements(pilot["workload"], "RecoveryStepsTaskPolicy")}
    assert {"SwitchProcessor", "MakeInstances"} <= allowed


def test_the_launch_region_alone_serves_until_a_failover(pilot: Mapping[str, Template]) -> None:
    primary = pilot["primary"]
    assert "PeerWeight" not in primary["Parameters"]
    records = {
        each["Properties"]["Failover"] for each in of_type(primary, "AWS::Route53::RecordSet")
    }
    assert records == {"PRIMARY", "SECONDARY"}
    (workload,) = (
        each["Properties"]
        for name, each in primary["Resources"].items()
        if name.startswith("WorkloadStackSet")
    )
    handed = {each["ParameterKey"]: each["ParameterValue"] for each in workload["Parameters"]}
    assert handed["ServingRegions"] == {"Ref": "AWS::Region"}
