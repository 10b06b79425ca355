"""What serves and writes in both of active-active's regions, and what is left for a recovery."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from ..layers.reading import Template, of_type, only, statements
from .test_pilot_light import function

Templates = Mapping[str, Template]


@pytest.fixture(scope="module")
def active(tier_templates: Callable[[str], Templates]) -> Templates:
    return tier_templates("ActiveActive")


@pytest.mark.parametrize("role", ["primary", "workload"])
def test_either_region_serves_from_an_instance_of_its_own_and_writes(
    active: Templates, role: str
) -> None:
    only(active[role], "AWS::RDS::DBInstance")
    processor = function(active[role], "dr-processor")
    assert processor["Environment"]["Variables"]["BOTH_WRITE"] == "true"
    assert "ReservedConcurrentExecutions" not in processor
    (use,) = [
        each
        for each in statements(active[role], "TransactionsProcessorPolicy")
        if each["Sid"] == "UseTable"
    ]
    assert {"dynamodb:PutItem", "dynamodb:UpdateItem"} <= set(use["Action"])


def test_both_call_the_one_writer(active: Templates) -> None:
    here, there = (
        function(active[role], "dr-processor")["Environment"]["Variables"]
        for role in ("primary", "workload")
    )
    assert there["LEDGER_WRITER_ENDPOINT"] == {"Ref": "WriterEndpoint"}
    handed = {
        each["ParameterKey"]: each["ParameterValue"]
        for made in of_type(active["primary"], "AWS::CloudFormation::StackSet")
        for each in made["Properties"]["Parameters"]
    }
    assert handed["WriterEndpoint"] == here["LEDGER_WRITER_ENDPOINT"]
    assert handed["ServingRegions"] == {
        "Fn::Join": ["", [{"Ref": "AWS::Region"}, ",", {"Ref": "PeerRegion"}]]
    }


def test_documents_replicate_both_ways(active: Templates) -> None:
    only(active["workload"], "Custom::DrBucketReplication")
    rules = only(active["primary"], "AWS::S3::Bucket")["Properties"]["ReplicationConfiguration"]
    assert [each["Status"] for each in rules["Rules"]] == ["Enabled"]


def test_a_region_leaves_the_name_by_itself(active: Templates) -> None:
    checks = [
        each["Properties"]["HealthCheckConfig"]
        for each in of_type(active["primary"], "AWS::Route53::HealthCheck")
    ]
    asked = [each for each in checks if each["Type"] == "HTTPS"]
    assert len(asked) == 2
    assert {each["Type"] for each in checks} == {"HTTPS", "CALCULATED", "CLOUDWATCH_METRIC"}
    for record in of_type(active["primary"], "AWS::Route53::RecordSet"):
        assert "Failover" not in record["Properties"]


def test_a_recovery_moves_the_writer_alone(active: Templates) -> None:
    recovery = function(active["workload"], "dr-recovery-task")["Environment"]["Variables"]
    assert recovery["BOTH_SERVE"] == "true"
    assert "SWITCHES_ON" not in recovery


def test_how_callers_are_shared_out_is_the_tenants_choice_once(active: Templates) -> None:
    primary = active["primary"]
    assert primary["Parameters"]["Routing"]["Default"] == "weighted"  # as in 1.0.0
    fixed = only(primary, "Custom::DrUpdateGuard")["Properties"]["Fixed"]
    assert fixed["Records"] == {"Ref": "Routing"}
    for record in of_type(primary, "AWS::Route53::RecordSet"):
        latency, absent, weight = record["Properties"]["Weight"]["Fn::If"]
        assert absent == {"Ref": "AWS::NoValue"}
        assert weight in ("100", {"Ref": "PeerShare"})
        assert record["Properties"]["Region"]["Fn::If"][0] == latency
