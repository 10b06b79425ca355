"""The wrapper: items become objects, answers are read whole, and a region that is gone is told at once."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any
from unittest.mock import MagicMock

import boto3
import pytest
from botocore.exceptions import ClientError

from dr_catalog.errors import RecoveryError, SetupError
from dr_catalog.failover.aws import Aws
from dr_catalog.failover.model import Lock, Writer

from .fakes import LAUNCH, MACHINE, PEER, SITE, execution, record


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> MagicMock:
    """The client of every service; ``asked`` is each service and region it was made for."""
    made = MagicMock()
    made.asked = []

    def make(self: Aws, service: str, region: str) -> MagicMock:
        made.asked.append((service, region))
        return made

    monkeypatch.setattr(Aws, "_client", make)
    return made


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Aws:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    return Aws(region=LAUNCH, session=boto3.Session("key", "secret", region_name=LAUNCH))


def refused(code: str) -> Callable[..., Any]:
    def call(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "Operation")

    return call


def test_items_of_the_state_table(aws: Aws, client: MagicMock) -> None:
    items = {
        "writer": {
            "region": {"S": PEER},
            "epoch": {"N": "3"},
            "fenced": {"BOOL": True},
            "run": {"S": "r-1"},
        },
        "lock": {"run": {"S": "r-1"}, "operation": {"S": "failover"}, "execution": {"S": "arn"}},
        "run#r-1": {"record": {"S": json.dumps(record("r-1"))}},
    }
    client.get_item.side_effect = lambda *, Key, **_: {"Item": items[Key["id"]["S"]]}
    assert aws.writer(SITE) == Writer(region=PEER, epoch=3, fenced=True, run="r-1")
    assert aws.lock(SITE) == Lock(run="r-1", operation="failover", execution="arn")
    run = aws.run(SITE, "r-1")
    assert run is not None
    assert (run.id, run.outcome, run.steps[1].told) == ("r-1", "done", "promote is done")
    assert client.get_item.call_args.kwargs["ConsistentRead"] is True
    assert set(client.asked) == {("dynamodb", PEER)}


def test_without_items_the_launch_region_writes_and_nothing_runs(
    aws: Aws, client: MagicMock
) -> None:
    client.get_item.return_value = {}
    assert aws.writer(SITE) == Writer(region=LAUNCH, epoch=1)
    assert (aws.lock(SITE), aws.run(SITE, "r-1")) == (None, None)


def test_runs_are_read_to_the_last_page_by_age(aws: Aws, client: MagicMock) -> None:
    def item(run: str, began: str) -> dict[str, Any]:
        return {"id": {"S": f"run#{run}"}, "record": {"S": json.dumps(record(run, began=began))}}

    client.scan.side_effect = [
        {
            "Items": [item("b", "2026-02"), {"id": {"S": "lock"}}],
            "LastEvaluatedKey": {"id": {"S": "x"}},
        },
        {"Items": [item("a", "2026-01")]},
    ]
    assert [run.id for run in aws.runs(SITE)] == ["a", "b"]


def test_the_machine_and_its_executions(aws: Aws, client: MagicMock) -> None:
    client.describe_state_machine.side_effect = lambda *, stateMachineArn: {
        "stateMachineArn": stateMachineArn
    }
    assert aws.machine(suffix="dev", account=SITE.account, region=PEER) == MACHINE
    client.describe_state_machine.side_effect = refused("StateMachineDoesNotExist")
    assert aws.machine(suffix="dev", account=SITE.account, region=PEER) == ""
    client.describe_execution.return_value = {"status": "FAILED", "error": "E", "cause": "because"}
    assert aws.execution(SITE, execution("r-1")) == ("FAILED", "E: because")
    client.describe_execution.side_effect = refused("ExecutionDoesNotExist")
    assert aws.execution(SITE, execution("r-1")) == ("", "")
    client.start_execution.return_value = {"executionArn": execution("r-1")}
    assert aws.start(SITE, run_id="r-1", given={"operation": "failover"}) == execution("r-1")
    assert client.start_execution.call_args.kwargs == {
        "stateMachineArn": MACHINE,
        "name": "r-1",
        "input": '{"operation": "failover"}',
    }


def test_a_decision_is_the_functions(aws: Aws, client: MagicMock) -> None:
    def invoke(**given: Any) -> dict[str, Any]:
        asked = json.loads(given["Payload"])
        assert asked == {"decide": "approve", "run": "r-1", "by": "jo", "overrides": ["lag"]}
        return {"Payload": io.BytesIO(b'{"decided": true, "told": "jo approved"}')}

    client.invoke.side_effect = invoke
    told = aws.decide(SITE, run_id="r-1", decision="approve", by="jo", overrides=("lag",))
    assert told == (True, "jo approved")
    assert client.invoke.call_args.kwargs["FunctionName"] == "dr-recovery-task-dev"
    client.invoke.side_effect = None
    client.invoke.return_value = {
        "FunctionError": "Unhandled",
        "Payload": io.BytesIO(b'{"errorMessage": "broken"}'),
    }
    with pytest.raises(RecoveryError, match="was not taken") as failed:
        aws.decide(SITE, run_id="r-1", decision="approve", by="jo")
    assert failed.value.why == "broken"


def test_what_a_layer_tells_is_read_to_the_last_page(aws: Aws, client: MagicMock) -> None:
    client.get_parameters_by_path.side_effect = [
        {"Parameters": [{"Name": "/dr/dev/recovery/a", "Value": "1"}], "NextToken": "more"},
        {"Parameters": [{"Name": "/dr/dev/recovery/b", "Value": "2"}]},
    ]
    assert aws.told("dev", "recovery", PEER) == {"a": "1", "b": "2"}


def test_a_region_that_is_gone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")  # the port that discards
    aws = Aws(region=LAUNCH, session=boto3.Session("key", "secret", region_name=LAUNCH))
    assert aws.local
    with pytest.raises(SetupError, match="can't be reached"):
        aws.caller(LAUNCH)
    with pytest.raises(SetupError, match="does not answer"):
        aws.get(
            "https://abc.execute-api.us-east-1.amazonaws.com/live/", region=LAUNCH, path="health"
        )
