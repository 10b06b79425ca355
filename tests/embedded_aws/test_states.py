"""State machines by CloudFormation: what starts them, waits in them and ends them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .stack_runner import Runner

CODE = """
import boto3

class NotReady(Exception):
    pass

def handler(event, context):
    given = event.get("given", event)
    if given.get("raise"):
        raise NotReady("no instance")
    if "token" in event:
        boto3.client("ssm").put_parameter(
            Name="/dr/token/" + event["name"], Value=event["token"], Type="String"
        )
    return {"did": event.get("do", "nothing")}
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
PEER = "us-west-2"


def definition() -> dict[str, Any]:
    """A task by its function; one that the input asks to raise; one that waits for a token."""
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "${Task}", "Payload.$": "$"},
        "OutputPath": "$.Payload",
    }
    return {
        "StartAt": "Which",
        "States": {
            "Which": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.wait", "IsPresent": True, "Next": "Approve"}],
                "Default": "Work",
            },
            "Work": {
                **call,
                "Catch": [
                    {"ErrorEquals": ["NotReady"], "ResultPath": "$.error", "Next": "Told"},
                    {"ErrorEquals": ["States.ALL"], "Next": "Wrong"},
                ],
                "End": True,
            },
            "Approve": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
                "Parameters": {
                    "FunctionName": "${Task}",
                    "Payload": {
                        "given.$": "$",
                        "token.$": "$$.Task.Token",
                        "name.$": "$$.Execution.Name",
                    },
                },
                "TimeoutSecondsPath": "$.wait",
                "Retry": [{"ErrorEquals": ["Again"], "MaxAttempts": 9, "IntervalSeconds": 60}],
                "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Aborted"}],
                "End": True,
            },
            "Told": {"Type": "Pass", "End": True},
            "Aborted": {"Type": "Succeed"},
            "Wrong": {"Type": "Fail", "Error": "Wrong"},
        },
    }


def resources(**machine: Any) -> dict[str, Any]:
    role = {"Fn::GetAtt": ["Role", "Arn"]}
    return {
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"RoleName": "dr-machine", "AssumeRolePolicyDocument": TRUST},
        },
        "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/dr/machine"}},
        "Task": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": "dr-task",
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Role": role,
                "Code": {"ZipFile": CODE},
                "Timeout": 10,
            },
        },
        "Machine": {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "StateMachineName": "dr-machine",
                "RoleArn": role,
                "DefinitionString": json.dumps(definition()),
                "DefinitionSubstitutions": {"Task": "dr-task"},
                "LoggingConfiguration": {
                    "Level": "ALL",
                    "IncludeExecutionData": True,
                    "Destinations": [
                        {"CloudWatchLogsLogGroup": {"LogGroupArn": {"Fn::GetAtt": ["Log", "Arn"]}}}
                    ],
                },
                "TracingConfiguration": {"Enabled": True},
                "Tags": [{"Key": "suffix", "Value": "dev"}],
                **machine,
            },
        },
        "Alarm": {
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {
                "AlarmName": "dr-answers",
                "Namespace": "DrCatalog",
                "MetricName": "LaunchRegionAnswers",
                "Statistic": "Minimum",
                "Period": 60,
                "EvaluationPeriods": 1,
                "Threshold": 1,
                "ComparisonOperator": "LessThanThreshold",
            },
        },
        "Detect": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Name": "dr-detect",
                "EventPattern": {
                    "source": ["aws.cloudwatch"],
                    "detail-type": ["CloudWatch Alarm State Change"],
                    "detail": {"alarmName": ["dr-answers"], "state": {"value": ["ALARM"]}},
                },
                "Targets": [
                    {
                        "Id": "0",
                        "Arn": {"Ref": "Machine"},
                        "RoleArn": role,
                        "Input": '{"do": "detected"}',
                    }
                ],
            },
        },
        "Minute": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Name": "dr-minute",
                "ScheduleExpression": "rate(1 minute)",
                "Targets": [
                    {
                        "Id": "0",
                        "Arn": {"Ref": "Machine"},
                        "RoleArn": role,
                        "Input": '{"do": "minute"}',
                    },
                    {
                        "Id": "1",
                        "Arn": {"Fn::GetAtt": ["Task", "Arn"]},
                        "Input": '{"token": "-", "name": "fired"}',
                    },
                ],
            },
        },
    }


@dataclass(frozen=True)
class Machine:
    """The machine of a stack in an account of its own."""

    account: str
    runner: Runner
    states: Any
    arn: str

    def start(self, name: str, given: dict[str, Any]) -> str:
        """Start an execution; its ARN."""
        started = self.states.start_execution(
            stateMachineArn=self.arn, name=name, input=json.dumps(given)
        )
        return str(started["executionArn"])

    def ended(self, execution: str) -> dict[str, Any]:
        """The execution, once it is over."""
        return self.until(execution, lambda found: found["status"] != "RUNNING")

    def until(self, execution: str, test: Callable[[Any], bool]) -> dict[str, Any]:
        """The execution, once ``test`` holds of it."""
        end = time.monotonic() + 10
        while True:
            found: dict[str, Any] = self.states.describe_execution(executionArn=execution)
            if test(found):
                return found
            assert time.monotonic() < end, found
            time.sleep(0.02)

    def by_input(self, given: str) -> str:
        """The execution with this input, once there is one."""
        end = time.monotonic() + 10
        while time.monotonic() < end:
            listed = self.states.list_executions(stateMachineArn=self.arn)["executions"]
            for each in listed:
                found = self.states.describe_execution(executionArn=each["executionArn"])
                if json.loads(found["input"]) == json.loads(given):
                    return str(each["executionArn"])
            time.sleep(0.02)
        raise AssertionError(f"nothing started with {given}")

    def waiting(self, name: str, **given: Any) -> str:
        """An execution that has called its function and waits for its token."""
        execution = self.start(name, {"wait": 600, **given})
        self.until(execution, lambda _: self._scheduled(execution))
        return execution

    def _scheduled(self, execution: str) -> bool:
        events = self.states.get_execution_history(executionArn=execution)["events"]
        return any(each["type"] == "TaskScheduled" for each in events)


@pytest.fixture(scope="module")
def machine(client: Callable[..., Any], runner: Callable[..., Runner]) -> Iterator[Machine]:
    account = "444444444501"
    peer = runner(account=account, region=PEER)
    made = peer.create(
        "machine",
        resources(),
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Template={"Outputs": {"Machine": {"Value": {"Ref": "Machine"}}}},
    )
    assert made.status == "CREATE_COMPLETE", made.reasons
    states = client("stepfunctions", account=account, region=PEER)
    yield Machine(account, peer, states, made.outputs["Machine"])
    assert peer.delete("machine").status == "DELETE_COMPLETE"
    assert states.list_state_machines()["stateMachines"] == []


def test_what_the_template_says_is_what_the_api_answers(machine: Machine) -> None:
    found = machine.states.describe_state_machine(stateMachineArn=machine.arn)
    group = f"arn:aws:logs:{PEER}:{machine.account}:log-group:/dr/machine:*"
    assert found["loggingConfiguration"] == {
        "level": "ALL",
        "includeExecutionData": True,
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}],
    }
    assert found["tracingConfiguration"] == {"enabled": True}
    assert found["definition"].count("dr-task") == 2
    told = machine.states.list_tags_for_resource(resourceArn=machine.arn)["tags"]
    assert {"key": "suffix", "value": "dev"} in told


def test_an_error_is_caught_by_the_name_of_its_exception(machine: Machine) -> None:
    found = machine.ended(machine.start("raises", {"raise": True}))
    assert found["status"] == "SUCCEEDED"
    error = json.loads(found["output"])["error"]
    assert error["Error"] == "NotReady"
    cause = json.loads(error["Cause"])
    assert (cause["errorType"], cause["errorMessage"]) == ("NotReady", "no instance")
    assert "in handler" in cause["stackTrace"][-1]


def test_a_name_is_one_execution(machine: Machine) -> None:
    first = machine.waiting("once")
    assert machine.start("once", {"wait": 600}) == first
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        machine.start("once", {"wait": 601})
    machine.states.stop_execution(executionArn=first)
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        machine.start("once", {"wait": 600})


def test_a_token_answers_once(machine: Machine, client: Callable[..., Any]) -> None:
    execution = machine.waiting("approved")
    token = _token(client("ssm", account=machine.account, region=PEER), "approved")
    machine.states.send_task_success(taskToken=token, output='{"by": "first"}')
    with pytest.raises(ClientError, match="TaskTimedOut"):
        machine.states.send_task_failure(taskToken=token, error="Again")
    assert json.loads(machine.ended(execution)["output"]) == {"by": "first"}
    with pytest.raises(ClientError, match="InvalidToken"):
        machine.states.send_task_success(taskToken="guess", output="{}")


def test_a_function_that_fails_does_not_wait_for_its_token(machine: Machine) -> None:
    found = machine.ended(machine.start("asks", {"wait": 600, "raise": True}))
    assert (found["status"], found["error"]) == ("FAILED", "NotReady")


def _token(ssm: Any, name: str) -> str:
    """The token that the function was given, once it was called."""
    end = time.monotonic() + 10
    while True:
        try:
            return str(ssm.get_parameter(Name=f"/dr/token/{name}")["Parameter"]["Value"])
        except ssm.exceptions.ParameterNotFound:
            assert time.monotonic() < end
            time.sleep(0.02)


def test_a_stopped_execution_stays_stopped(machine: Machine, client: Callable[..., Any]) -> None:
    execution = machine.waiting("stopped")
    token = _token(client("ssm", account=machine.account, region=PEER), "stopped")
    machine.states.stop_execution(executionArn=execution, error="by hand")
    with pytest.raises(ClientError, match="TaskTimedOut"):
        machine.states.send_task_success(taskToken=token, output="{}")
    time.sleep(0.3)  # what would go on, would have
    found = machine.states.describe_execution(executionArn=execution)
    assert (found["status"], found["error"]) == ("ABORTED", "by hand")
    events = machine.states.get_execution_history(executionArn=execution)["events"]
    assert [each["type"] for each in events][-1] == "ExecutionAborted"


def test_the_wait_for_a_token_times_out_when_told_to(
    machine: Machine, control: Callable[..., Any]
) -> None:
    execution = machine.waiting("expires")
    control("executions", arn=execution, expire=True)
    assert machine.ended(execution)["status"] == "SUCCEEDED"
    with pytest.raises(ValueError, match="waits for no token"):
        control("executions", arn=execution, expire=True)


def test_an_alarm_starts_the_machine(machine: Machine, client: Callable[..., Any]) -> None:
    client("cloudwatch", account=machine.account, region=PEER).put_metric_data(
        Namespace="DrCatalog", MetricData=[{"MetricName": "LaunchRegionAnswers", "Value": 0}]
    )
    found = machine.ended(machine.by_input('{"do": "detected"}'))
    assert json.loads(found["output"]) == {"did": "detected"}


def test_a_schedule_fires_when_told_to(
    machine: Machine, control: Callable[..., Any], client: Callable[..., Any]
) -> None:
    asked = {"account": machine.account, "region": PEER}
    control("rules", **asked, rule="dr-minute")
    ssm = client("ssm", account=machine.account, region=PEER)  # its function is done
    assert ssm.get_parameter(Name="/dr/token/fired")["Parameter"]["Value"] == "-"
    machine.by_input('{"do": "minute"}')
    with pytest.raises(ValueError, match="dr-detect is no rule with a schedule"):
        control("rules", **asked, rule="dr-detect")


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        ({"DefinitionString": '{"StartAt": "A", "States": {}}'}, "Missing 'Next' target: A"),
        ({"LoggingConfiguration": {"Level": "ALL"}}, "exactly one Log Destination"),
        ({"RoleArn": "arn:aws:iam::444444444501:role/none"}, "authorized to assume the provided"),
    ],
    ids=["definition", "log", "role"],
)
def test_a_machine_that_step_functions_refuses(
    machine: Machine, properties: dict[str, Any], told: str
) -> None:
    refused = machine.runner.update(
        "machine", resources(**properties), Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    assert refused.status == "UPDATE_ROLLBACK_COMPLETE"
    assert told in " ".join(refused.reasons)
    found = machine.states.describe_state_machine(stateMachineArn=machine.arn)
    assert found["tracingConfiguration"] == {"enabled": True}


def test_a_machine_changes_in_place_and_one_that_is_there_is_not_taken_over(
    machine: Machine,
) -> None:
    changed = resources(Tags=[{"Key": "suffix", "Value": "test"}])
    for gone in ("LoggingConfiguration", "TracingConfiguration"):
        del changed["Machine"]["Properties"][gone]
    assert machine.runner.update("machine", changed).status == "UPDATE_COMPLETE"
    found = machine.states.describe_state_machine(stateMachineArn=machine.arn)
    assert found["loggingConfiguration"]["level"] == "OFF"
    assert found["tracingConfiguration"] == {"enabled": False}
    assert machine.states.list_tags_for_resource(resourceArn=machine.arn)["tags"] == [
        {"key": "suffix", "value": "test"}
    ]
    role = f"arn:aws:iam::{machine.account}:role/dr-machine"
    other = {"Machine": resources(RoleArn=role)["Machine"]}
    second = machine.runner.create("second", other)
    assert second.status == "ROLLBACK_COMPLETE"
    assert "already exists" in second.reasons[-1]
    assert machine.states.describe_state_machine(stateMachineArn=machine.arn)[
        "tracingConfiguration"
    ]
