"""A region, or a part of it, goes away and comes back: what its callers see, and what runs in it."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from .stack_runner import Runner

HOME, PEER = "us-east-1", "us-west-2"
CODE = """
import os, time

def handler(event, context):
    if "sleep" in event:
        time.sleep(event["sleep"])
    return {"statusCode": 200, "body": os.environ["AWS_REGION"]}
"""
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": ["states.amazonaws.com", "lambda.amazonaws.com"]},
            "Action": "sts:AssumeRole",
        }
    ],
}
WORK = {
    "StartAt": "Work",
    "States": {
        "Work": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": "dr-work", "Payload": {}},
            "End": True,
        },
    },
}


def resources() -> dict[str, Any]:
    role = {"Fn::GetAtt": ["Role", "Arn"]}
    uri = (
        "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
        "${Work.Arn}/invocations"
    )
    return {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": TRUST},
        },
        "Work": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": "dr-work",
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Role": role,
                "Code": {"ZipFile": CODE},
                "Timeout": 20,
            },
        },
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "StateMachineName": "dr-work",
                "RoleArn": role,
                "DefinitionString": json.dumps(WORK),
            },
        },
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "dr-work"}},
        "Get": {
            "Type": "AWS::ApiGateway::Method",
            "Properties": {
                "RestApiId": {"Ref": "Api"},
                "ResourceId": {"Fn::GetAtt": ["Api", "RootResourceId"]},
                "HttpMethod": "GET",
                "AuthorizationType": "NONE",
                "Integration": {
                    "Type": "AWS_PROXY",
                    "IntegrationHttpMethod": "POST",
                    "Uri": {"Fn::Sub": uri},
                },
            },
        },
        "Deployment": {
            "Type": "AWS::ApiGateway::Deployment",
            "DependsOn": "Get",
            "Properties": {"RestApiId": {"Ref": "Api"}, "StageName": "live"},
        },
    }


class Region:
    """A region's services, called once each, and its API."""

    def __init__(self, endpoint: str, account: str, name: str) -> None:
        self._endpoint, self.account, self.name = endpoint, account, name
        self.api = ""

    def client(self, service: str) -> Any:
        """A client that tries once."""
        return boto3.client(
            service,
            region_name=self.name,
            endpoint_url=self._endpoint,
            aws_access_key_id=self.account,
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )

    def get(self) -> str:
        """What the region's API answers."""
        address = f"{self._endpoint}/restapis/{self.api}/live/_user_request_/"
        with urllib.request.urlopen(address, timeout=10) as answer:
            return str(answer.read().decode())


@pytest.fixture(scope="module")
def regions(endpoint: str, runner: Callable[..., Runner]) -> dict[str, Region]:
    account = "444444444601"
    found = {name: Region(endpoint, account, name) for name in (HOME, PEER)}
    for name, region in found.items():
        made = runner(account=account, region=name).create(
            "work", resources(), Template={"Outputs": {"Api": {"Value": {"Ref": "Api"}}}}
        )
        assert made.status == "CREATE_COMPLETE", made.reasons
        region.api = made.outputs["Api"]
    return found


@pytest.fixture
def home(regions: dict[str, Region]) -> Region:
    return regions[HOME]


@pytest.fixture
def peer(regions: dict[str, Region]) -> Region:
    return regions[PEER]


@pytest.fixture
def away(control: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """Takes the launch region away; it is back in the end."""
    yield lambda mode, **more: control("regions", region=HOME, mode=mode, **more)
    control("regions", region=HOME, mode="here")


def over(states: Any, execution: str) -> dict[str, Any]:
    """An execution, once it does not run any more."""
    end = time.monotonic() + 10
    while True:
        found: dict[str, Any] = states.describe_execution(executionArn=execution)
        if found["status"] != "RUNNING":
            return found
        assert time.monotonic() < end
        time.sleep(0.02)


def test_nothing_of_a_region_that_is_gone_answers(
    home: Region, peer: Region, away: Callable[..., Any]
) -> None:
    home.client("s3").create_bucket(Bucket="dr-work-601")
    assert (home.get(), peer.get()) == (HOME, PEER)
    away("gone")
    for call in (
        home.client("dynamodb").list_tables,
        home.client("sts").get_caller_identity,
        home.client("cloudformation").describe_stacks,
        lambda: peer.client("s3").list_objects_v2(Bucket="dr-work-601"),
    ):
        with pytest.raises(ConnectionClosedError):
            call()
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        home.get()
    assert peer.get() == PEER
    assert peer.client("dynamodb").list_tables()["TableNames"] == []
    assert home.client("iam").list_roles()["Roles"]
    away("here")
    assert home.get() == HOME
    assert home.client("dynamodb").list_tables()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_what_runs_in_it_stands_still_and_goes_on(home: Region, away: Callable[..., Any]) -> None:
    states = home.client("stepfunctions")
    machine = states.list_state_machines()["stateMachines"][0]["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=machine)["executionArn"]
    away("gone")
    time.sleep(0.6)  # a task begins a sixth of a second after the start
    away("here")
    assert over(states, execution)["status"] == "SUCCEEDED"
    events = states.get_execution_history(executionArn=execution)["events"]
    times = {each["type"]: each["timestamp"] for each in events}
    assert (times["TaskSucceeded"] - times["TaskScheduled"]).total_seconds() > 0.25


def test_a_stack_at_work_stands_still_and_goes_on(
    home: Region, away: Callable[..., Any], runner: Callable[..., Runner]
) -> None:
    table = {
        "Type": "AWS::DynamoDB::GlobalTable",
        "Properties": {
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "Replicas": [{"Region": HOME}],
        },
    }
    resources = {f"Table{n}": table for n in range(4)}
    stacks = home.client("cloudformation")
    stacks.create_stack(StackName="tables", TemplateBody=json.dumps({"Resources": resources}))
    away("gone")
    time.sleep(0.3)
    away("here")
    made = runner(account=home.account, region=HOME).settled("tables")
    assert made.status == "CREATE_COMPLETE", made.reasons
    assert len(home.client("dynamodb").list_tables()["TableNames"]) == 4


def test_a_function_that_runs_ends_with_its_region(home: Region, away: Callable[..., Any]) -> None:
    states = home.client("lambda")
    with ThreadPoolExecutor() as pool:
        asleep = pool.submit(states.invoke, FunctionName="dr-work", Payload=b'{"sleep": 15}')
        time.sleep(0.5)
        began = time.monotonic()
        away("gone")
        assert asleep.result()["FunctionError"]
        assert time.monotonic() - began < 10


def test_without_its_control_plane_data_and_functions_go_on(
    home: Region, away: Callable[..., Any]
) -> None:
    away("control-plane")
    with pytest.raises(ClientError) as refused:
        home.client("rds").describe_global_clusters()
    answer = refused.value.response
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert answer["Error"]["Code"] == "ServiceUnavailable"
    for call in (
        home.client("s3").list_buckets,
        home.client("dynamodb").list_tables,
        home.client("lambda").list_functions,
    ):
        with pytest.raises(ClientError, match="is unavailable"):
            call()
    answered = home.client("lambda").invoke(FunctionName="dr-work", Payload=b"{}")
    assert json.load(answered["Payload"])["body"] == HOME
    assert home.get() == HOME


def test_one_service_of_a_region_goes(home: Region, peer: Region, away: Callable[..., Any]) -> None:
    away("service:dynamodb,sns")
    for service in ("dynamodb", "sns"):
        call = "list_tables" if service == "dynamodb" else "list_topics"
        with pytest.raises(ConnectionClosedError):
            getattr(home.client(service), call)()
        getattr(peer.client(service), call)()
    assert home.get() == HOME


def test_without_lambda_a_machine_s_task_fails_by_name(
    home: Region, away: Callable[..., Any]
) -> None:
    states = home.client("stepfunctions")
    machine = states.list_state_machines()["stateMachines"][0]["stateMachineArn"]
    away("service:lambda")
    execution = states.start_execution(stateMachineArn=machine)["executionArn"]
    assert over(states, execution)["error"] == "Lambda.ServiceException"
    with pytest.raises(urllib.error.HTTPError, match="502"):
        home.get()


def test_a_slow_region_answers_later(home: Region, away: Callable[..., Any]) -> None:
    away("slow", seconds=0.3)
    began = time.monotonic()
    home.client("dynamodb").list_tables()
    assert time.monotonic() - began >= 0.3


def test_what_is_no_control_or_mode_is_refused(away: Callable[..., Any], control: Any) -> None:
    with pytest.raises(ValueError, match="mode is one of gone"):
        away("broken")
    with pytest.raises(ValueError, match="mode is missing"):
        control("regions", region=HOME)
    with pytest.raises(ValueError, match="no control /_embedded/weather; there are"):
        control("weather")
    assert control("regions") == {"regions": {}}
