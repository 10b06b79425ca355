"""Seed row "Route 53": an A record of a URL, no health check attached, an invented zone."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import aws_kms as kms

from dr_catalog.layers.route53 import ControlMetric, serving_alarm

from .operations import PEER, REGION, ROLES, templates
from .reading import Template, of_type, only, resources, statements, text

NAME = "<EnvironmentSuffix>.<ZoneName>"


def records(template: Template) -> dict[str, Template]:
    """The records by their set identifier."""
    return {
        text(template, each["Properties"]["SetIdentifier"]): each["Properties"]
        for each in of_type(template, "AWS::Route53::RecordSet")
    }


def test_seed_route53_records_are_aliases_of_each_regions_api_domain() -> None:
    template = templates()["neutral", "launch"]
    found = records(template)
    assert set(found) == {"<Region>", "<PeerRegion>"}
    for record in found.values():
        assert (record["Type"], text(template, record["Name"])) == ("A", NAME)
        assert not {"ResourceRecords", "TTL"} & set(record)  # an alias has its target's: 60 s
    targets = {region: record["AliasTarget"] for region, record in found.items()}
    here, there = targets["<Region>"], targets["<PeerRegion>"]
    assert text(template, here["DNSName"]) == "<DomainName.RegionalDomainName>"
    assert text(template, here["HostedZoneId"]) == "<DomainName.RegionalHostedZoneId>"
    assert (there["DNSName"], there["HostedZoneId"]) == (
        {"Ref": "PeerDomain"},
        {"Ref": "PeerDomainZone"},
    )


@pytest.mark.parametrize(
    ("region", "failover"), [("<Region>", "PRIMARY"), ("<PeerRegion>", "SECONDARY")]
)
def test_seed_route53_each_record_follows_a_health_check_on_the_control_metric(
    region: str, failover: str
) -> None:
    template = templates()["neutral", "launch"]
    record = records(template)[region]
    assert chosen(template, record["Failover"], peer_weight="0") == failover
    assert chosen(template, record["Weight"], peer_weight="0") is None
    check_id = record["HealthCheckId"]["Fn::GetAtt"][0]
    check = template["Resources"][check_id]["Properties"]["HealthCheckConfig"]
    assert check["Type"] == "CLOUDWATCH_METRIC"
    assert check["InsufficientDataHealthStatus"] == "LastKnownStatus"
    alarm = check["AlarmIdentifier"]
    assert text(template, alarm["Name"]) == f"dr-serving-<EnvironmentSuffix>-{region}"
    assert alarm["Region"] == {"Ref": "PeerRegion"}  # both alarms stand in the peer
    # A probe of the endpoint must not move traffic.
    assert record["AliasTarget"]["EvaluateTargetHealth"] is False


def test_seed_route53_the_alarms_of_the_health_checks_are_in_the_peer() -> None:
    launch, peer = templates()["literal", "launch"], templates()["literal", "peer"]
    wanted = {
        each["Properties"]["HealthCheckConfig"]["AlarmIdentifier"]["Name"]
        for each in of_type(launch, "AWS::Route53::HealthCheck")
    }
    made = {each["Properties"]["AlarmName"] for each in of_type(peer, "AWS::CloudWatch::Alarm")}
    assert wanted == {f"dr-serving-dev-1-{region}" for region in (REGION, PEER)}
    assert wanted <= made


def test_a_health_check_can_read_its_alarm() -> None:
    """Route 53 reads one metric of one period: no M-of-N, no metric math, no percentile."""
    template = templates()["neutral", "peer"]
    alarms = [
        each["Properties"]
        for each in of_type(template, "AWS::CloudWatch::Alarm")
        if text(template, each["Properties"]["AlarmName"]).startswith("dr-serving-")
    ]
    assert len(alarms) == 2
    for alarm in alarms:
        assert (alarm["Period"], alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"]) == (
            60,
            1,
            1,
        )
        assert not {"Metrics", "ExtendedStatistic"} & set(alarm)
        assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
        assert not alarm["AlarmActions"]


def test_the_zone_is_the_callers_and_without_one_nothing_is_made() -> None:
    """Seed row "Route 53": the zone was invented."""
    for role, kept in (
        ("launch", {"AWS::SSM::Parameter"}),
        ("peer", {"AWS::SSM::Parameter"}),
    ):
        template = templates()["neutral", role]
        for name, resource in template["Resources"].items():
            if not name.startswith(("Domain", "Dns", "Control")):
                continue
            condition = template["Conditions"].get(resource.get("Condition"))
            if resource["Type"] in kept and not name.startswith("Control"):
                assert "Fn::If" in str(resource["Properties"]["Value"])
            else:
                assert condition == {"Fn::Not": [{"Fn::Equals": [{"Ref": "ZoneId"}, ""]}]}, (
                    f"{name} is made without a zone"
                )
        assert not of_type(template, "AWS::Route53::HostedZone")


@pytest.mark.parametrize("role", ROLES)
def test_each_region_has_the_same_domain_with_a_certificate_of_its_own(role: str) -> None:
    template = templates()["neutral", role]
    certificate = only(template, "AWS::CertificateManager::Certificate")["Properties"]
    assert (certificate["ValidationMethod"], text(template, certificate["DomainName"])) == (
        "DNS",
        NAME,
    )
    (validation,) = certificate["DomainValidationOptions"]
    assert validation["HostedZoneId"] == {"Ref": "ZoneId"}
    domain = only(template, "AWS::ApiGateway::DomainName")["Properties"]
    assert text(template, domain["DomainName"]) == NAME
    assert domain["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
    assert domain["SecurityPolicy"] == "TLS_1_2"
    assert text(template, domain["RegionalCertificateArn"]) == "<Certificate>"
    mapping = only(template, "AWS::ApiGateway::BasePathMapping")["Properties"]
    assert (mapping["RestApiId"], mapping["Stage"]) == ("abcdef1234", "live")


def test_weights_are_an_alternative_to_failover() -> None:
    template = templates()["neutral", "launch"]
    for region, weight in (("<Region>", "100"), ("<PeerRegion>", {"Ref": "PeerWeight"})):
        record = records(template)[region]
        assert chosen(template, record["Weight"], peer_weight="25") == weight
        assert chosen(template, record["Failover"], peer_weight="25") is None
        assert "HealthCheckId" in record


def test_the_regions_that_serve_at_first_can_be_several() -> None:
    """Weighted records answer in both regions, so both must serve."""
    template = templates()["neutral", "peer"]
    (parameter,) = [
        each["Properties"]
        for each in of_type(template, "AWS::SSM::Parameter")
        if text(template, each["Properties"]["Name"]).endswith("/serving-region")
    ]
    assert parameter["Value"] == {"Ref": "PeerRegion"}  # by default the launch region alone
    app = cdk.App(builtin_cloud_formation_validation=False)
    stack = cdk.Stack(app, "weighted", env=cdk.Environment(region=PEER))
    control = ControlMetric(
        stack,
        "Control",
        suffix="dev",
        key=kms.Key.from_key_arn(stack, "Key", f"arn:aws:kms:{PEER}:111111111111:key/mrk-1"),
        launch_region=REGION,
        zone_id="Z1",
        serving=f"{REGION},{PEER}",
    )
    made = cdk.assertions.Template.from_stack(stack).to_json()
    values = {
        each["Properties"]["Name"]: each["Properties"]["Value"]
        for each in of_type(made, "AWS::SSM::Parameter")
    }
    assert values[control.parameter] == f"{REGION},{PEER}"


def test_the_control_metric_is_published_every_minute_in_the_peer() -> None:
    template = templates()["neutral", "peer"]
    (rule,) = [
        each["Properties"]
        for each in of_type(template, "AWS::Events::Rule")
        if "control-metric" in text(template, each["Properties"]["Name"])
    ]
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    (target,) = rule["Targets"]
    function = template["Resources"][target["Arn"]["Fn::GetAtt"][0]]["Properties"]
    variables = function["Environment"]["Variables"]
    assert text(template, variables["REGIONS"]) == "<PeerRegion>,<Region>"
    (permission,) = (
        each
        for name, each in template["Resources"].items()
        if each["Type"] == "AWS::Lambda::Permission" and name.startswith("Control")
    )
    assert permission["Properties"]["Principal"] == "events.amazonaws.com"
    parameter = template["Resources"][
        next(name for name in template["Resources"] if name.startswith("ControlServingRegion"))
    ]["Properties"]
    assert text(template, parameter["Name"]) == text(template, variables["PARAMETER"])
    assert text(template, parameter["Name"]) == "/dr/<EnvironmentSuffix>/route53/serving-region"
    assert parameter["Value"] == {"Ref": "PeerRegion"}  # the launch region serves at first
    (alarm,) = [
        each["Properties"]
        for each in of_type(template, "AWS::CloudWatch::Alarm")
        if text(template, each["Properties"]["AlarmName"])
        == "dr-serving-<EnvironmentSuffix>-<PeerRegion>"
    ]
    assert (variables["NAMESPACE"], variables["METRIC"]) == (
        alarm["Namespace"],
        alarm["MetricName"],
    )


def test_the_publisher_may_read_its_parameter_and_publish_into_its_namespace() -> None:
    template = templates()["neutral", "peer"]
    found = {each["Sid"]: each for each in statements(template, "ControlPublisherPolicy")}
    assert set(found) == {"Log", "Trace", "ReadServingRegion", "Publish"}
    assert resources(template, found["ReadServingRegion"]) == [
        "arn:<Partition>:ssm:<Region>:<AccountId>:parameter"
        "/dr/<EnvironmentSuffix>/route53/serving-region"
    ]
    assert found["Publish"]["Condition"] == {"StringEquals": {"cloudwatch:namespace": "DrCatalog"}}


def test_the_silence_of_the_control_metric_is_told() -> None:
    template = templates()["neutral", "peer"]
    (silence,) = [
        each["Properties"]
        for each in of_type(template, "AWS::CloudWatch::Alarm")
        if "control-metric-silent" in text(template, each["Properties"]["AlarmName"])
    ]
    assert (silence["Statistic"], silence["TreatMissingData"]) == ("SampleCount", "breaching")
    assert len(silence["AlarmActions"]) == 1


def test_the_serving_alarm_is_a_switch_of_its_region() -> None:
    alarm = serving_alarm("serving-peer", suffix="dev", region=PEER)
    assert alarm.dimensions == {"Suffix": "dev", "Region": PEER}
    assert alarm.missing == "ignore"


def chosen(template: Template, value: object, *, peer_weight: str) -> object:
    """What a property is with this weight; None where it is left out."""
    assert isinstance(value, dict)
    condition, yes, no = value["Fn::If"]
    assert template["Conditions"][condition] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "PeerWeight"}, "0"]}]
    }
    found: object = no if peer_weight == "0" else yes
    return None if found == {"Ref": "AWS::NoValue"} else found
