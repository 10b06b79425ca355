"""DNS that follows the control metric: records, their health, certificates and custom domains."""

from __future__ import annotations

import io
import json
import time
import urllib.error
import urllib.request
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

import dr_catalog
from tests.layers.operations import templates

from .stack_runner import Runner

HERE, THERE = "eu-west-1", "eu-north-1"
Resources = dict[str, Any]


@dataclass(frozen=True)
class World:
    """An account of the test's own with a zone, ``<account>.example.com``.

    Args:
        account: The account.
        zone: The zone's name.
        zone_id: Its id.
        client: ``client(service, account=, region=)``.
        runner: ``runner(account=, region=)``.
    """

    account: str
    zone: str
    zone_id: str
    client: Callable[..., Any]
    runner: Callable[..., Runner]

    @property
    def name(self) -> str:
        return f"dev-1.{self.zone}"

    def api(self, service: str, region: str = HERE) -> Any:
        return self.client(service, account=self.account, region=region)

    def stacks(self, region: str = HERE) -> Runner:
        return self.runner(account=self.account, region=region)

    def records(self) -> list[dict[str, Any]]:
        """The zone's records without its own."""
        found = self.api("route53").list_resource_record_sets(HostedZoneId=self.zone_id)
        own = ("NS", "SOA")
        return [each for each in found["ResourceRecordSets"] if each["Type"] not in own]

    def answer(self, name: str = "", kind: str = "A") -> dict[str, Any]:
        answer: dict[str, Any] = self.api("route53").test_dns_answer(
            HostedZoneId=self.zone_id, RecordName=name or self.name, RecordType=kind
        )
        return answer

    def change(self, action: str, *records: Mapping[str, Any]) -> None:
        """Change records, of the zone's ``dev-1`` unless they say otherwise."""
        changes = [
            {"Action": action, "ResourceRecordSet": {"Name": self.name, "Type": "A", **each}}
            for each in records
        ]
        self.api("route53").change_resource_record_sets(
            HostedZoneId=self.zone_id, ChangeBatch={"Changes": changes}
        )

    def alarm(self, region: str, **settings: Any) -> str:
        """The alarm of a region's control metric, in the peer; its name."""
        name = f"dr-serving-{region}"
        self.api("cloudwatch", THERE).put_metric_alarm(
            **{
                "AlarmName": name,
                "Namespace": "DrCatalog",
                "MetricName": "Serving",
                "Dimensions": [{"Name": "Region", "Value": region}],
                "Statistic": "Minimum",
                "Period": 60,
                "EvaluationPeriods": 1,
                "Threshold": 1,
                "ComparisonOperator": "LessThanThreshold",
                "TreatMissingData": "ignore",
                **settings,
            }
        )
        return name

    def check(self, region: str, **settings: Any) -> str:
        """A health check on the alarm of a region's control metric; its id."""
        config = {
            "Type": "CLOUDWATCH_METRIC",
            "AlarmIdentifier": {"Name": f"dr-serving-{region}", "Region": THERE},
            "InsufficientDataHealthStatus": "LastKnownStatus",
            **settings,
        }
        reference = f"{region}-{time.monotonic_ns()}"
        answer = self.api("route53").create_health_check(
            CallerReference=reference, HealthCheckConfig=config
        )
        check_id: str = answer["HealthCheck"]["Id"]
        return check_id

    def publish(self, *, ahead: int, suffix: str = "", **serving: int) -> None:
        """The control metric, minutes ahead of now: ``here`` and ``there`` are 1 or 0."""
        more = [{"Name": "Suffix", "Value": suffix}] if suffix else []
        data = [
            {
                "MetricName": "Serving",
                "Dimensions": [*more, {"Name": "Region", "Value": region}],
                "Value": serving[word],
                "Timestamp": datetime.fromtimestamp(time.time() + 60 * ahead, UTC),
            }
            for word, region in (("here", HERE), ("there", THERE))
            if word in serving
        ]
        self.api("cloudwatch", THERE).put_metric_data(Namespace="DrCatalog", MetricData=data)


@pytest.fixture
def world(account: str, client: Callable[..., Any], runner: Callable[..., Runner]) -> World:
    zone = f"{account}.example.com"
    made = client("route53", account=account).create_hosted_zone(Name=zone, CallerReference=account)
    zone_id = made["HostedZone"]["Id"].rpartition("/")[2]
    return World(account, zone, zone_id, client, runner)


def plain(value: str, **more: Any) -> dict[str, Any]:
    return {"TTL": 60, "ResourceRecords": [{"Value": value}], **more}


def failed(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    told = error.value.response["Error"]
    return told["Code"], told["Message"]


# --- What a launch makes, taken from the layers' own templates ---

API: Resources = {
    "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "transactions"}},
    "Get": {
        "Type": "AWS::ApiGateway::Method",
        "Properties": {
            "RestApiId": {"Ref": "Api"},
            "ResourceId": {"Fn::GetAtt": ["Api", "RootResourceId"]},
            "HttpMethod": "GET",
            "AuthorizationType": "NONE",
            "MethodResponses": [{"StatusCode": "200"}],
            "Integration": {
                "Type": "MOCK",
                "RequestTemplates": {"application/json": '{"statusCode": 200}'},
                "IntegrationResponses": [
                    {
                        "StatusCode": "200",
                        "ResponseTemplates": {
                            "application/json": {"Fn::Sub": '{"region": "${AWS::Region}"}'}
                        },
                    }
                ],
            },
        },
    },
    "Deployment": {
        "Type": "AWS::ApiGateway::Deployment",
        "DependsOn": "Get",
        "Properties": {"RestApiId": {"Ref": "Api"}},
    },
    "Stage": {
        "Type": "AWS::ApiGateway::Stage",
        "Properties": {
            "RestApiId": {"Ref": "Api"},
            "DeploymentId": {"Ref": "Deployment"},
            "StageName": "live",
        },
    },
}


def half(role: str) -> dict[str, Any]:
    """A half's template: what concerns DNS and what that refers to, with an API of its own."""
    template = json.loads(json.dumps(templates()["neutral", role]))
    every: Resources = template["Resources"]
    wanted = [name for name in every if name.startswith(("Domain", "Dns", "Control"))]
    for name in wanted:
        wanted += sorted((referred(every[name]) & set(every)) - set(wanted))
    resources = {**API, **{name: every[name] for name in wanted}}
    mapping = next(each for each in resources.values() if each["Type"].endswith("BasePathMapping"))
    mapping["Properties"]["RestApiId"] = {"Ref": "Api"}
    mapping["DependsOn"] = "Stage"
    return {**template, "Resources": resources}


def referred(value: Any) -> set[str]:
    if isinstance(value, list):
        return {name for each in value for name in referred(each)}
    if not isinstance(value, dict):
        return set()
    direct = {value["Ref"]} if "Ref" in value else set()
    direct |= {value["Fn::GetAtt"][0]} if "Fn::GetAtt" in value else set()
    return direct | {name for each in value.values() for name in referred(each)}


def launched(world: World, role: str, region: str, **parameters: str) -> Runner:
    """Create a half's stack; its API answers with its region."""
    template = half(role)
    key = world.api("kms", region).create_key(MultiRegion=True)["KeyMetadata"]["KeyId"]
    given = {
        "EnvironmentSuffix": "dev-1",
        "PeerRegion": THERE if role == "launch" else HERE,
        "ZoneId": world.zone_id,
        "ZoneName": world.zone,
        "VaultLock": "none",
        "LaunchEndpoint": "https://a.example.com/live/",
        "FailoverMode": "approve",
        "WitnessRegion": "",
        "PeerWeight": "0",
        "KeyId": key,
        **parameters,
    }
    stacks = world.stacks(region)
    made = stacks.create(
        role,
        template["Resources"],
        Template={name: template[name] for name in ("Conditions", "Parameters")},
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value}
            for name, value in given.items()
            if name in template["Parameters"]
        ],
    )
    assert made.status == "CREATE_COMPLETE", made.reasons
    return stacks


def upload_publisher(world: World) -> None:
    """The control metric's code, where the peer's template looks for it."""
    function = next(
        each["Properties"]
        for each in half("peer")["Resources"].values()
        if each["Type"] == "AWS::Lambda::Function"
    )
    code = Path(dr_catalog.__file__).parent / "handlers" / "control_metric" / "index.py"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.write(code, "index.py")
    bucket = f"dr-assets-{THERE}"
    s3 = world.api("s3", THERE)
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": THERE})
    s3.put_object(Bucket=bucket, Key=function["Code"]["S3Key"], Body=content.getvalue())


def parameters(world: World, region: str) -> dict[str, str]:
    found = world.api("ssm", region).get_parameters_by_path(Path="/dr/dev-1/route53")
    return {each["Name"].rpartition("/")[2]: each["Value"] for each in found["Parameters"]}


def fetched(endpoint: str, host: str) -> Any:
    request = urllib.request.Request(f"{endpoint}/", headers={"Host": host})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.loads(answer.read())


def test_dns_follows_the_control_metric_from_region_to_region(world: World, endpoint: str) -> None:
    upload_publisher(world)
    peer = launched(world, "peer", THERE)
    there = parameters(world, THERE)
    launch = launched(
        world,
        "launch",
        HERE,
        PeerDomain=there["regional-domain-name"],
        PeerDomainZone=there["regional-hosted-zone-id"],
    )
    here = parameters(world, HERE)
    assert here["url"] == f"https://{world.name}/"
    assert here["regional-domain-name"].endswith(f".execute-api.{HERE}.amazonaws.com")
    assert here["regional-hosted-zone-id"] == "ZLY8HYME6SFDD"

    # Both certificates are issued by one and the same record.
    assert [each["Type"] for each in world.records()] == ["A", "A", "CNAME"]
    for region in (HERE, THERE):
        (certificate,) = world.api("acm", region).list_certificates()["CertificateSummaryList"]
        assert (certificate["DomainName"], certificate["Status"]) == (world.name, "ISSUED")
        domain = world.api("apigateway", region).get_domain_name(domainName=world.name)
        assert domain["securityPolicy"] == "TLS_1_2"
        assert domain["endpointConfiguration"]["types"] == ["REGIONAL"]
        assert domain["regionalCertificateArn"] == certificate["CertificateArn"]
        mappings = world.api("apigateway", region).get_base_path_mappings(domainName=world.name)
        assert [(each["basePath"], each["stage"]) for each in mappings["items"]] == [
            ("(none)", "live")
        ]
    records = {each["SetIdentifier"]: each for each in world.records() if each["Type"] == "A"}
    checks = {
        each["Id"]: each for each in world.api("route53").list_health_checks()["HealthChecks"]
    }
    for region, failover in ((HERE, "PRIMARY"), (THERE, "SECONDARY")):
        assert records[region]["Failover"] == failover
        check = checks[records[region]["HealthCheckId"]]
        config = check["HealthCheckConfig"]
        alarm = f"dr-serving-dev-1-{region}"
        assert config["AlarmIdentifier"] == {"Name": alarm, "Region": THERE}
        assert config["InsufficientDataHealthStatus"] == "LastKnownStatus"
        assert check["CloudWatchAlarmConfiguration"]["MetricName"] == "Serving"
        tags = world.api("route53").list_tags_for_resource(
            ResourceType="healthcheck", ResourceId=check["Id"]
        )
        assert {"Key": "Name", "Value": alarm} in tags["ResourceTagSet"]["Tags"]

    assert world.answer()["RecordData"] == [here["regional-domain-name"]]
    assert fetched(endpoint, world.name) == {"region": HERE}
    serve(world, THERE)
    assert world.answer()["RecordData"] == [there["regional-domain-name"]]
    assert fetched(endpoint, world.name) == {"region": THERE}

    for stacks, name in ((launch, "launch"), (peer, "peer")):
        gone = stacks.delete(name)
        assert gone.status == "DELETE_COMPLETE", gone.reasons
    assert [each["Type"] for each in world.records()] == ["CNAME"]
    assert world.api("route53").list_health_checks()["HealthChecks"] == []
    for region in (HERE, THERE):
        assert world.api("acm", region).list_certificates()["CertificateSummaryList"] == []
        assert world.api("apigateway", region).get_domain_names()["items"] == []
    world.change("DELETE", *(each for each in world.records()))
    world.api("route53").delete_hosted_zone(Id=world.zone_id)


def serve(world: World, region: str) -> None:
    """What a failover does: say who serves, and have it published."""
    world.api("ssm", THERE).put_parameter(
        Name="/dr/dev-1/route53/serving-region", Value=region, Overwrite=True
    )
    answer = world.api("lambda", THERE).invoke(FunctionName="dr-control-metric-dev-1")
    assert json.loads(answer["Payload"].read()) == {
        each: int(each == region) for each in (HERE, THERE)
    }


# --- Health ---


@pytest.fixture
def pair(world: World) -> World:
    """Two failover records, each with a health check on its region's control metric."""
    for region, failover in ((HERE, "PRIMARY"), (THERE, "SECONDARY")):
        world.alarm(region)
        check = world.check(region)
        record = plain(region, SetIdentifier=region, Failover=failover, HealthCheckId=check)
        world.change("CREATE", {**record, "Type": "TXT"})
    return world


def test_failover_records_answer_by_the_metrics_data(pair: World) -> None:
    def data() -> list[str]:
        found: list[str] = pair.answer(kind="TXT")["RecordData"]
        return found

    assert data() == [HERE]  # there are no data: a new check's last known status is healthy
    pair.publish(ahead=0, here=0, there=1)
    assert data() == [THERE]
    pair.publish(ahead=1, here=0, there=0)
    assert data() == [HERE]  # none is healthy
    pair.publish(ahead=2, here=1, there=0)
    assert data() == [HERE]


def test_a_state_set_by_hand_and_a_changed_or_deleted_alarm_move_nothing(pair: World) -> None:
    cloudwatch = pair.api("cloudwatch", THERE)
    pair.publish(ahead=0, here=1, there=1)
    cloudwatch.set_alarm_state(
        AlarmName=f"dr-serving-{HERE}", StateValue="ALARM", StateReason="drill"
    )
    assert pair.answer(kind="TXT")["RecordData"] == [HERE]
    pair.alarm(HERE, Threshold=2)
    assert pair.answer(kind="TXT")["RecordData"] == [HERE]
    cloudwatch.delete_alarms(AlarmNames=[f"dr-serving-{HERE}"])
    pair.publish(ahead=1, here=0)
    assert pair.answer(kind="TXT")["RecordData"] == [THERE]
    (record,) = [each for each in pair.records() if each["SetIdentifier"] == HERE]
    pair.api("route53").delete_health_check(HealthCheckId=record["HealthCheckId"])
    assert pair.answer(kind="TXT")["RecordData"] == [HERE]  # nothing speaks against it any more


def test_a_health_check_given_its_alarm_anew_has_its_new_settings(pair: World) -> None:
    (record,) = [each for each in pair.records() if each["SetIdentifier"] == HERE]
    pair.publish(ahead=0, here=1)
    pair.alarm(HERE, Threshold=2)
    route53 = pair.api("route53")
    named = {"Name": f"dr-serving-{HERE}", "Region": THERE}
    route53.update_health_check(HealthCheckId=record["HealthCheckId"], AlarmIdentifier=named)
    assert pair.answer(kind="TXT")["RecordData"] == [THERE]
    with pytest.raises(ClientError) as error:
        route53.update_health_check(HealthCheckId=record["HealthCheckId"], HealthCheckVersion=1)
    assert failed(error)[0] == "HealthCheckVersionMismatch"


@pytest.mark.parametrize(
    ("settings", "before", "healthy"),
    [
        ({}, 0, False),
        ({}, 1, True),
        ({}, None, True),
        ({"InsufficientDataHealthStatus": "Healthy"}, 0, True),
        ({"InsufficientDataHealthStatus": "Unhealthy"}, 1, False),
        ({"Inverted": True}, 0, True),
        ({"Disabled": True, "InsufficientDataHealthStatus": "Unhealthy"}, 0, True),
    ],
)
def test_when_the_metric_is_silent(
    world: World, settings: dict[str, Any], before: int | None, healthy: bool
) -> None:
    world.alarm(HERE)
    check = world.check(HERE, **settings)
    if before is not None:
        world.publish(ahead=-10, here=before)
    for failover, more in (("PRIMARY", {"HealthCheckId": check}), ("SECONDARY", {})):
        world.change(
            "CREATE", plain("192.0.2.1", SetIdentifier=failover, Failover=failover, **more)
        )
    world.change("UPSERT", plain("192.0.2.2", SetIdentifier="SECONDARY", Failover="SECONDARY"))
    assert world.answer()["RecordData"] == ["192.0.2.1" if healthy else "192.0.2.2"]
    config = world.api("route53").get_health_check(HealthCheckId=check)["HealthCheck"]
    assert config["HealthCheckConfig"].get("Inverted", False) is ("Inverted" in settings)


def test_a_record_of_weight_0_answers_when_all_others_are_unhealthy(pair: World) -> None:
    checks = {each["SetIdentifier"]: each["HealthCheckId"] for each in pair.records()}
    pair.change(
        "CREATE",
        plain("192.0.2.1", SetIdentifier="a", Weight=1, HealthCheckId=checks[HERE]),
        plain("192.0.2.2", SetIdentifier="b", Weight=255, HealthCheckId=checks[THERE]),
        plain("192.0.2.3", SetIdentifier="c", Weight=0),
    )

    def answers(number: int = 1) -> set[str]:
        return {pair.answer()["RecordData"][0] for _ in range(number)}

    pair.publish(ahead=0, here=1, there=0)
    assert answers() == {"192.0.2.1"}
    pair.publish(ahead=1, here=0, there=0)
    assert answers() == {"192.0.2.3"}
    pair.change("UPSERT", plain("192.0.2.3", SetIdentifier="c", Weight=128))
    pair.publish(ahead=2, here=1, there=1)
    assert answers(30) >= {"192.0.2.2", "192.0.2.3"}


def test_what_has_no_record_is_told_apart(world: World) -> None:
    world.change("CREATE", plain("192.0.2.1"))
    alias = {"HostedZoneId": world.zone_id, "DNSName": world.name, "EvaluateTargetHealth": True}
    world.change("CREATE", {"Name": f"www.{world.zone}", "AliasTarget": alias})
    assert world.answer(f"WWW.{world.zone}")["RecordData"] == ["192.0.2.1"]
    empty = world.answer(kind="AAAA")
    assert (empty["ResponseCode"], empty["RecordData"]) == ("NOERROR", [])
    assert world.answer(f"none.{world.zone}")["ResponseCode"] == "NXDOMAIN"
    with pytest.raises(ClientError) as error:
        world.answer("example.org")
    assert failed(error)[0] == "InvalidInput"


# --- Refusals of Route 53 ---

NOBODY = "d-none.execute-api.eu-west-1.amazonaws.com"
ALIAS = {"HostedZoneId": "ZLY8HYME6SFDD", "DNSName": NOBODY, "EvaluateTargetHealth": False}
FIRST = plain("192.0.2.1", SetIdentifier="a", Weight=1)


@pytest.mark.parametrize(
    ("there", "record", "code", "told"),
    [
        (
            [],
            plain("192.0.2.1", Name="a.example.org"),
            "InvalidChangeBatch",
            "not permitted in zone",
        ),
        ([], {"AliasTarget": ALIAS}, "InvalidChangeBatch", "but that target was not found"),
        (
            [],
            {"AliasTarget": {**ALIAS, "HostedZoneId": "Z3UWIKFBOOGXPP"}},
            "InvalidChangeBatch",
            "does not lie within the target zone",
        ),
        ([FIRST], FIRST, "InvalidChangeBatch", "set-identifier='a'] but it already exists"),
        (
            [FIRST],
            plain("192.0.2.1", SetIdentifier="b", Failover="PRIMARY"),
            "InvalidChangeBatch",
            "SetIdentifier b cannot be created as a non-failover set exists",
        ),
        ([FIRST], plain("192.0.2.1"), "InvalidChangeBatch", "as other RRSets exist with the same"),
        (
            [plain("192.0.2.1", SetIdentifier="a", Failover="PRIMARY")],
            plain("192.0.2.1", SetIdentifier="b", Failover="PRIMARY"),
            "InvalidChangeBatch",
            "a PRIMARY set exists with the same name and type",
        ),
        ([], {**FIRST, "HealthCheckId": "none"}, "NoSuchHealthCheck", "specified ID none"),
        ([], {**FIRST, "Weight": 256}, "InvalidInput", "between 0 and 255"),
        ([], plain("192.0.2.1", Weight=1), "InvalidInput", "Expected SetIdentifier together"),
        (
            [],
            {**FIRST, "Failover": "PRIMARY"},
            "InvalidInput",
            "exactly one of [Failover, Weight, Region]",
        ),
        ([], {"TTL": 60}, "InvalidInput", "Expected exactly one of [AliasTarget, all of [TTL"),
        (
            [plain("192.0.2.1", SetIdentifier="a", Region=HERE)],
            plain("192.0.2.1", SetIdentifier="b", Region=HERE),
            "InvalidChangeBatch",
            "a eu-west-1 set exists",
        ),
        ([FIRST], plain("1", SetIdentifier="b", Region=HERE), "InvalidChangeBatch", "non-latency"),
        ([FIRST], plain("b.", Type="CNAME"), "InvalidChangeBatch", "conflicts with other records"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_route_53_refuses_of_a_record(
    world: World, there: list[dict[str, Any]], record: dict[str, Any], code: str, told: str
) -> None:
    if there:
        world.change("CREATE", *there)
    with pytest.raises(ClientError) as error:
        world.change("CREATE", record)
    found = failed(error)
    assert found[0] == code
    assert told in found[1]
    assert len(world.records()) == len(there)


def test_a_zone_that_is_not_there_or_not_empty(world: World) -> None:
    route53 = world.api("route53")
    change = {"Action": "CREATE", "ResourceRecordSet": {"Name": "a.", "Type": "A", **FIRST}}
    with pytest.raises(ClientError) as error:
        route53.change_resource_record_sets(HostedZoneId="ZNONE", ChangeBatch={"Changes": [change]})
    assert failed(error) == ("NoSuchHostedZone", "No hosted zone found with ID: ZNONE")
    world.change("CREATE", FIRST)
    with pytest.raises(ClientError) as error:
        route53.delete_hosted_zone(Id=world.zone_id)
    assert failed(error)[0] == "HostedZoneNotEmpty"
    (zone,) = route53.list_hosted_zones()["HostedZones"]
    assert route53.get_hosted_zone(Id=world.zone_id)["HostedZone"] == zone
    assert (zone["Name"], zone["ResourceRecordSetCount"]) == (f"{world.zone}.", 3)


@pytest.mark.parametrize(
    ("alarm", "config", "told"),
    [
        ({}, {"AlarmIdentifier": {"Name": "none", "Region": THERE}}, "none does not exist in eu-n"),
        (
            {},
            {"AlarmIdentifier": {"Name": f"dr-serving-{HERE}", "Region": HERE}},
            "does not exist in eu-west-1",
        ),
        ({}, {"AlarmIdentifier": None}, "need an alarm"),
        ({"EvaluationPeriods": 3, "DatapointsToAlarm": 2}, {}, "M of N"),
        ({}, {"Type": "TCP"}, "CLOUDWATCH_METRIC, HTTPS, CALCULATED, not TCP"),
        ({}, {"Port": 443}, "know no Port"),
    ],
)
def test_what_route_53_refuses_of_a_health_check(
    world: World, alarm: dict[str, Any], config: dict[str, Any], told: str
) -> None:
    world.alarm(HERE, **alarm)
    wanted = {
        "Type": "CLOUDWATCH_METRIC",
        "AlarmIdentifier": {"Name": f"dr-serving-{HERE}", "Region": THERE},
        **config,
    }
    with pytest.raises(ClientError) as error:
        world.api("route53").create_health_check(
            CallerReference="a",
            HealthCheckConfig={name: value for name, value in wanted.items() if value},
        )
    code, message = failed(error)
    assert code == "InvalidInput"
    assert told in message
    assert world.api("route53").list_health_checks()["HealthChecks"] == []


# --- Stacks: changes, failures and their way back ---


def record(world: World, **properties: Any) -> Resources:
    return {
        "Type": "AWS::Route53::RecordSet",
        "Properties": {
            "HostedZoneId": world.zone_id,
            "Name": world.name,
            "Type": "A",
            "TTL": "60",
            "ResourceRecords": ["192.0.2.1"],
            **properties,
        },
    }


def without(resource: Resources, *names: str) -> Resources:
    kept = {name: each for name, each in resource["Properties"].items() if name not in names}
    return {**resource, "Properties": kept}


def told(world: World) -> list[tuple[str, str, Any]]:
    return [
        (each["Name"], each.get("SetIdentifier", ""), each["ResourceRecords"][0]["Value"])
        for each in world.records()
    ]


def test_a_record_of_a_stack_changes_and_comes_back(world: World) -> None:
    world.change("CREATE", plain("192.0.2.9", Name=f"other.{world.zone}"))
    other = (f"other.{world.zone}.", "", "192.0.2.9")
    stacks, name = world.stacks(), f"{world.name}."
    weighted = record(world, SetIdentifier="a", Weight="10")
    assert stacks.create("s", {"A": weighted}).status == "CREATE_COMPLETE"
    assert told(world) == [(name, "a", "192.0.2.1"), other]
    changed = record(world, SetIdentifier="b", Weight=0, ResourceRecords=["192.0.2.2"])
    assert stacks.update("s", {"A": changed}).status == "UPDATE_COMPLETE"
    assert told(world) == [(name, "b", "192.0.2.2"), other]
    taken = without(record(world, Name=f"other.{world.zone}"), "SetIdentifier", "Weight")
    result = stacks.update("s", {"A": taken})
    assert result.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "already exists" in result.reasons[-1]
    assert told(world) == [(name, "b", "192.0.2.2"), other]
    renamed = record(world, Name=f"new.{world.zone}")
    assert stacks.update("s", {"A": renamed}).status == "UPDATE_COMPLETE"
    assert told(world) == [(f"new.{world.zone}.", "", "192.0.2.1"), other]
    assert stacks.delete("s").status == "DELETE_COMPLETE"
    assert told(world) == [other]


def test_a_record_of_a_stack_moves_to_another_zone(
    world: World,
) -> None:
    """Its name, which CloudFormation knows it by, stays the same."""
    made = world.api("route53").create_hosted_zone(Name=world.zone, CallerReference="other")
    other = replace(world, zone_id=made["HostedZone"]["Id"].rpartition("/")[2])
    other.change("CREATE", plain("192.0.2.9"))
    stacks, name = world.stacks(), f"{world.name}."
    assert stacks.create("s", {"A": record(world)}).status == "CREATE_COMPLETE"
    for zone in (other, replace(world, zone_id="ZNONE")):
        assert stacks.update("s", {"A": record(zone)}).status == "UPDATE_ROLLBACK_COMPLETE"
        assert (told(world), told(other)) == ([(name, "", "192.0.2.1")], [(name, "", "192.0.2.9")])
    other.change("DELETE", plain("192.0.2.9"))
    moved = stacks.update("s", {"A": record(other)})
    assert moved.status == "UPDATE_COMPLETE", moved.reasons
    assert (told(world), told(other)) == ([], [(name, "", "192.0.2.1")])
    other.change("UPSERT", plain("192.0.2.7"))  # by hand
    assert stacks.delete("s").status == "DELETE_COMPLETE"
    assert told(other) == []


def certificate(world: World, **properties: Any) -> Resources:
    name = properties.get("DomainName", world.name)
    return {
        "Type": "AWS::CertificateManager::Certificate",
        "Properties": {
            "DomainName": name,
            "ValidationMethod": "DNS",
            "DomainValidationOptions": [{"DomainName": name, "HostedZoneId": world.zone_id}],
            **properties,
        },
    }


def domain(world: World, **properties: Any) -> Resources:
    return {
        "Type": "AWS::ApiGateway::DomainName",
        "Properties": {
            "DomainName": world.name,
            "RegionalCertificateArn": {"Ref": "Certificate"},
            "EndpointConfiguration": {"Types": ["REGIONAL"]},
            "SecurityPolicy": "TLS_1_2",
            **properties,
        },
    }


def mapping(world: World, **properties: Any) -> Resources:
    return {
        "Type": "AWS::ApiGateway::BasePathMapping",
        "DependsOn": ["Domain", "Stage"],
        "Properties": {
            "DomainName": world.name,
            "RestApiId": {"Ref": "Api"},
            "Stage": "live",
            **properties,
        },
    }


def option(name: str, zone_id: str) -> list[dict[str, str]]:
    return [{"DomainName": name, "HostedZoneId": zone_id}]


Wrong = Callable[[World], Resources]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            lambda w: {"A": certificate(w, DomainValidationOptions=option(w.name, "ZNONE"))},
            "validated in the hosted zone ZNONE: No hosted zone found with ID: ZNONE",
        ),
        (
            lambda w: {"A": certificate(w, DomainName="a.example.org")},
            "is not permitted in zone",
        ),
        (
            lambda w: {"A": without(certificate(w), "DomainValidationOptions")},
            "give DomainValidatio",
        ),
        (lambda w: {"A": without(certificate(w), "ValidationMethod")}, "by DNS alone"),
        (lambda w: {"A": certificate(w, KeyAlgorithm="EC_prime256v1")}, "property KeyAlgorithm"),
        (lambda w: {"A": record(w, HostedZoneId="ZNONE")}, "No hosted zone found with ID: ZNONE"),
        (lambda w: {"A": record(w, MultiValueAnswer=True)}, "property MultiValueAnswer"),
        (
            lambda w: {
                "Certificate": certificate(w),
                "Domain": domain(w, SecurityPolicy="TLS_1_0"),
            },
            "TLS_1_2 alone, not TLS_1_0",
        ),
        (
            lambda w: {
                "Certificate": certificate(w),
                "Domain": domain(w, EndpointConfiguration={"Types": ["EDGE"]}),
            },
            "REGIONAL alone",
        ),
        (
            lambda w: {
                "Certificate": certificate(w, DomainName=f"a.{w.zone}"),
                "Domain": domain(w),
            },
            "does not cover the domain name",
        ),
        (
            lambda w: {
                "Domain": domain(
                    w, RegionalCertificateArn=f"arn:aws:acm:{THERE}:{w.account}:certificate/a"
                ),
            },
            "Certificate must be in 'eu-west-1'.",
        ),
        (
            lambda w: {
                **API,
                "Certificate": certificate(w),
                "Domain": domain(w),
                "Mapping": mapping(w, Stage="none"),
            },
            "Invalid stage identifier specified: none",
        ),
        (
            lambda w: {
                **API,
                "Certificate": certificate(w),
                "Domain": domain(w),
                "Mapping": mapping(w, RestApiId="none"),
            },
            "Invalid REST API identifier specified: none",
        ),
    ],
)
def test_what_fails_a_stack(world: World, wrong: Wrong, message: str) -> None:
    made = world.stacks().create("s", wrong(world))
    assert made.status == "ROLLBACK_COMPLETE", made.reasons
    assert message in made.reasons[-1]
    assert world.api("acm").list_certificates()["CertificateSummaryList"] == []
    assert world.api("apigateway").get_domain_names()["items"] == []


def test_a_domain_changes_its_certificate_and_its_paths(
    world: World, new_account: Callable[[], str], endpoint: str
) -> None:
    stacks, gateway = world.stacks(), world.api("apigateway")
    resources = {
        **API,
        "Certificate": certificate(world, Tags=[{"Key": "team", "Value": "a"}]),
        "Domain": domain(world, Tags=[{"Key": "team", "Value": "a"}]),
        "Mapping": mapping(world),
    }
    made = stacks.create("s", resources, Tags=[{"Key": "stack", "Value": "s"}])
    assert made.status == "CREATE_COMPLETE", made.reasons
    before = gateway.get_domain_name(domainName=world.name)
    assert before["tags"] == {"stack": "s", "team": "a"}
    arn = before["regionalCertificateArn"]
    assert len(world.api("acm").list_tags_for_certificate(CertificateArn=arn)["Tags"]) == 2
    with pytest.raises(ClientError) as error:
        world.api("acm").delete_certificate(CertificateArn=arn)
    assert failed(error)[0] == "ResourceInUseException"
    assert fetched(endpoint, world.name) == {"region": HERE}  # no record: the only region's

    resources |= {
        "Certificate": certificate(world, DomainName=f"*.{world.zone}"),
        "Domain": domain(world),
        "Mapping": mapping(world, BasePath="v1"),
    }
    made = stacks.update("s", resources)
    assert made.status == "UPDATE_COMPLETE", made.reasons
    after = gateway.get_domain_name(domainName=world.name)
    assert after["regionalCertificateArn"] != arn
    assert after["regionalDomainName"] == before["regionalDomainName"]
    assert after["tags"] == {"stack": "s"}
    (found,) = gateway.get_base_path_mappings(domainName=world.name)["items"]
    assert found["basePath"] == "v1"
    (found,) = world.api("acm").list_certificates()["CertificateSummaryList"]
    assert found["DomainName"] == f"*.{world.zone}"

    wrong = stacks.update("s", {**resources, "Mapping": mapping(world, BasePath="v1", Stage="no")})
    assert wrong.status == "UPDATE_ROLLBACK_COMPLETE", wrong.reasons
    assert gateway.get_base_path_mapping(domainName=world.name, basePath="v1")["stage"] == "live"

    # The name is taken in the region, for other accounts too.
    another = world.client("apigateway", account=new_account(), region=HERE)
    with pytest.raises(ClientError) as error:
        another.create_domain_name(
            domainName=world.name,
            regionalCertificateArn=arn,
            endpointConfiguration={"types": ["REGIONAL"]},
        )
    assert failed(error)[1] == "The domain name you provided already exists."


@pytest.mark.parametrize(
    ("zone", "missing"), [("*", ""), ("ZOTHER", "route53:ChangeResourceRecordSets")]
)
def test_the_role_of_a_stack_needs_the_zone(world: World, zone: str, missing: str) -> None:
    trust = {"Service": "cloudformation.amazonaws.com"}
    statements = [
        {"Effect": "Allow", "Action": ["acm:*", "apigateway:*", "iam:*"], "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": "route53:*",
            "Resource": [f"arn:aws:route53:::hostedzone/{zone}", "arn:aws:route53:::change/*"],
            "Condition": {"StringEquals": {"aws:RequestedRegion": "us-east-1"}},
        },
    ]
    iam = world.api("iam")
    role = iam.create_role(
        RoleName="r",
        AssumeRolePolicyDocument=json.dumps(
            {"Statement": [{"Effect": "Allow", "Principal": trust, "Action": "sts:AssumeRole"}]}
        ),
    )
    iam.put_role_policy(
        RoleName="r", PolicyName="p", PolicyDocument=json.dumps({"Statement": statements})
    )
    resources = {
        **API,
        "Certificate": certificate(world),
        "Domain": domain(world),
        "Mapping": mapping(world),
        "Record": record(world),
    }
    made = world.stacks().create("s", resources, RoleARN=role["Role"]["Arn"])
    assert made.status == ("ROLLBACK_COMPLETE" if missing else "CREATE_COMPLETE"), made.reasons
    assert not missing or any(missing in reason for reason in made.reasons)


def test_a_certificate_waits_for_its_record_and_a_domain_for_the_certificate(
    world: World,
) -> None:
    acm, gateway = world.api("acm"), world.api("apigateway")
    arn = acm.request_certificate(DomainName=world.name, ValidationMethod="DNS")["CertificateArn"]
    found = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert found["Status"] == "PENDING_VALIDATION"
    (validation,) = found["DomainValidationOptions"]
    create = {
        "domainName": world.name,
        "regionalCertificateArn": arn,
        "endpointConfiguration": {"types": ["REGIONAL"]},
        "securityPolicy": "TLS_1_2",
    }
    with pytest.raises(ClientError) as error:
        gateway.create_domain_name(**create)
    assert "PENDING_VALIDATION and must be ISSUED" in failed(error)[1]
    wanted = validation["ResourceRecord"]
    world.change("CREATE", plain(wanted["Value"], Name=wanted["Name"], Type="CNAME"))
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "ISSUED"
    assert gateway.create_domain_name(**create)["domainNameStatus"] == "AVAILABLE"
    with pytest.raises(ClientError) as error:
        gateway.create_base_path_mapping(domainName=world.name, restApiId="none", stage="live")
    assert failed(error)[0] == "BadRequestException"
    with pytest.raises(ClientError) as error:
        gateway.delete_base_path_mapping(domainName=world.name, basePath="none")
    assert failed(error)[0] == "NotFoundException"


def test_shares_of_the_traffic_reach_both_regions(world: World, endpoint: str) -> None:
    """Requests to a name follow its records, each as Route 53 would answer it."""
    resources = {
        **API,
        "Certificate": certificate(world),
        "Domain": domain(world),
        "Mapping": mapping(world),
    }
    for region in (HERE, THERE):
        made = world.stacks(region).create("s", resources)
        assert made.status == "CREATE_COMPLETE", made.reasons
    with pytest.raises(urllib.error.HTTPError):  # no record says which of the two
        fetched(endpoint, world.name)
    world.change(
        "CREATE",
        *(
            {"SetIdentifier": region, "Weight": 1, "AliasTarget": alias(world, region)}
            for region in (HERE, THERE)
        ),
    )
    counted = Counter(shares(endpoint, world.name, number=24))
    assert set(counted) == {HERE, THERE}


def alias(world: World, region: str) -> dict[str, Any]:
    found = world.api("apigateway", region).get_domain_name(domainName=world.name)
    return {
        "DNSName": found["regionalDomainName"],
        "HostedZoneId": found["regionalHostedZoneId"],
        "EvaluateTargetHealth": True,
    }


def shares(endpoint: str, host: str, *, number: int) -> Iterable[str]:
    for _ in range(number):
        yield fetched(endpoint, host)["region"]
