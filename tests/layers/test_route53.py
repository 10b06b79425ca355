"""Seed row "Route 53": an A record of a URL, no health check attached, an invented zone."""

from __future__ import annotations

import aws_cdk as cdk
import pytest

from dr_catalog.layers.route53 import DnsRecords, RegionalEndpoint, serving_alarm

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
    assert record["Failover"] == failover
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
    stack = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "weighted")
    _dns(stack, weights=(3, 1))
    found = records(cdk.assertions.Template.from_stack(stack).to_json())
    assert {region: record["Weight"] for region, record in found.items()} == {REGION: 3, PEER: 1}
    assert not [record for record in found.values() if "Failover" in record]
    assert all("HealthCheckId" in record for record in found.values())


def test_a_weight_of_zero_is_refused() -> None:
    """Such a record answers only when every other is unhealthy, which is failover by accident."""
    stack = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "zero")
    with pytest.raises(ValueError, match="1 or more"):
        _dns(stack, weights=(1, 0))


def test_the_control_metric_is_published_every_minute_in_the_peer() -> None:
    template = templates()["neutral", "peer"]
    (rule,) = [
        each["Properties"]
        for each in of_type(template, "AWS::Events::Rule")
        if "ScheduleExpression" in each["Properties"]
    ]
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    (target,) = rule["Targets"]
    function = template["Resources"][target["Arn"]["Fn::GetAtt"][0]]["Properties"]
    variables = function["Environment"]["Variables"]
    assert text(template, variables["REGIONS"]) == "<PeerRegion>,<Region>"
    (permission,) = of_type(template, "AWS::Lambda::Permission")
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


def _dns(stack: cdk.Stack, *, weights: tuple[int, int]) -> DnsRecords:
    return DnsRecords(
        stack,
        "Dns",
        suffix="dev",
        zone_id="Z1",
        zone_name="example.com",
        launch=RegionalEndpoint(REGION, "d-1.example.com", "Z2"),
        peer=RegionalEndpoint(PEER, "d-2.example.com", "Z3"),
        weights=weights,
    )
