"""The API's name, asked of API Gateway, Route 53 and CloudWatch; without a zone there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ... import names
from .model import Check, Launch, check

NONE, BOTH = "none", "both"


def route53(launch: Launch, region: str) -> Iterator[Check]:
    """The custom domain, this region's record, and the switch that it follows."""
    told = launch.told("route53", region)
    name = told["domain-name"]
    if name == NONE:
        yield check("route53", "no zone given", region, {"no name": True})
        return
    domain = launch.client("apigateway", region).get_domain_name(domainName=name)
    yield check(
        "route53",
        name,
        region,
        {
            "regional domain": domain["regionalDomainName"] == told["regional-domain-name"],
            "certificate of this region": domain["regionalCertificateArn"].split(":")[3] == region,
            domain["securityPolicy"]: domain["securityPolicy"] == "TLS_1_2",
        },
    )
    route53 = launch.client("route53", region)
    zone = next(
        each
        for page in route53.get_paginator("list_hosted_zones").paginate()
        for each in page["HostedZones"]
        if each["Name"].rstrip(".") == name.partition(".")[2]
    )
    (record,) = [
        each
        for page in route53.get_paginator("list_resource_record_sets").paginate(
            HostedZoneId=zone["Id"]
        )
        for each in page["ResourceRecordSets"]
        if each["Name"].rstrip(".") == name
        and each["Type"] == "A"
        and each.get("SetIdentifier", region) == region
    ]
    own = record["AliasTarget"]["DNSName"].rstrip(".") == told["regional-domain-name"]
    if launch.has_copies_alone:
        facts = {
            "alias of this region's domain": own,
            "the only record": "SetIdentifier" not in record,
        }
        yield check("route53", f"{name} A", region, facts)
        return
    behind = [*_followed(route53, record["HealthCheckId"])]
    controls = [each for each in behind if "AlarmIdentifier" in each]
    addresses = [
        f"https://{each['FullyQualifiedDomainName']}{each['ResourcePath']}"
        for each in behind
        if "AlarmIdentifier" not in each
    ]
    both = launch.told("compute", region).get("writes") == BOTH
    (followed,) = (each["AlarmIdentifier"] for each in controls)
    (alarm,) = launch.client("cloudwatch", launch.peer_region).describe_alarms(
        AlarmNames=[followed["Name"]]
    )["MetricAlarms"]
    yield check(
        "route53",
        f"{name} A",
        region,
        {
            _policy(record): record.get("Failover")
            in (None, "PRIMARY" if region == launch.region else "SECONDARY")
            and record.get("Region") in (None, region),
            "alias of this region's domain": own,
            f"follows {alarm['AlarmName']}": alarm["AlarmName"]
            == names.SERVING_ALARM.of(suffix=launch.suffix, region=region),
            f"in {launch.peer_region}": followed["Region"] == launch.peer_region,
            "and this region's /ready" if both else "and no address": addresses
            == ([f"{launch.endpoints[region]}ready"] if both else []),
        },
    )


def _followed(route53: Any, check_id: str) -> Iterator[Any]:
    """The checks behind a record's: of an alarm, and of an address where both regions serve."""
    config = route53.get_health_check(HealthCheckId=check_id)["HealthCheck"]["HealthCheckConfig"]
    if config["Type"] != "CALCULATED":
        yield config
        return
    for child in config["ChildHealthChecks"]:
        yield from _followed(route53, child)


def _policy(record: Mapping[str, Any]) -> str:
    if "Region" in record:
        return "by latency"
    return record.get("Failover") or f"weight {record.get('Weight')}"
