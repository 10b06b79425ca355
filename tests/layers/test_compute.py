"""Seed row "Lambda": no URL, leaked exceptions, no health path, repeats that became two rows.

What the function answers is tested in ``tests/handlers`` and, through the API, in ``tests/end_to_end``.
"""

from __future__ import annotations

import pytest

from .reading import Template, actions, of_type, only, resources, statements, text

ROLES = ["primary", "workload"]


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
    groups = of_type(template, "AWS::Logs::LogGroup")
    assert len(groups) == len(of_type(template, "AWS::Lambda::Function"))
    for group in groups:
        assert group["Properties"]["RetentionInDays"] == 30
        assert "KmsKeyId" in group["Properties"]


@pytest.mark.parametrize("role", ROLES)
def test_the_processor_may_use_its_table_and_nothing_else(
    templates: dict[str, Template], role: str
) -> None:
    template = templates[role]
    found = {each["Sid"]: each for each in statements(template, "TransactionsProcessorPolicy")}
    assert set(found) == {"Log", "Trace", "UseTable", "UseTableKey"}
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
