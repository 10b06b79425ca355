"""Seed row "Lambda": no URL, leaked exceptions, no health path, repeats that became two rows.

What the function answers is tested in ``tests/handlers`` and, through the API, in ``tests/end_to_end``.
"""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk.assertions import Template as Synthesised

from dr_catalog.layers import TransactionApi

from .reading import Template, actions, of_type, only, resources, statements, text

ROLES = ["primary", "workload"]
REST = ("PORT", "DATABASE", "USER")


def processor(template: Template) -> Template:
    (function,) = [
        each["Properties"]
        for each in of_type(template, "AWS::Lambda::Function")
        if text(template, each["Properties"]["FunctionName"]).startswith("dr-processor-")
    ]
    return function


def test_seed_lambda_the_same_code_runs_in_both_regions(
    primary: Template, workload: Template
) -> None:
    assert processor(primary)["Code"]["S3Key"] == processor(workload)["Code"]["S3Key"]
    assert text(primary, processor(primary)["Code"]["S3Bucket"]) == (
        "{{resolve:ssm:/dr-catalog/asset-bucket-prefix}-<Region>"
    ).replace("prefix}", "prefix>>")
    assert text(workload, processor(workload)["Code"]["S3Bucket"]).endswith("-<Region>")


def test_seed_lambda_the_region_that_takes_writes_is_told_not_guessed(
    primary: Template, workload: Template
) -> None:
    for template, region in ((primary, "<Region>"), (workload, "<LaunchRegion>")):
        variables = processor(template)["Environment"]["Variables"]
        assert text(template, variables["WRITER_REGION"]) == region


@pytest.mark.parametrize("role", ROLES)
def test_seed_lambda_has_a_regional_api_with_signed_and_open_paths(
    templates: dict[str, Template], role: str
) -> None:
    template = templates[role]
    api = only(template, "AWS::ApiGateway::RestApi")["Properties"]
    assert api["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
    paths = {
        name: resource["Properties"]["PathPart"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::ApiGateway::Resource"
    }
    found = {
        (each["Properties"]["HttpMethod"], paths[each["Properties"]["ResourceId"]["Ref"]]): each[
            "Properties"
        ]["AuthorizationType"]
        for each in of_type(template, "AWS::ApiGateway::Method")
    }
    assert found == {
        ("POST", "transactions"): "AWS_IAM",
        ("GET", "transactions"): "AWS_IAM",
        ("GET", "{transactionId}"): "AWS_IAM",
        ("GET", "health"): "NONE",
        ("GET", "ready"): "NONE",
    }


@pytest.mark.parametrize("role", ROLES)
def test_functions_and_api_are_traced_and_throttled(
    templates: dict[str, Template], role: str
) -> None:
    template = templates[role]
    for function in of_type(template, "AWS::Lambda::Function"):
        assert function["Properties"]["TracingConfig"] == {"Mode": "Active"}
    stage = only(template, "AWS::ApiGateway::Stage")["Properties"]
    assert stage["TracingEnabled"] is True
    limits = {each["ResourcePath"]: each["ThrottlingRateLimit"] for each in stage["MethodSettings"]}
    assert limits == {"/*": 200, "/~1health": 10, "/~1ready": 10}


@pytest.mark.parametrize("role", ROLES)
def test_every_function_has_an_encrypted_log_group_that_ends(
    templates: dict[str, Template], role: str
) -> None:
    template = templates[role]
    groups = {
        text(template, each["Properties"]["LogGroupName"]): each["Properties"]
        for each in of_type(template, "AWS::Logs::LogGroup")
    }
    functions = {
        f"/aws/lambda/{text(template, each['Properties']['FunctionName'])}"
        for each in of_type(template, "AWS::Lambda::Function")
    }
    assert functions == {name for name in groups if name.startswith("/aws/lambda/")}
    for group in groups.values():  # those of the network and the database too
        assert group["RetentionInDays"] in (30, 365)  # a recovery is looked into long after it
        assert "KmsKeyId" in group


@pytest.mark.parametrize("role", ROLES)
def test_the_processor_may_use_its_table_and_its_ledger_and_nothing_else(
    templates: dict[str, Template], role: str
) -> None:
    template = templates[role]
    found = {each["Sid"]: each for each in statements(template, "TransactionsProcessor")}
    assert set(found) == {
        "Log",
        "Trace",
        "UseTable",
        "UseTableKey",
        "ConnectLedger",
        "SeeWhoWrites",
        "JoinNetwork",
        "LeaveNetworkToLambda",
    }
    assert actions(found["SeeWhoWrites"]) == ["dynamodb:ConditionCheckItem", "dynamodb:GetItem"]
    assert resources(template, found["SeeWhoWrites"]) == [
        "arn:<Partition>:dynamodb:<Region>:<AccountId>:table/<GlobalTable>"
    ]
    assert actions(found["UseTable"]) == [
        "dynamodb:DescribeTable",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
    ]
    table = (
        "arn:<Partition>:dynamodb:<Region>:<AccountId>:table/dr-transactions-<EnvironmentSuffix>"
    )
    assert resources(template, found["UseTable"]) == [table, f"{table}/index/StatusIndex"]
    assert actions(found["ConnectLedger"]) == ["rds-db:connect"]
    assert resources(template, found["ConnectLedger"]) == [
        "arn:<Partition>:rds-db:<Region>:<AccountId>:dbuser:"
        "<DBCluster.DBClusterResourceId>/transactions"
    ]


@pytest.mark.parametrize("role", ROLES)
def test_network_interfaces_are_lambdas_matter_not_the_codes(
    templates: dict[str, Template], role: str
) -> None:
    template = templates[role]
    found = {each["Sid"]: each for each in statements(template, "TransactionsProcessor")}
    join, leave = found["JoinNetwork"], found["LeaveNetworkToLambda"]
    assert (join["Effect"], leave["Effect"]) == ("Allow", "Deny")
    assert actions(join) == actions(leave)
    source = leave["Condition"]["ArnEquals"]["lambda:SourceFunctionArn"]
    assert text(template, source).endswith(":function:dr-processor-<EnvironmentSuffix>")


@pytest.mark.parametrize("role", ROLES)
def test_seed_lambda_is_told_the_ledger_and_runs_where_it_is_reached(
    templates: dict[str, Template], role: str
) -> None:
    """It never used Aurora."""
    template = templates[role]
    variables = processor(template)["Environment"]["Variables"]
    told = {name: variables[name] for name in variables if name.startswith("LEDGER_")}
    assert set(told) == {f"LEDGER_{name}" for name in ("WRITER_ENDPOINT", "READER_ENDPOINT", *REST)}
    writer = text(template, told["LEDGER_WRITER_ENDPOINT"])
    reader = text(template, told["LEDGER_READER_ENDPOINT"])
    # The global cluster's endpoint, which the set-up finds, so that no function runs before it.
    assert (
        writer
        == {
            "primary": "<DrDatabaseSetUp.WriterEndpoint>",
            "workload": "<WriterEndpoint>",
        }[role]
    )
    assert reader == "<DBCluster.ReadEndpoint.Address>"
    assert told["LEDGER_USER"] == "transactions"
    placed = processor(template)["VpcConfig"]
    assert placed["SecurityGroupIds"]
    assert placed["SubnetIds"]


@pytest.mark.parametrize("role", ROLES)
def test_the_stage_that_others_name_is_a_reference_to_it(
    templates: dict[str, Template], role: str
) -> None:
    """A literal would let a domain be mapped, or an alarm be made, before the stage is there."""
    template = templates[role]
    (stage,) = (
        name
        for name, each in template["Resources"].items()
        if each["Type"] == "AWS::ApiGateway::Stage"
    )
    mapping = only(template, "AWS::ApiGateway::BasePathMapping")["Properties"]
    assert mapping["Stage"] == {"Ref": stage}
    (dimension,) = (
        each["Value"]
        for alarm in of_type(template, "AWS::CloudWatch::Alarm")
        for each in alarm["Properties"]["Dimensions"]
        if each["Name"] == "Stage"
    )
    assert dimension == {"Ref": stage}


@pytest.mark.parametrize(("switched_on", "expected"), [(True, None), (False, 0)])
def test_a_processor_that_is_off_has_no_concurrency(
    switched_on: bool, expected: int | None
) -> None:
    stack = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "alone")
    key = kms.Key.from_key_arn(stack, "Key", "arn:aws:kms:eu-west-1:111111111111:key/mrk-1")
    table = dynamodb.Table.from_table_attributes(
        stack, "Table", table_name="transactions", encryption_key=key
    )
    TransactionApi(
        stack,
        "Api",
        suffix="dev",
        key=key,
        table=table,
        writer_region="eu-west-1",
        switched_on=switched_on,
    )
    template = Synthesised.from_stack(stack).to_json()
    assert processor(template).get("ReservedConcurrentExecutions") == expected
