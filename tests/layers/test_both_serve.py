"""What the layers make where both regions serve and take writes."""

from __future__ import annotations

import json
from functools import cache

import aws_cdk as cdk
import pytest
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms

from dr_catalog.errors import DefinitionError
from dr_catalog.layers import LedgerAccess, Placement, TransactionApi
from dr_catalog.layers.route53 import DnsRecords, RegionalEndpoint

from .operations import PEER, REGION
from .reading import Template, actions, of_type, resources, statements

LITERAL = ("weighted", "latency")


@cache
def templates() -> dict[str, Template]:
    """DNS by its routing, literal and as a parameter, beside one processor of each kind."""
    app = cdk.App(
        builtin_cloud_formation_validation=False, context={"aws:cdk:disable-asset-staging": True}
    )
    stacks = {name: cdk.Stack(app, name) for name in (*LITERAL, "given", "one", "both")}
    for name in LITERAL:
        _dns(stacks[name], routing=name)
    routing = cdk.CfnParameter(stacks["given"], "Routing", allowed_values=list(LITERAL))
    _dns(stacks["given"], routing=routing.value_as_string)
    _processor(stacks["one"], both_write=False)
    _processor(stacks["both"], both_write=True)
    assembly = app.synth()
    found = {
        name: assembly.get_stack_artifact(stack.artifact_id).template
        for name, stack in stacks.items()
    }
    return {name: json.loads(json.dumps(template)) for name, template in found.items()}


def _dns(stack: cdk.Stack, *, routing: str) -> None:
    launch, peer = (
        RegionalEndpoint(
            region=region,
            domain_name=f"d-1.{region}.example.com",
            hosted_zone_id=f"Z{region}",
            api=f"https://abc.execute-api.{region}.amazonaws.com/live/",
        )
        for region in (REGION, PEER)
    )
    DnsRecords(
        stack,
        "Dns",
        suffix="dev",
        zone_id="Z1",
        zone_name="example.com",
        launch=launch,
        peer=peer,
        peer_weight="50",
        routing=routing,
    )


def _processor(
    stack: cdk.Stack, *, both_write: bool, with_ledger: bool = True, construct_id: str = "Api"
) -> None:
    key = kms.Key.from_key_arn(stack, f"{construct_id}Key", "arn:aws:kms:x:1:key/mrk-1")
    table, state = (
        dynamodb.Table.from_table_name(stack, f"{construct_id}{name}", name)
        for name in ("table", "state")
    )
    ledger = LedgerAccess("writer", "reader", "5432", "db", "user", "cluster-1", Placement([], []))
    TransactionApi(
        stack,
        construct_id,
        suffix="dev",
        key=key,
        table=table,
        writer_region=REGION,
        recovery_table=state,
        ledger=ledger if with_ledger else None,
        both_write=both_write,
    )


def checks_of(template: Template, region: str) -> dict[str, Template]:
    """The health checks that a region's record stands on, by type."""
    (record,) = [
        each["Properties"]
        for each in of_type(template, "AWS::Route53::RecordSet")
        if each["Properties"]["SetIdentifier"] == region
    ]

    def config(reference: Template) -> Template:
        found: Template = template["Resources"][reference["Fn::GetAtt"][0]]["Properties"]
        return found["HealthCheckConfig"]  # type: ignore[no-any-return]

    both = config(record["HealthCheckId"])
    children = [config(child) for child in both["ChildHealthChecks"]]
    return {each["Type"]: each for each in (both, *children)}


@pytest.mark.parametrize("region", [REGION, PEER])
def test_a_record_needs_its_regions_api_and_nobody_having_taken_it_out(region: str) -> None:
    checks = checks_of(templates()["weighted"], region)
    assert set(checks) == {"CALCULATED", "CLOUDWATCH_METRIC", "HTTPS"}
    assert checks["CALCULATED"]["HealthThreshold"] == len(checks["CALCULATED"]["ChildHealthChecks"])
    control, endpoint = checks["CLOUDWATCH_METRIC"], checks["HTTPS"]
    assert control["AlarmIdentifier"] == {"Name": f"dr-serving-dev-{region}", "Region": PEER}
    # The API's own name: the custom domain is the same in both regions.
    assert endpoint["FullyQualifiedDomainName"] == f"abc.execute-api.{region}.amazonaws.com"
    assert (endpoint["ResourcePath"], endpoint["Port"], endpoint["EnableSNI"]) == (
        "/live/ready",
        443,
        True,
    )
    assert (endpoint["RequestInterval"], endpoint["FailureThreshold"]) == (10, 3)


@pytest.mark.parametrize(
    ("routing", "key", "values"),
    [("weighted", "Weight", {"100", "50"}), ("latency", "Region", {REGION, PEER})],
)
def test_records_are_shared_out_by_weight_or_by_latency(
    routing: str, key: str, values: set[str]
) -> None:
    records = [
        each["Properties"] for each in of_type(templates()[routing], "AWS::Route53::RecordSet")
    ]
    assert {each[key] for each in records} == values
    assert not any({"Failover", "Weight", "Region"} & set(each) - {key} for each in records)
    if routing == "latency":
        assert all(each["Region"] == each["SetIdentifier"] for each in records)


def test_the_routing_may_be_a_launchs_parameter() -> None:
    template, nothing = templates()["given"], {"Ref": "AWS::NoValue"}
    for each in of_type(template, "AWS::Route53::RecordSet"):
        weight, region = (each["Properties"][key]["Fn::If"] for key in ("Weight", "Region"))
        assert template["Conditions"][weight[0]] == {"Fn::Equals": [{"Ref": "Routing"}, "latency"]}
        assert weight[0] == region[0]
        assert (weight[1], region[2]) == (nothing, nothing)
        assert region[1] == each["Properties"]["SetIdentifier"]


@pytest.mark.parametrize(
    ("routing", "api", "message"),
    [("nearest", "https://a/live/", "'nearest' is no way"), ("latency", "", "no API to be asked")],
)
def test_records_that_can_not_be_made_are_refused(routing: str, api: str, message: str) -> None:
    endpoint = RegionalEndpoint(REGION, "d-1.example.com", "Z1", api)
    with pytest.raises(DefinitionError, match=message):
        DnsRecords(
            cdk.Stack(cdk.App(), "refused"),
            "Dns",
            suffix="dev",
            zone_id="Z1",
            zone_name="example.com",
            launch=endpoint,
            peer=endpoint,
            routing=routing,
        )


def test_a_processor_of_both_settles_every_minute_and_reaches_the_writer_anywhere() -> None:
    one, both = templates()["one"], templates()["both"]
    (rule,) = [each["Properties"] for each in of_type(both, "AWS::Events::Rule")]
    assert (rule["Name"], rule["ScheduleExpression"]) == ("dr-settling-dev", "rate(1 minute)")
    assert [json.loads(target["Input"]) for target in rule["Targets"]] == [{"settle": True}]
    assert not of_type(one, "AWS::Events::Rule")
    for template, means in ((one, None), (both, "true")):
        (function,) = of_type(template, "AWS::Lambda::Function")
        variables = function["Properties"]["Environment"]["Variables"]
        assert variables.get("BOTH_WRITE") == means
        found = {each["Sid"]: each for each in statements(template, "ApiProcessor")}
        assert ("dynamodb:UpdateItem" in actions(found["UseTable"])) == bool(means)
        (cluster,) = resources(template, found["ConnectLedger"])
        where = "*" if means else "<Region>"
        which = "*" if means else "cluster-1"
        assert cluster == f"arn:<Partition>:rds-db:{where}:<AccountId>:dbuser:{which}/user"


def test_both_regions_can_not_write_without_what_decides_between_them() -> None:
    stack = cdk.Stack(cdk.App(), "refused")
    with pytest.raises(DefinitionError, match="without a ledger") as refused:
        _processor(stack, both_write=True, with_ledger=False)
    assert "both_write" in refused.value.hint
