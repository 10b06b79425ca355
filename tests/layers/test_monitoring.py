"""Seed row "monitoring": a lag alarm where the metric never appears, one region, a region literal."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from dr_catalog.layers.monitoring import Alarm, Thresholds, Watched, alarms
from dr_catalog.layers.monitoring import Role as Side

from .operations import ACCOUNT, PEER, REGION, ROLES, SUFFIX, templates, watched
from .reading import Template, of_type, only, text

HERE, THERE = f"dr-documents-x-{REGION}", f"dr-documents-x-{PEER}"


def rows(side: Side, what: Watched | None = None) -> dict[str, Alarm]:
    here, there = (REGION, PEER) if side == "launch" else (PEER, REGION)
    found = alarms(
        role=side,
        watched=watched("dev", "dr-documents-x", here, there) if what is None else what,
        peer_region=there,
        thresholds=Thresholds(),
    )
    assert len({alarm.name for alarm in found}) == len(found)
    return {alarm.name: alarm for alarm in found}


def metrics(template: Template) -> dict[str, Template]:
    """The dimensions of every alarmed metric."""
    return {
        each["Properties"]["MetricName"]: {
            dimension["Name"]: text(template, dimension["Value"])
            for dimension in each["Properties"]["Dimensions"]
        }
        for each in of_type(template, "AWS::CloudWatch::Alarm")
    }


def test_seed_monitoring_database_lag_is_watched_where_it_appears() -> None:
    lag = {"AuroraGlobalDBReplicationLag", "AuroraGlobalDBRPOLag"}
    found = metrics(templates()["neutral", "peer"])
    for metric in lag:
        assert found[metric].keys() == {"DBClusterIdentifier", "SourceRegion"}
        assert found[metric]["SourceRegion"] == "<PeerRegion>"
    assert not lag & metrics(templates()["neutral", "launch"]).keys()


@pytest.mark.parametrize("role", ROLES)
def test_seed_monitoring_both_regions_have_alarms_a_topic_and_a_dashboard(role: str) -> None:
    template = templates()["neutral", role]
    assert {
        "ReplicationLatency",
        "OperationsFailedReplication",
        "BytesPendingReplication",
        "NumberOfBackupJobsFailed",
        "NumberOfCopyJobsFailed",
        "Errors",
        "Throttles",
        "5XXError",
    } <= metrics(template).keys()
    topic = only(template, "AWS::SNS::Topic")["Properties"]
    assert text(template, topic["TopicName"]) == "dr-alarms-<EnvironmentSuffix>"
    assert "KmsMasterKeyId" in topic
    # A dashboard is the account's, not a region's: two of one name would be one.
    dashboard = _dashboard_of(template)
    assert text(template, dashboard["DashboardName"]) == "dr-<EnvironmentSuffix>-<Region>"


@pytest.mark.parametrize("role", ROLES)
def test_seed_monitoring_names_no_region(role: str) -> None:
    template = json.dumps(templates()["neutral", role])
    assert not re.search(r"(us|eu|ap|sa|ca|af|me|il|mx)-[a-z]+-\d", template)


@pytest.mark.parametrize(
    ("role", "receiving"), [("launch", "<PeerRegion>"), ("peer", "<PeerRegion>")]
)
def test_seed_monitoring_table_latency_is_that_towards_the_other_region(
    role: str, receiving: str
) -> None:
    template = templates()["neutral", role]
    (alarm,) = [
        each["Properties"]
        for each in of_type(template, "AWS::CloudWatch::Alarm")
        if each["Properties"]["Namespace"] == "AWS/DynamoDB"
    ]
    found = {each["Name"]: text(template, each["Value"]) for each in alarm["Dimensions"]}
    assert found == {
        "TableName": "dr-transactions-<EnvironmentSuffix>",
        "ReceivingRegion": receiving,
    }


def test_documents_are_watched_in_the_region_that_publishes_the_metric() -> None:
    """Latency and backlog in the destination's region, failures in the source's."""
    launch, peer = rows("launch"), rows("peer")
    for found, here, there in ((launch, HERE, THERE), (peer, THERE, HERE)):
        inbound = {"SourceBucket": there, "DestinationBucket": here, "RuleId": "to-peer"}
        assert found["documents-latency"].dimensions == inbound
        assert found["documents-pending"].dimensions == inbound
        outbound = {"SourceBucket": here, "DestinationBucket": there, "RuleId": "to-peer"}
        assert found["documents-failed"].dimensions == outbound


def test_the_absence_of_backups_is_an_alarm_where_the_writer_is_launched() -> None:
    for name in ("backup-absent", "copy-absent"):
        alarm = rows("launch")[name]
        assert (alarm.missing, alarm.comparison, alarm.threshold) == (
            "breaching",
            "LessThanThreshold",
            1,
        )
        assert name not in rows("peer")


def test_a_peer_that_is_off_at_rest_sets_off_no_alarm() -> None:
    """Nothing runs there, so neither processor and API nor a secondary without an instance says anything."""
    silent = [
        alarm
        for alarm in rows("peer").values()
        if alarm.namespace in ("AWS/Lambda", "AWS/ApiGateway", "AWS/RDS")
    ]
    assert len(silent) == 5
    assert {alarm.missing for alarm in silent} == {"notBreaching"}


def test_what_a_tier_does_not_have_is_not_watched() -> None:
    assert rows("launch", Watched()) == {}
    assert rows("peer", Watched(table="t")).keys() == {"table-latency"}
    only_functions = Watched(functions={"guard": "dr-delete-guard-dev"})
    assert rows("launch", only_functions).keys() == {"guard-errors", "guard-throttles"}


@pytest.mark.parametrize("side", ROLES)
def test_every_row_says_what_it_means_and_can_be_evaluated(side: Side) -> None:
    for alarm in rows(side).values():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", alarm.name)
        assert 20 < len(alarm.why) <= 1024
        # CloudWatch looks back a day at most, or a week with periods of an hour.
        assert alarm.period * alarm.periods <= (604_800 if alarm.period >= 3600 else 86_400)


@pytest.mark.parametrize("role", ROLES)
def test_an_alarm_tells_the_topic_of_alarm_and_of_ok(role: str) -> None:
    template = templates()["neutral", role]
    topic = next(
        name for name, each in template["Resources"].items() if each["Type"] == "AWS::SNS::Topic"
    )
    for alarm in of_type(template, "AWS::CloudWatch::Alarm"):
        if alarm["Properties"]["Namespace"].startswith("AWS/"):
            assert alarm["Properties"]["AlarmActions"] == [{"Ref": topic}]
            assert alarm["Properties"]["OKActions"] == [{"Ref": topic}]


@pytest.mark.parametrize("role", ROLES)
def test_the_topic_lets_in_alarms_and_rules_over_tls(role: str) -> None:
    template = templates()["neutral", role]
    policy = only(template, "AWS::SNS::TopicPolicy")["Properties"]["PolicyDocument"]
    found = {each["Sid"]: each for each in policy["Statement"]}
    assert found["AlarmsOfThisAccount"]["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert found["AlarmsOfThisAccount"]["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    }
    assert found["Rules"]["Principal"] == {"Service": "events.amazonaws.com"}
    assert "Condition" not in found["Rules"]  # EventBridge gives a topic nothing to hold against it
    assert found["OnlyTls"]["Effect"] == "Deny"


@pytest.mark.parametrize(("role", "region"), [("launch", REGION), ("peer", PEER)])
def test_the_dashboard_shows_every_alarm_and_its_limit(role: Side, region: str) -> None:
    template = templates()["literal", role]
    widgets = _dashboard(template)["widgets"]
    graphs = {
        each["properties"]["title"].split(" (")[0]: each["properties"]
        for each in widgets
        if each["type"] == "metric"
    }
    expected = alarms(
        role=role,
        watched=watched(SUFFIX, f"dr-documents-{SUFFIX}-{ACCOUNT}", region, _other(region)),
        peer_region=_other(region),
        thresholds=Thresholds(),
    )
    assert list(graphs) == [alarm.name for alarm in expected]
    for alarm in expected:
        graph = graphs[alarm.name]
        (metric,) = graph["metrics"]
        dimensions = [part for pair in alarm.dimensions.items() for part in pair]
        assert metric == [alarm.namespace, alarm.metric, *dimensions]
        assert graph["region"] == region
        assert graph["annotations"]["horizontal"][0]["value"] == alarm.threshold
    (status,) = [each for each in widgets if each["type"] == "alarm"]
    assert len(status["properties"]["alarms"]) == len(expected)


@pytest.mark.parametrize("role", ROLES)
def test_widgets_stand_side_by_side_and_never_on_each_other(role: str) -> None:
    taken: set[tuple[int, int]] = set()
    for each in _dashboard(templates()["literal", role])["widgets"]:
        cells = {
            (x, y)
            for x in range(each["x"], each["x"] + each["width"])
            for y in range(each["y"], each["y"] + each["height"])
        }
        assert not taken & cells
        assert max(x for x, _ in cells) < 24
        taken |= cells


def _other(region: str) -> str:
    return PEER if region == REGION else REGION


def _dashboard(template: Template) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(text(template, _dashboard_of(template)["DashboardBody"]))
    return body


def _dashboard_of(template: Template) -> dict[str, Any]:
    """The monitoring's own; recovery has another."""
    (made,) = (
        each["Properties"]
        for name, each in template["Resources"].items()
        if each["Type"] == "AWS::CloudWatch::Dashboard" and name.startswith("Monitoring")
    )
    return made
