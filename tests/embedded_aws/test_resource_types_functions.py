"""Functions, their APIs and custom resources: each runs as its account, in its region."""

from __future__ import annotations

import io
import json
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from .stack_runner import Runner

HOME, PEER = "us-east-1", "us-west-2"
CODE = """
import json, os, urllib.request
import boto3

def api(event, context):
    if event["path"] == "/boom":
        raise ValueError("boom")
    found = {
        "region": os.environ["AWS_REGION"],
        "account": boto3.client("sts").get_caller_identity()["Account"],
        "value": boto3.client("ssm").get_parameter(Name="/dr/value")["Parameter"]["Value"],
        "name": os.environ["NAME"],
        "method": event["httpMethod"],
        "path": event["path"],
        "query": event["queryStringParameters"],
        "body": event["body"],
    }
    return {"statusCode": 201, "headers": {"x-here": "yes"}, "body": json.dumps(found)}

def custom(event, context):
    properties = event["ResourceProperties"]
    failed = properties.get("Fail") == event["RequestType"]
    answer = {
        "Status": "FAILED" if failed else "SUCCESS",
        "Reason": "refused: deletion protection is on" if failed else "",
        "PhysicalResourceId": "custom-1",
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": {"Region": os.environ["AWS_REGION"], "Name": properties["Name"]},
    }
    request = urllib.request.Request(
        event["ResponseURL"], data=json.dumps(answer).encode(), method="PUT",
        headers={"Content-Type": ""},
    )
    urllib.request.urlopen(request).close()
"""
LAMBDA = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
ANYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def function(handler: str, bucket: str) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": f"dr-{handler}",
            "Runtime": "python3.13",
            "Handler": f"index.{handler}",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": {"S3Bucket": bucket, "S3Key": "code.zip"},
            "Environment": {"Variables": {"NAME": "dr"}},
            "TracingConfig": {"Mode": "Active"},
            "MemorySize": 256,
            "Timeout": 10,
        },
    }


def resources(bucket: str, **custom: Any) -> dict[str, Any]:
    uri = (
        "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Api.Arn}/invocations"
    )
    proxy = {
        "RestApiId": {"Ref": "Rest"},
        "ParentId": {"Fn::GetAtt": ["Rest", "RootResourceId"]},
    }
    method: dict[str, Any] = {
        "Type": "AWS::ApiGateway::Method",
        "Properties": {
            "RestApiId": {"Ref": "Rest"},
            "ResourceId": {"Ref": "Proxy"},
            "HttpMethod": "ANY",
            "AuthorizationType": "NONE",
            "Integration": {
                "Type": "AWS_PROXY",
                "IntegrationHttpMethod": "POST",
                "Uri": {"Fn::Sub": uri},
            },
        },
    }
    return {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {"Statement": [{**LAMBDA, "Action": "sts:AssumeRole"}]},
                "Policies": [{"PolicyName": "all", "PolicyDocument": {"Statement": [ANYTHING]}}],
            },
        },
        "Value": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {
                "Name": "/dr/value",
                "Type": "String",
                "Value": {"Fn::Sub": "${AWS::AccountId} in ${AWS::Region}"},
            },
        },
        "Log": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"LogGroupName": "/aws/lambda/dr-api", "RetentionInDays": 7},
        },
        "Api": {**function("api", bucket), "DependsOn": "Log"},
        "Custom": function("custom", bucket),
        "Thing": {
            "Type": "Custom::Thing",
            "Properties": {
                "ServiceToken": {"Fn::GetAtt": ["Custom", "Arn"]},
                "Name": "thing",
                **custom,
            },
        },
        "Rest": {
            "Type": "AWS::ApiGateway::RestApi",
            "Properties": {"Name": "dr", "EndpointConfiguration": {"Types": ["REGIONAL"]}},
        },
        "Proxy": {
            "Type": "AWS::ApiGateway::Resource",
            "Properties": {**proxy, "PathPart": "{proxy+}"},
        },
        "Method": method,
        "Private": {
            "Type": "AWS::ApiGateway::Resource",
            "Properties": {**proxy, "PathPart": "private"},
        },
        "PrivateMethod": {
            **method,
            "Properties": {
                **method["Properties"],
                "ResourceId": {"Ref": "Private"},
                "AuthorizationType": "AWS_IAM",
            },
        },
        "Deployment": {
            "Type": "AWS::ApiGateway::Deployment",
            "DependsOn": ["Method", "PrivateMethod"],
            "Properties": {"RestApiId": {"Ref": "Rest"}},
        },
        "Stage": {
            "Type": "AWS::ApiGateway::Stage",
            "Properties": {
                "RestApiId": {"Ref": "Rest"},
                "DeploymentId": {"Ref": "Deployment"},
                "StageName": "live",
                "TracingEnabled": True,
            },
        },
        "Allowed": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "FunctionName": {"Ref": "Api"},
                "Action": "lambda:InvokeFunction",
                "Principal": "apigateway.amazonaws.com",
                "SourceArn": {
                    "Fn::Sub": "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Rest}/*"
                },
            },
        },
    }


OUTPUTS = {
    "Outputs": {
        "Rest": {"Value": {"Ref": "Rest"}},
        "Where": {"Value": {"Fn::GetAtt": ["Thing", "Region"]}},
        "Thing": {"Value": {"Ref": "Thing"}},
    }
}


@pytest.fixture
def code(client: Callable[..., Any]) -> Callable[[str, str], str]:
    """Puts the code into a bucket of the account and region; its name."""

    def put(account: str, region: str) -> str:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as written:
            written.writestr("index.py", CODE)
        s3, name = client("s3", account=account, region=region), f"dr-code-{account}-{region}"
        where = {} if region == HOME else {"LocationConstraint": region}
        s3.create_bucket(Bucket=name, **({"CreateBucketConfiguration": where} if where else {}))
        s3.put_object(Bucket=name, Key="code.zip", Body=archive.getvalue())
        return name

    return put


def fetch(address: str, **options: Any) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, **options)) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def signed(address: str, account: str, region: str) -> dict[str, str]:
    """The headers of a signed GET request."""
    request = AWSRequest(method="GET", url=address)
    SigV4Auth(Credentials(account, "test"), "execute-api", region).add_auth(request)
    return dict(request.headers)


def test_each_runs_as_its_account_in_its_region(
    endpoint: str,
    account: str,
    new_account: Callable[[], str],
    client: Callable[..., Any],
    runner: Callable[..., Runner],
    code: Callable[[str, str], str],
) -> None:
    places = [(account, HOME), (new_account(), PEER)]
    apis = {}
    for number, region in places:
        bucket = code(number, region)
        made = runner(account=number, region=region).create(
            "s", resources(bucket), Template=OUTPUTS
        )
        assert made.status == "CREATE_COMPLETE", made.reasons
        assert (made.outputs["Where"], made.outputs["Thing"]) == (region, "custom-1")
        apis[number, region] = made.outputs["Rest"]
    for (number, region), rest in apis.items():
        status, body = fetch(
            f"{endpoint}/restapis/{rest}/live/_user_request_/things/1?a=b", data=b"hello"
        )
        assert status == 201, body
        assert body == {
            "region": region,
            "account": number,
            "value": f"{number} in {region}",
            "name": "dr",
            "method": "POST",
            "path": "/things/1",
            "query": {"a": "b"},
            "body": "hello",
        }
        assert fetch(f"{endpoint}/restapis/{rest}/live/_user_request_/boom")[0] == 502
        private = f"{endpoint}/restapis/{rest}/live/_user_request_/private"
        assert fetch(private)[0] == 403
        assert fetch(private, headers=signed(private, "9" * 12, region))[0] == 403
        assert fetch(private, headers=signed(private, number, region))[0] == 201
        api = client("lambda", account=number, region=region)
        settings = api.get_function_configuration(FunctionName="dr-api")
        assert settings["TracingConfig"] == {"Mode": "Active"}
        assert settings["MemorySize"] == 256
        stages = client("apigateway", account=number, region=region)
        assert stages.get_stage(restApiId=rest, stageName="live")["tracingEnabled"] is True
        (group,) = client("logs", account=number, region=region).describe_log_groups(
            logGroupNamePrefix="/aws/lambda/dr-api"
        )["logGroups"]
        assert group["retentionInDays"] == 7
    for number, region in places:
        gone = runner(account=number, region=region).delete("s")
        assert gone.status == "DELETE_COMPLETE", gone.reasons
        assert not client("lambda", account=number, region=region).list_functions()["Functions"]


def test_a_custom_resource_can_refuse_to_go(
    account: str, runner: Callable[..., Runner], code: Callable[[str, str], str]
) -> None:
    bucket, stacks = code(account, PEER), runner(account=account, region=PEER)
    guarded = {
        key: value
        for key, value in resources(bucket, Fail="Delete").items()
        if key in ("Role", "Custom", "Thing")
    }
    assert stacks.create("s", guarded).status == "CREATE_COMPLETE"
    gone = stacks.delete("s")
    assert gone.status == "DELETE_FAILED"
    assert any("refused: deletion protection is on" in reason for reason in gone.reasons)
    guarded["Thing"]["Properties"]["Fail"] = "Create"
    failed = stacks.create(
        "t",
        {**guarded, "Custom": {**guarded["Custom"]}}
        | {
            "Custom": {
                **guarded["Custom"],
                "Properties": {**guarded["Custom"]["Properties"], "FunctionName": "dr-second"},
            }
        },
    )
    assert failed.status == "ROLLBACK_COMPLETE"
    assert any("refused: deletion protection is on" in reason for reason in failed.reasons)


def test_code_that_is_not_there_fails_the_function(
    account: str, runner: Callable[..., Runner]
) -> None:
    made = runner(account=account).create(
        "s",
        {
            key: value
            for key, value in resources("dr-no-such-bucket").items()
            if key in ("Role", "Custom")
        },
    )
    assert made.status == "ROLLBACK_COMPLETE"
    assert "dr-no-such-bucket" in made.reasons[-1]


def test_an_unknown_property_of_any_type_is_refused(
    account: str, runner: Callable[..., Runner]
) -> None:
    wrong = resources("b")["Log"]
    wrong["Properties"]["RetentionDays"] = 7
    made = runner(account=account).create("s", {"Log": wrong})
    assert made.status == "ROLLBACK_COMPLETE"
    assert made.reasons == ["Encountered unsupported property RetentionDays"]


def test_a_function_without_concurrency_is_off_until_it_is_switched_on(
    endpoint: str,
    account: str,
    client: Callable[..., Any],
    runner: Callable[..., Runner],
    control: Callable[..., Any],
    code: Callable[[str, str], str],
) -> None:
    stacks, functions = runner(account=account), client("lambda", account=account)
    wanted = resources(code(account, HOME))
    outputs = {"Outputs": {"Rest": {"Value": {"Ref": "Rest"}}}}
    del wanted["Custom"], wanted["Thing"]
    wanted["Api"]["Properties"]["ReservedConcurrentExecutions"] = 0
    wanted["Rule"] = {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "Name": "dr-every",
            "ScheduleExpression": "rate(1 day)",
            "Targets": [{"Id": "f", "Arn": {"Fn::GetAtt": ["Api", "Arn"]}}],
        },
    }
    made = stacks.create("s", wanted, Template=outputs)
    assert made.status == "CREATE_COMPLETE", made.reasons
    called = f"{endpoint}/restapis/{made.outputs['Rest']}/live/_user_request_/x"
    limit = functions.get_function_concurrency

    def reserved() -> Any:
        return limit(FunctionName="dr-api").get("ReservedConcurrentExecutions")

    assert reserved() == 0
    assert fetch(called) == (500, {"message": "Internal server error"})
    with pytest.raises(functions.exceptions.TooManyRequestsException) as off:
        functions.invoke(FunctionName="dr-api")
    assert off.value.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    control("rules", account=account, region=HOME, rule="dr-every")
    logs = client("logs", account=account)
    assert logs.filter_log_events(logGroupName="/aws/lambda/dr-api")["events"] == []

    functions.delete_function_concurrency(FunctionName="dr-api")
    assert reserved() is None
    assert fetch(called)[0] == 201
    control("rules", account=account, region=HOME, rule="dr-every")
    assert logs.filter_log_events(logGroupName="/aws/lambda/dr-api")["events"]
    wanted["Api"]["Properties"]["MemorySize"] = 512
    assert stacks.update("s", wanted, Template=outputs).status == "UPDATE_COMPLETE"
    assert reserved() is None  # the template said 0 before and after
    functions.put_function_concurrency(FunctionName="dr-api", ReservedConcurrentExecutions=0)
    assert (reserved(), fetch(called)[0]) == (0, 500)
    del wanted["Api"]["Properties"]["ReservedConcurrentExecutions"]
    assert stacks.update("s", wanted, Template=outputs).status == "UPDATE_COMPLETE"
    assert (reserved(), fetch(called)[0]) == (None, 201)
