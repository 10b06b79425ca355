"""From votes to a run: what the peer's CloudWatch is told starts the state machine, or does not.

The votes are put as the probes would put them, for periods to come, so that no period is waited out.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dr_catalog import names
from dr_catalog.provisioning.checks import Launch

from .conftest import PEER, REGION, TENANT, WITNESS
from .rehearsal import control

MINUTES = 5
"""Of the parameter ``DetectionMinutes``, by default."""
ENDED = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


@pytest.fixture
def executions(launched: Launch) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The executions since the test began; those that still run are stopped after it."""
    states = launched.client("stepfunctions", PEER)
    machine = launched.told("recovery", PEER)["state-machine-arn"]
    before = {
        each["name"] for each in states.list_executions(stateMachineArn=machine)["executions"]
    }

    def executions() -> list[dict[str, Any]]:
        found = states.list_executions(stateMachineArn=machine)["executions"]
        return [each for each in found if each["name"] not in before]

    yield executions
    for each in executions():
        if each["status"] not in ENDED:
            states.stop_execution(executionArn=each["executionArn"])


def vote(launched: Launch, *, after: int, **values: float) -> None:
    """Put ``inside``, ``outside`` and ``witness``, what each probe says, from so many minutes ahead on."""
    regions = {"inside": REGION, "outside": PEER, "witness": WITNESS}
    now = datetime.now(UTC)
    launched.client("cloudwatch", PEER).put_metric_data(
        Namespace="DrCatalog",
        MetricData=[
            {
                "MetricName": "LaunchRegionAnswers",
                "Dimensions": [
                    {"Name": "Suffix", "Value": launched.suffix},
                    {"Name": "From", "Value": regions[side]},
                ],
                "Timestamp": now + timedelta(minutes=minute),
                "Value": value,
            }
            for side, value in values.items()
            for minute in range(after, after + MINUTES + 1)
        ],
    )


def state(launch: Launch, name: str) -> str:
    found = launch.client("cloudwatch", PEER).describe_alarms(
        AlarmNames=[names.alarm(suffix=launch.suffix, name=name)],
        AlarmTypes=["CompositeAlarm", "MetricAlarm"],
    )
    (alarm,) = [*found["CompositeAlarms"], *found["MetricAlarms"]]
    return str(alarm["StateValue"])


def test_each_regions_probe_votes_in_the_peer(launched: Launch, server: str) -> None:
    probe = names.PROBE.of(suffix=launched.suffix)
    function = launched.client("lambda", WITNESS).get_function_configuration(FunctionName=probe)
    assert function["Environment"]["Variables"]["PEER_REGION"] == PEER
    control(server, "rules", account=TENANT, region=WITNESS, rule=probe)
    for region in (REGION, PEER):
        answer = launched.client("lambda", region).invoke(FunctionName=probe)
        assert json.loads(answer["Payload"].read()) == 1
    now = datetime.now(UTC)
    cloudwatch = launched.client("cloudwatch", PEER)
    for region in (REGION, PEER, WITNESS):
        found = cloudwatch.get_metric_statistics(
            Namespace="DrCatalog",
            MetricName="LaunchRegionAnswers",
            Dimensions=[
                {"Name": "Suffix", "Value": launched.suffix},
                {"Name": "From", "Value": region},
            ],
            StartTime=now - timedelta(minutes=2),
            EndTime=now + timedelta(minutes=1),
            Period=60,
            Statistics=["Minimum"],
        )["Datapoints"]
        assert {each["Minimum"] for each in found} == {1}


def test_one_vote_alone_starts_nothing_and_probes_that_lie_do_no_harm(
    launched: Launch, executions: Callable[[], list[dict[str, Any]]]
) -> None:
    vote(launched, after=0, inside=1, outside=0, witness=1)
    assert until(lambda: state(launched, "launch-silent-outside") == "ALARM" or None)
    assert state(launched, "launch-silent-inside") == "OK"
    assert state(launched, "launch-region-down") == "OK"
    assert executions() == []

    # The launch region is cut off and the peer's probe lies: the witness still sees it.
    vote(launched, after=MINUTES + 1, inside=0, outside=0, witness=1)
    assert until(lambda: state(launched, "launch-silent-inside") == "ALARM" or None)
    assert state(launched, "launch-silent-outside") == "ALARM"
    assert state(launched, "launch-silent-witness") == "OK"
    assert state(launched, "launch-region-down") == "OK"
    assert executions() == []

    # All say so, and still the region answers: the run looks for itself, and ends before anything.
    vote(launched, after=2 * (MINUTES + 1), inside=0, outside=0, witness=0)
    (run,) = until(executions)
    states = launched.client("stepfunctions", PEER)

    def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = states.describe_execution(executionArn=run["executionArn"])
        return found if found["status"] in ENDED else None

    end = until(ended)
    assert json.loads(end["input"])["requestedBy"] == "detection"
    assert end["status"] == "FAILED"
    assert end["error"] == "Aborted"
    assert f"{REGION} answers" in end["cause"]
    table = launched.told("recovery", PEER)["state-table"]
    left = launched.client("dynamodb", PEER).scan(TableName=table)["Items"]
    kept = {each["id"]["S"] for each in left}
    assert f"run#{run['name']}" in kept
    assert not kept & {"lock", "writer"}


def test_the_machine_goes_through_a_drill_over_the_real_function(
    launched: Launch, executions: Callable[[], list[dict[str, Any]]]
) -> None:
    states = launched.client("stepfunctions", PEER)
    started = states.start_execution(
        stateMachineArn=launched.told("recovery", PEER)["state-machine-arn"],
        name=f"drill-{time.time_ns()}",
        input=json.dumps({"operation": "drill", "requestedBy": "tests", "moveTraffic": False}),
    )["executionArn"]

    def ended() -> dict[str, Any] | None:
        found: dict[str, Any] = states.describe_execution(executionArn=started)
        return found if found["status"] in ENDED else None

    end = until(ended)
    assert end["status"] == "SUCCEEDED", end.get("cause")


def until(look: Callable[[], Any]) -> Any:
    """What ``look`` finds, given some time: a run goes through its steps."""
    for _ in range(600):
        if seen := look():
            return seen
        time.sleep(0.05)
    raise AssertionError("nothing was found within 30 seconds")
