"""Alarms that data drive, the topics they are told to, and failures that a rule sends there."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from .stack_runner import Runner

REGION = "us-west-2"
TOPIC = {
    "Topic": {
        "Type": "AWS::SNS::Topic",
        "Properties": {"TopicName": "dr-alarms-demo", "Tags": [{"Key": "team", "Value": "a"}]},
    }
}


def alarm(**properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": "dr-lag",
            "Namespace": "AWS/RDS",
            "MetricName": "AuroraGlobalDBReplicationLag",
            "Dimensions": [{"Name": "DBClusterIdentifier", "Value": "dr"}],
            "Statistic": "Maximum",
            "Period": "60",
            "EvaluationPeriods": 1,
            "Threshold": "1000",
            "ComparisonOperator": "GreaterThanThreshold",
            **properties,
        },
    }


@pytest.fixture
def here(account: str, runner: Callable[..., Runner]) -> Runner:
    return runner(account=account, region=REGION)


@pytest.fixture
def api(account: str, client: Callable[..., Any]) -> Callable[[str], Any]:
    return lambda service: client(service, account=account, region=REGION)


@pytest.fixture
def put(api: Callable[[str], Any]) -> Callable[..., None]:
    """``put(value, ahead=, name=, ..)``: a datapoint, some periods of a minute ahead.

    Ahead of the first one: a minute that ends in between moves nothing. An evaluation in the next
    minute sees the same periods, as long as that one has no data.
    """
    first = functools.cache(time.time)

    def make(
        value: float,
        *,
        ahead: int = 0,
        name: str = "AuroraGlobalDBReplicationLag",
        cluster: str = "dr",
        namespace: str = "AWS/RDS",
    ) -> None:
        datum = {
            "MetricName": name,
            "Dimensions": [{"Name": "DBClusterIdentifier", "Value": cluster}],
            "Value": value,
            "Timestamp": datetime.fromtimestamp(first() + 60 * ahead, UTC),
        }
        api("cloudwatch").put_metric_data(Namespace=namespace, MetricData=[datum])

    return make


@pytest.fixture
def state(api: Callable[[str], Any]) -> Callable[[], str]:
    return lambda: described(api)["StateValue"]


def described(api: Callable[[str], Any]) -> Mapping[str, Any]:
    answer = api("cloudwatch").describe_alarms(AlarmNames=["dr-lag"])
    (found,) = answer["MetricAlarms"]
    made: Mapping[str, Any] = found
    return made


def messages(api: Callable[[str], Any], queue: str) -> list[dict[str, Any]]:
    found = api("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    return [json.loads(json.loads(m["Body"])["Message"]) for m in found.get("Messages", [])]


def subscribed(api: Callable[[str], Any]) -> str:
    queue: str = api("sqs").create_queue(QueueName="told")["QueueUrl"]
    attributes = api("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    endpoint = attributes["Attributes"]["QueueArn"]
    TOPIC["Topic"]["Properties"]["Subscription"] = [{"Protocol": "sqs", "Endpoint": endpoint}]
    return queue


def test_an_alarm_goes_there_and_back(
    here: Runner, api: Callable[[str], Any], put: Callable[..., None], state: Callable[[], str]
) -> None:
    queue = subscribed(api)
    actions = {name: [{"Ref": "Topic"}] for name in ("AlarmActions", "OKActions")}
    made = here.create("s", {**TOPIC, "Alarm": alarm(**actions, TreatMissingData="ignore")})
    assert made.status == "CREATE_COMPLETE", made.reasons
    found = described(api)
    assert (found["Period"], found["Threshold"], found["Statistic"]) == (60, 1000.0, "Maximum")
    assert found["Dimensions"] == [{"Name": "DBClusterIdentifier", "Value": "dr"}]
    assert (found["TreatMissingData"], found["StateValue"]) == ("ignore", "INSUFFICIENT_DATA")
    put(5000, cluster="another")
    assert state() == "INSUFFICIENT_DATA"
    put(5000)
    assert state() == "ALARM"
    put(10, ahead=1)
    assert state() == "OK"
    told = messages(api, queue)
    assert [each["NewStateValue"] for each in told] == ["ALARM", "OK"]
    assert told[0]["Region"] == REGION

    changed = alarm(**actions, TreatMissingData="ignore", Threshold=5)
    assert here.update("s", {**TOPIC, "Alarm": changed}).status == "UPDATE_COMPLETE"
    assert (described(api)["Threshold"], state()) == (5.0, "ALARM")
    assert here.delete("s").status == "DELETE_COMPLETE"
    assert api("cloudwatch").describe_alarms()["MetricAlarms"] == []
    assert api("sns").list_topics()["Topics"] == []


@pytest.mark.parametrize(
    ("properties", "values", "expected"),
    [
        ({"EvaluationPeriods": 3, "DatapointsToAlarm": 2}, [5000, 10, 5000], "ALARM"),
        ({"EvaluationPeriods": 3, "DatapointsToAlarm": 2}, [5000, 10, 10], "OK"),
        ({"EvaluationPeriods": 3}, [5000, 10, 5000], "OK"),
        ({"TreatMissingData": "breaching"}, [], "ALARM"),
        ({"TreatMissingData": "notBreaching"}, [], "OK"),
        ({"TreatMissingData": "missing"}, [], "INSUFFICIENT_DATA"),
        ({"EvaluationPeriods": 2, "TreatMissingData": "breaching"}, [None, 10], "OK"),
        ({"EvaluationPeriods": 2, "TreatMissingData": "notBreaching"}, [None, 5000], "OK"),
        ({"Statistic": "Sum", "Threshold": 1}, [1], "OK"),
    ],
)
def test_what_an_alarm_makes_of_its_data(
    here: Runner,
    put: Callable[..., None],
    state: Callable[[], str],
    properties: dict[str, Any],
    values: list[float | None],
    expected: str,
) -> None:
    made = here.create("s", {"Alarm": alarm(**properties)})
    assert made.status == "CREATE_COMPLETE", made.reasons
    for number, value in enumerate(values, start=1):
        if value is not None:
            put(value, ahead=number - len(values))
    assert state() == expected


def query(name: str, metric: str) -> dict[str, Any]:
    stat = {
        "Metric": {
            "Namespace": "AWS/RDS",
            "MetricName": metric,
            "Dimensions": [{"Name": "DBClusterIdentifier", "Value": "dr"}],
        },
        "Period": 60,
        "Stat": "Sum",
    }
    return {"Id": name, "MetricStat": stat, "ReturnData": False}


def mathematical(expression: str, **properties: Any) -> dict[str, Any]:
    made = alarm(
        Metrics=[
            query("failed", "Failed"),
            query("all", "All"),
            {"Id": "rate", "Expression": expression, "Label": "Rate", "ReturnData": True},
        ],
        Threshold=50,
        **properties,
    )
    for name in ("Namespace", "MetricName", "Dimensions", "Statistic", "Period"):
        del made["Properties"][name]
    return made


@pytest.mark.parametrize(
    ("expression", "failed", "every", "expected"),
    [
        ("100 * failed / all", 6, 10, "ALARM"),
        ("100 * failed / all", 4, 10, "OK"),
        ("100 * failed / all", None, 10, "INSUFFICIENT_DATA"),
        ("100 * FILL(failed, 0) / all", None, 10, "OK"),
        ("IF(failed > 5 AND all < 20, 100, 0)", 6, 10, "ALARM"),
        ("SUM([failed, all])", 50, 1, "ALARM"),
        ("MAX(METRICS())", 50, 51, "ALARM"),
    ],
)
def test_an_alarm_on_metric_math(
    here: Runner,
    api: Callable[[str], Any],
    put: Callable[..., None],
    state: Callable[[], str],
    expression: str,
    failed: float | None,
    every: float,
    expected: str,
) -> None:
    made = here.create("s", {"Alarm": mathematical(expression)})
    assert made.status == "CREATE_COMPLETE", made.reasons
    if failed is not None:
        put(failed, name="Failed")
    put(every, name="All")
    assert state() == expected
    found = described(api)
    assert [each["Id"] for each in found["Metrics"]] == ["failed", "all", "rate"]
    assert "MetricName" not in found


def test_an_alarm_of_alarms_and_a_dashboard(
    here: Runner, api: Callable[[str], Any], put: Callable[..., None]
) -> None:
    widget = {"type": "metric", "properties": {"region": REGION, "metrics": []}}
    resources = {
        "Alarm": alarm(),
        "Both": {
            "Type": "AWS::CloudWatch::CompositeAlarm",
            "DependsOn": "Alarm",
            "Properties": {"AlarmName": "dr-all", "AlarmRule": 'ALARM("dr-lag")'},
        },
        "Board": {
            "Type": "AWS::CloudWatch::Dashboard",
            "Properties": {
                "DashboardName": "dr",
                "DashboardBody": json.dumps({"widgets": [widget]}),
            },
        },
    }
    made = here.create("s", resources)
    assert made.status == "CREATE_COMPLETE", made.reasons
    put(5000)
    answer = api("cloudwatch").describe_alarms(AlarmTypes=["CompositeAlarm"])
    assert [each["StateValue"] for each in answer["CompositeAlarms"]] == ["ALARM"]
    body = api("cloudwatch").get_dashboard(DashboardName="dr")["DashboardBody"]
    assert json.loads(body)["widgets"][0]["properties"]["region"] == REGION
    resources["Both"]["Properties"]["AlarmRule"] = 'OK("dr-lag")'
    assert here.update("s", resources).status == "UPDATE_COMPLETE"
    answer = api("cloudwatch").describe_alarms(AlarmTypes=["CompositeAlarm"])
    assert [each["StateValue"] for each in answer["CompositeAlarms"]] == ["OK"]
    assert here.delete("s").status == "DELETE_COMPLETE"


OTHER = "arn:aws:sns:us-east-1:123456789012:dr-alarms"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (alarm(AlarmActions=[OTHER]), f"Invalid region us-east-1 specified. Only {REGION} is"),
        (alarm(DatapointsToAlarm=2), "DatapointsToAlarm must be at least 1 and at most"),
        (alarm(Period=90), "Period must be 10, 20, 30 or a multiple of 60"),
        (alarm(Period=1800, EvaluationPeriods=49), "checked across more than a day"),
        (alarm(ThresholdMetricId="x"), "Encountered unsupported property ThresholdMetricId"),
        (mathematical("failed / none"), "no metric has the id none"),
        (mathematical("SEARCH('x')"), "unsupported SEARCH"),
    ],
)
def test_what_cloudwatch_refuses(here: Runner, wrong: dict[str, Any], message: str) -> None:
    made = here.create("s", {"Alarm": wrong})
    assert made.status == "ROLLBACK_COMPLETE"
    assert message in made.reasons[-1]


def test_a_state_set_by_hand_stays_until_there_are_data(
    here: Runner, api: Callable[[str], Any], put: Callable[..., None], state: Callable[[], str]
) -> None:
    here.create("s", {"Alarm": alarm()})
    api("cloudwatch").set_alarm_state(AlarmName="dr-lag", StateValue="ALARM", StateReason="drill")
    assert state() == "ALARM"
    put(1)
    assert state() == "OK"


def test_a_topic_with_a_key_and_a_policy_is_told_of_failures(
    here: Runner, api: Callable[[str], Any]
) -> None:
    queue = subscribed(api)
    key = api("kms").create_key()["KeyMetadata"]["KeyId"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": ["cloudwatch.amazonaws.com", "events.amazonaws.com"]},
        "Action": "sns:Publish",
        "Resource": {"Ref": "Topic"},
    }
    topic = json.loads(json.dumps(TOPIC))
    topic["Topic"]["Properties"]["KmsMasterKeyId"] = key
    resources = {
        **topic,
        "Policy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {
                "Topics": [{"Ref": "Topic"}],
                "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
            },
        },
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventPattern": {
                    "source": ["dr.test"],
                    "detail": {"state": ["FAILED", "EXPIRED"]},
                },
                "Targets": [{"Id": "topic", "Arn": {"Ref": "Topic"}}],
            },
        },
    }
    made = here.create("s", resources, Template={"Outputs": {"Arn": {"Value": {"Ref": "Topic"}}}})
    assert made.status == "CREATE_COMPLETE", made.reasons
    attributes = api("sns").get_topic_attributes(TopicArn=made.outputs["Arn"])["Attributes"]
    assert attributes["KmsMasterKeyId"] == key
    assert "events.amazonaws.com" in attributes["Policy"]
    entry = {"Source": "dr.test", "DetailType": "Job"}
    for outcome in ("COMPLETED", "FAILED"):
        api("events").put_events(Entries=[{**entry, "Detail": json.dumps({"state": outcome})}])
    assert [each["detail"]["state"] for each in messages(api, queue)] == ["FAILED"]

    del topic["Topic"]["Properties"]["KmsMasterKeyId"]
    del resources["Policy"]
    assert here.update("s", {**resources, **topic}).status == "UPDATE_COMPLETE"
    attributes = api("sns").get_topic_attributes(TopicArn=made.outputs["Arn"])["Attributes"]
    assert attributes.get("KmsMasterKeyId", "") == ""
    assert "__default_policy_ID" in attributes["Policy"]
    topic["Topic"]["Properties"]["KmsMasterKeyId"] = "none"
    wrong = here.update("s", {**resources, **topic})
    assert wrong.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "Invalid parameter: KmsMasterKeyId" in wrong.reasons[-1]


@pytest.mark.parametrize(
    ("order", "values"),
    [
        ({}, [2, 1]),
        ({"ScanBy": "TimestampDescending"}, [2, 1]),
        ({"ScanBy": "TimestampAscending"}, [1, 2]),
    ],
)
def test_metric_data_come_newest_first_unless_asked_otherwise(
    client: Callable[..., Any], account: str, order: dict[str, str], values: list[float]
) -> None:
    cloudwatch, now = client("cloudwatch", account=account), datetime.now(UTC)
    cloudwatch.put_metric_data(
        Namespace="Order",
        MetricData=[
            {"MetricName": "m", "Timestamp": now - timedelta(minutes=age), "Value": value}
            for age, value in ((4, 1), (2, 2))
        ],
    )
    metric = {"Namespace": "Order", "MetricName": "m"}
    (found,) = cloudwatch.get_metric_data(
        MetricDataQueries=[
            {"Id": "a", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Maximum"}}
        ],
        StartTime=now - timedelta(minutes=9),
        EndTime=now,
        **order,
    )["MetricDataResults"]
    assert found["Values"] == values
    assert sorted(found["Timestamps"], reverse=values == [2, 1]) == found["Timestamps"]
