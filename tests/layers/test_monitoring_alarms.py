"""Every alarm on the embedded AWS: its own metric puts it into ALARM, and back, and the topic is told."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from dr_catalog import names
from dr_catalog.layers.monitoring import Alarm, Thresholds, alarms
from dr_catalog.layers.monitoring import Role as Side
from dr_catalog.layers.recovery import DOWN, task_errors, votes, witness_vote
from dr_catalog.layers.route53 import serving_alarm

from . import operations
from .operations import ACCOUNT, PEER, REGION, SUFFIX, watched
from .reading import Template, of_type, text

TYPES = {
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::SNS::Topic",
    "AWS::SNS::TopicPolicy",
}
DETECTION = 3
"""Minutes, in the template that is deployed here."""
PLACES: dict[Side, str] = {"launch": REGION, "peer": PEER}


def rows(side: Side) -> tuple[Alarm, ...]:
    here, there = (REGION, PEER) if side == "launch" else (PEER, REGION)
    return alarms(
        role=side,
        watched=watched(SUFFIX, f"dr-documents-{SUFFIX}-{ACCOUNT}", here, there),
        peer_region=there,
        thresholds=Thresholds(),
    )


@dataclass(frozen=True)
class Place:
    """One region with the alarms deployed."""

    cloudwatch: Any
    queue: Callable[[], list[dict[str, Any]]]

    def put(self, alarm: Alarm, value: float, periods: Sequence[int]) -> None:
        """One value in each of these periods, 0 being the current one."""
        begin = time.time() // alarm.period * alarm.period
        self.cloudwatch.put_metric_data(
            Namespace=alarm.namespace,
            MetricData=[
                {
                    "MetricName": alarm.metric,
                    "Dimensions": [
                        {"Name": name, "Value": what} for name, what in alarm.dimensions.items()
                    ],
                    "Timestamp": begin + number * alarm.period,
                    "Value": value,
                }
                for number in periods
            ],
        )

    def state(self, alarm_name: str) -> str:
        answer = self.cloudwatch.describe_alarms(
            AlarmNames=[alarm_name], AlarmTypes=["CompositeAlarm", "MetricAlarm"]
        )
        (found,) = [*answer["CompositeAlarms"], *answer["MetricAlarms"]]
        return str(found["StateValue"])


@pytest.fixture(scope="module")
def sides(client: Callable[..., Any], runner: Callable[..., Any]) -> dict[Side, Place]:
    """Both regions, their alarms deployed from the layers' own templates."""
    return {side: _deploy(side, client, runner) for side in PLACES}


def _deploy(side: Side, client: Callable[..., Any], runner: Callable[..., Any]) -> Place:
    def api(service: str) -> Any:
        return client(service, account=ACCOUNT, region=PLACES[side])

    template = operations.templates()["literal", side]
    resources = {
        name: copy.deepcopy(resource)
        for name, resource in template["Resources"].items()
        if resource["Type"] in TYPES
    }
    key = api("kms").create_key()["KeyMetadata"]["Arn"]
    queue = api("sqs").create_queue(QueueName="told")["QueueUrl"]
    attributes = api("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    subscription = {"Protocol": "sqs", "Endpoint": attributes["Attributes"]["QueueArn"]}
    for resource in resources.values():
        if resource["Type"] == "AWS::SNS::Topic":
            resource["Properties"]["KmsMasterKeyId"] = key
            resource["Properties"]["Subscription"] = [subscription]
    result = runner(account=ACCOUNT, region=PLACES[side]).create(
        f"dr-{side}", resources, Template={"Conditions": template["Conditions"]}
    )
    assert result.status == "CREATE_COMPLETE", result.reasons

    def told() -> list[dict[str, Any]]:
        found = api("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        return [json.loads(each["Body"]) for each in found.get("Messages", [])]

    return Place(api("cloudwatch"), told)


def _bad(alarm: Alarm) -> float:
    return {
        "GreaterThanThreshold": alarm.threshold * 1.01,
        "GreaterThanOrEqualToThreshold": alarm.threshold,
        "LessThanThreshold": alarm.threshold - 1,
    }[alarm.comparison]


def _good(alarm: Alarm) -> float:
    """Good, but only just."""
    if alarm.comparison == "GreaterThanOrEqualToThreshold":
        return alarm.threshold - 1
    return alarm.threshold


def _cases(*, breaching: bool) -> list[Any]:
    return [
        pytest.param(side, alarm, id=f"{side}-{alarm.name}")
        for side in PLACES
        for alarm in rows(side)
        if (alarm.missing == "breaching") is breaching
    ]


SWITCHED = {
    names.alarm(suffix=SUFFIX, name="control-metric-silent"),
    *(names.SERVING_ALARM.of(suffix=SUFFIX, region=region) for region in (REGION, PEER)),
}
"""What a switch of the serving region drives, below."""
VOTED = {
    names.alarm(suffix=SUFFIX, name=name)
    for name in (
        *("launch-silent-outside", "launch-silent-inside", "launch-silent-witness", "probe-silent"),
        "recovery-errors",
    )
}
"""What recovery adds, driven below."""


@pytest.mark.parametrize("side", PLACES)
def test_every_alarm_of_the_tier_is_driven(templates: dict[str, Template], side: Side) -> None:
    """Each alarm that is added to a template must be added to what the tests of this module drive."""
    template = templates["primary" if side == "launch" else "workload"]
    assert not of_type(templates["foundation"], "AWS::CloudWatch::Alarm")
    composites = of_type(template, "AWS::CloudWatch::CompositeAlarm")
    assert len(composites) == (1 if side == "peer" else 0)  # launch-region-down, driven below
    other = "<PeerRegion>" if side == "launch" else "<LaunchRegion>"
    known = {"<EnvironmentSuffix>": SUFFIX, "<AccountId>": ACCOUNT, "<Stage>": "live"}
    here, there = (REGION, PEER) if side == "launch" else (PEER, REGION)
    known |= {"<Region>": here, other: there, "<WitnessRegion>": operations.WITNESS}

    def literal(value: Any) -> str:
        found = text(template, value)
        for token, replacement in known.items():
            found = found.replace(token, replacement)
        return found.replace("<Function>", f"dr-processor-{SUFFIX}")

    made = {
        literal(each["Properties"]["AlarmName"]): _settings(each["Properties"], literal)
        for each in of_type(template, "AWS::CloudWatch::Alarm")
    }
    deployed = operations.templates()["literal", side]
    driven = {names.alarm(suffix=SUFFIX, name=alarm.name) for alarm in rows(side)}
    if side == "peer":
        driven |= SWITCHED | VOTED
    assert set(made) == driven
    # And with the settings with which it is driven.
    assert made == {
        text(deployed, each["Properties"]["AlarmName"]): _settings(
            each["Properties"], lambda value: text(deployed, value)
        )
        for each in of_type(deployed, "AWS::CloudWatch::Alarm")
    }


def _settings(alarm: dict[str, Any], literal: Callable[[Any], str]) -> dict[str, Any]:
    """What decides about an alarm's state."""
    told = ("AlarmName", "AlarmDescription", "AlarmActions", "OKActions", "Tags", "Dimensions")
    return {
        **{
            name: DETECTION if value == {"Ref": "DetectionMinutes"} else value
            for name, value in alarm.items()
            if name not in told
        },
        "Dimensions": {each["Name"]: literal(each["Value"]) for each in alarm["Dimensions"]},
    }


@pytest.mark.parametrize(("side", "alarm"), _cases(breaching=False))
def test_too_much_for_long_enough_is_an_alarm_and_one_good_period_ends_it(
    sides: dict[Side, Place], side: Side, alarm: Alarm
) -> None:
    here, name = sides[side], names.alarm(suffix=SUFFIX, name=alarm.name)
    assert here.state(name) == "OK"  # no data are no fault
    here.put(alarm, _bad(alarm), range(2 - alarm.periods, 1))
    assert here.state(name) == "OK"  # not long enough
    here.put(alarm, _bad(alarm), [1])
    assert here.state(name) == "ALARM"
    here.put(alarm, _good(alarm), [2])
    assert here.state(name) == "OK"


@pytest.mark.parametrize(("side", "alarm"), _cases(breaching=True))
def test_what_never_came_is_an_alarm_until_it_comes(
    sides: dict[Side, Place], side: Side, alarm: Alarm
) -> None:
    here, name = sides[side], names.alarm(suffix=SUFFIX, name=alarm.name)
    assert here.state(name) == "ALARM"
    here.put(alarm, _good(alarm), [1 - alarm.periods])
    assert here.state(name) == "OK"  # late, but within the hours that are given
    here.put(alarm, _bad(alarm), [1])
    assert here.state(name) == "ALARM"


def test_the_topic_is_told_of_alarm_and_of_ok(sides: dict[Side, Place]) -> None:
    (alarm,) = (each for each in rows("launch") if each.name == "api-server-errors")
    here, name = sides["launch"], names.alarm(suffix=SUFFIX, name=alarm.name)
    while here.queue():
        pass
    here.put(alarm, _bad(alarm), [3])
    here.put(alarm, _good(alarm), [4])
    told = [json.loads(each["Message"]) for each in here.queue()]
    states = [each["NewStateValue"] for each in told if each["AlarmName"] == name]
    assert states == ["ALARM", "OK"]
    assert told[0]["AlarmDescription"] == alarm.why


def test_a_switch_of_the_serving_region_switches_both_alarms(sides: dict[Side, Place]) -> None:
    here = sides["peer"]
    alarmed = set()
    silence = names.alarm(suffix=SUFFIX, name="control-metric-silent")
    assert here.state(silence) == "ALARM"  # nothing was ever published
    for moment, serving in enumerate((REGION, PEER, REGION)):
        for region in (REGION, PEER):
            alarm = serving_alarm("serving", suffix=SUFFIX, region=region)
            here.put(alarm, int(region == serving), [moment])
        states = {
            region: here.state(names.SERVING_ALARM.of(suffix=SUFFIX, region=region))
            for region in (REGION, PEER)
        }
        other = PEER if serving == REGION else REGION
        assert states == {serving: "OK", other: "ALARM"}
        alarmed.add(names.SERVING_ALARM.of(suffix=SUFFIX, region=other))
    assert here.state(silence) == "OK"
    assert alarmed | {silence} == SWITCHED
    assert (
        not [  # a switch is no fault
            each
            for each in here.queue()
            if "dr-serving-" in json.loads(each["Message"])["AlarmName"]
        ]
    )


def test_both_votes_make_the_launch_region_down_and_either_ends_it(
    sides: dict[Side, Place],
) -> None:
    here = sides["peer"]
    outside, inside, silent = votes(
        suffix=SUFFIX, launch_region=REGION, peer_region=PEER, minutes=DETECTION
    )

    def states() -> list[str]:
        found = (outside.name, inside.name, silent.name, DOWN)
        return [here.state(names.alarm(suffix=SUFFIX, name=name)) for name in found]

    assert states() == ["OK", "ALARM", "ALARM", "OK"]  # nobody votes: that is told, and no more
    here.put(outside, 0, range(2 - DETECTION, 1))
    assert states() == ["OK", "ALARM", "OK", "OK"]  # not long enough
    here.put(outside, 0, [1])
    assert states() == ["ALARM", "ALARM", "OK", "ALARM"]  # the launch region's own is silent
    here.put(inside, 1, [1])
    assert states() == ["ALARM", "OK", "OK", "OK"]  # it says that it is there
    here.put(inside, 0, range(2, 2 + DETECTION))
    here.put(outside, 0, range(2, 2 + DETECTION))
    assert states() == ["ALARM", "ALARM", "OK", "ALARM"]
    here.put(outside, 1, [2 + DETECTION])
    assert states() == ["OK", "ALARM", "OK", "OK"]

    # A witness that gets an answer outvotes them, and one that gets none, or is silent, does not.
    third = witness_vote(suffix=SUFFIX, witness_region=operations.WITNESS, minutes=DETECTION)
    later = range(3 + DETECTION, 3 + 2 * DETECTION)
    for vote, value in ((outside, 0), (inside, 0), (third, 1)):
        here.put(vote, value, later)
    assert here.state(names.alarm(suffix=SUFFIX, name=third.name)) == "OK"
    assert states() == ["ALARM", "ALARM", "OK", "OK"]
    here.put(third, 0, range(later.stop, later.stop + DETECTION))
    assert states()[-1] == "ALARM"

    errors, name = task_errors(suffix=SUFFIX), names.alarm(suffix=SUFFIX, name="recovery-errors")
    assert here.state(name) == "OK"
    here.put(errors, 1, [1])
    assert here.state(name) == "ALARM"


def test_the_dashboard_is_one_that_can_be_drawn(sides: dict[Side, Place]) -> None:
    for side, region in PLACES.items():
        name = names.DASHBOARD.of(suffix=SUFFIX, region=region)
        body = json.loads(sides[side].cloudwatch.get_dashboard(DashboardName=name)["DashboardBody"])
        shown = [each for each in body["widgets"] if each["type"] == "metric"]
        assert len(shown) == len(rows(side))
        (status,) = [each for each in body["widgets"] if each["type"] == "alarm"]
        existing = {
            each["AlarmArn"] for each in sides[side].cloudwatch.describe_alarms()["MetricAlarms"]
        }
        assert set(status["properties"]["alarms"]) <= existing
