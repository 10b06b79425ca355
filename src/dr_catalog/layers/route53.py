"""One name for both regions' APIs, and what decides which region it answers with.

Each region's API has the same custom domain, ``<suffix>.<zone>``, with a certificate of its own. The
record follows health checks on a *control metric* in the peer region, never the endpoints themselves:
a probe that fails must not move traffic before the data has moved. A failover changes the metric's
data, through no control plane. Without a parent zone none of this is made.

Where both regions serve there is nothing to wait for, and a record also follows its region's own ``/ready``: a
region that is lost leaves the name by itself, and the control metric is how a person takes one out.

    ========  =====================
    launch    ApiDomain, DnsRecords
    peer      ApiDomain, ControlMetric
    ========  =====================

Where the peer has no API until it is restored, the launch region has ``ApiDomain`` and ``DnsRecord``.

See https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-types.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53
from constructs import Construct

from .. import names
from ..errors import DefinitionError
from ._control_metric import METRIC, NAMESPACE, SERVING_REGION, ControlMetric, serving_alarm
from ._parameters import publish
from ._zone import given

LAUNCH_WEIGHT = 100
WEIGHTED, LATENCY = "weighted", "latency"
CHECK_SECONDS, CHECK_FAILURES = 10, 3
"""How often a region that serves is asked, and how many answers in a row must be bad."""
NONE = "none"
"""What is published where there is no zone: an SSM parameter can't be empty."""

__all__ = [
    "CHECK_FAILURES",
    "CHECK_SECONDS",
    "LATENCY",
    "METRIC",
    "NAMESPACE",
    "NONE",
    "SERVING_REGION",
    "WEIGHTED",
    "ApiDomain",
    "ControlMetric",
    "DnsRecord",
    "DnsRecords",
    "RegionalEndpoint",
    "serving_alarm",
]


_Policy = Mapping[str, Any]
"""A record's properties that say when it answers."""


@dataclass(frozen=True)
class RegionalEndpoint:
    """One region's custom domain, as an alias record needs it.

    Args:
        region: The region.
        domain_name: API Gateway's own name for the domain there, ``d-....amazonaws.com``.
        hosted_zone_id: API Gateway's zone in that region.
        api: The API's own address, ending in ``/``: where both regions serve, its health is asked there,
            since the custom domain is the same in both.
    """

    region: str
    domain_name: str
    hosted_zone_id: str
    api: str = ""


class ApiDomain(Construct):
    """Either half: the custom domain of this region's API, and its certificate.

    ACM's validation record is the same in both regions and stays in the zone when the launch ends.

    Args:
        suffix: The environment suffix.
        zone_id: The parent zone's id; may be empty.
        zone_name: Its name, without a dot at the end; may be empty.
        api_id: The REST API in this region.
        stage: Its stage.

    Attributes:
        endpoint: What ``DnsRecords`` in the same template needs. Another template reads the published
            values, which are ``none`` without a zone.

    See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-regional-api-custom-domain-create.html
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        zone_id: str,
        zone_name: str,
        api_id: str,
        stage: str,
    ) -> None:
        super().__init__(scope, construct_id)
        zone = given(self, zone_id=zone_id)
        name = names.api_domain(suffix=suffix, zone_name=zone_name)
        certificate = acm.CfnCertificate(
            self,
            "Certificate",
            domain_name=name,
            validation_method="DNS",
            domain_validation_options=[
                acm.CfnCertificate.DomainValidationOptionProperty(
                    domain_name=name, hosted_zone_id=zone_id
                )
            ],
        )
        domain = apigateway.CfnDomainName(
            self,
            "Domain",
            domain_name=name,
            regional_certificate_arn=certificate.ref,
            security_policy="TLS_1_2",
            endpoint_configuration=apigateway.CfnDomainName.EndpointConfigurationProperty(
                types=["REGIONAL"]
            ),
        )
        mapping = apigateway.CfnBasePathMapping(
            self, "Mapping", domain_name=domain.ref, rest_api_id=api_id, stage=stage
        )
        for resource in (certificate, domain, mapping):
            resource.cfn_options.condition = zone

        def if_given(value: str) -> str:
            return cdk.Fn.condition_if(zone.logical_id, value, NONE).to_string()

        stack = cdk.Stack.of(self)
        self.endpoint = RegionalEndpoint(
            region=stack.region,
            domain_name=domain.attr_regional_domain_name,
            hosted_zone_id=domain.attr_regional_hosted_zone_id,
            api=f"https://{api_id}.execute-api.{stack.region}.{stack.url_suffix}/{stage}/",
        )
        publish(
            self,
            suffix=suffix,
            layer="route53",
            values={
                "domain-name": if_given(name),
                "regional-domain-name": if_given(self.endpoint.domain_name),
                "regional-hosted-zone-id": if_given(self.endpoint.hosted_zone_id),
            },
        )


class DnsRecord(Construct):
    """The launch region's half where it alone has an API: one alias record, which a restore changes.

    Args:
        suffix: The environment suffix.
        zone_id: The parent zone's id; may be empty, and then nothing is made.
        zone_name: Its name, without a dot at the end.
        endpoint: This region's endpoint.

    Attributes:
        url: The address of the API, or ``none``.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        zone_id: str,
        zone_name: str,
        endpoint: RegionalEndpoint,
    ) -> None:
        super().__init__(scope, construct_id)
        zone = given(self, zone_id=zone_id)
        name = names.api_domain(suffix=suffix, zone_name=zone_name)
        record = route53.CfnRecordSet(
            self,
            "Record",
            hosted_zone_id=zone_id,
            name=name,
            type="A",
            alias_target=route53.CfnRecordSet.AliasTargetProperty(
                dns_name=endpoint.domain_name,
                hosted_zone_id=endpoint.hosted_zone_id,
                evaluate_target_health=False,
            ),
        )
        record.cfn_options.condition = zone
        self.url = cdk.Fn.condition_if(zone.logical_id, f"https://{name}/", NONE).to_string()
        publish(self, suffix=suffix, layer="route53", values={"url": self.url})


class DnsRecords(Construct):
    """The launch region's half: two alias records of one name, each with its health check.

    An alias record's TTL is its target's: 60 seconds for API Gateway. The alarms of ``ControlMetric``
    must be there already.

    Args:
        suffix: The environment suffix.
        zone_id: The parent zone's id; may be empty, and then nothing is made.
        zone_name: Its name, without a dot at the end.
        launch: The launch region's endpoint, which answers while its health check is good.
        peer: The peer's, which answers otherwise.
        peer_weight: ``"0"`` (default) for failover records; ``"1"`` to ``"255"`` for weighted ones, as
            the peer's share against the launch region's 100. A record of weight 0 would answer only
            when all others are unhealthy, so 0 is no weight here.
        routing: By default one region serves, and the records follow the control metric alone. Where both
            do, ``"weighted"`` or ``"latency"``: each record then needs its region's API to say that it is
            ready as well; ``peer_weight`` must be a weight, and both endpoints must name their ``api``.

    Attributes:
        url: The address of the API in whichever region serves, or ``none``.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        suffix: str,
        zone_id: str,
        zone_name: str,
        launch: RegionalEndpoint,
        peer: RegionalEndpoint,
        peer_weight: str = "0",
        routing: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        zone = given(self, zone_id=zone_id)
        _check(routing, (launch, peer))
        policies = (
            _one_serves(self, peer_weight)
            if routing is None
            else _both_serve(self, routing, (launch.region, peer.region), peer_weight)
        )
        name = names.api_domain(suffix=suffix, zone_name=zone_name)
        for word, endpoint, policy in zip(
            ("Launch", "Peer"), (launch, peer), policies, strict=True
        ):
            control = _control_check(self, word, suffix, endpoint, alarms_in=peer.region)
            checks = [control] if routing is None else _with_endpoint(self, word, control, endpoint)
            record = route53.CfnRecordSet(
                self,
                f"{word}Record",
                hosted_zone_id=zone_id,
                name=name,
                type="A",
                set_identifier=endpoint.region,
                health_check_id=checks[-1].attr_health_check_id,
                alias_target=route53.CfnRecordSet.AliasTargetProperty(
                    dns_name=endpoint.domain_name,
                    hosted_zone_id=endpoint.hosted_zone_id,
                    evaluate_target_health=False,
                ),
            )
            for key, value in policy.items():
                record.add_property_override(key, value)
            for resource in (*checks, record):
                resource.cfn_options.condition = zone
        self.url = cdk.Fn.condition_if(zone.logical_id, f"https://{name}/", NONE).to_string()
        publish(self, suffix=suffix, layer="route53", values={"url": self.url})


def _check(routing: str | None, endpoints: tuple[RegionalEndpoint, ...]) -> None:
    """Refuse records of two regions that serve which can't be made."""
    if routing is None:
        return
    known = (WEIGHTED, LATENCY)
    if not cdk.Token.is_unresolved(routing) and routing not in known:
        raise DefinitionError(
            f"'{routing}' is no way to share callers out between two regions",
            hint=f"give DnsRecords the routing {' or '.join(known)}, or none where one region serves",
        )
    if not all(endpoint.api for endpoint in endpoints):
        raise DefinitionError(
            "a region that serves beside the other has no API to be asked",
            why="its record follows what its own /ready answers",
            hint="give each RegionalEndpoint its api, the address that ends in the stage and '/'",
        )


def _control_check(
    scope: Construct, word: str, suffix: str, endpoint: RegionalEndpoint, *, alarms_in: str
) -> route53.CfnHealthCheck:
    """Good while the control metric says that this region serves."""
    alarm = names.SERVING_ALARM.of(suffix=suffix, region=endpoint.region)
    return route53.CfnHealthCheck(
        scope,
        f"{word}Check",
        health_check_config=route53.CfnHealthCheck.HealthCheckConfigProperty(
            type="CLOUDWATCH_METRIC",
            alarm_identifier=route53.CfnHealthCheck.AlarmIdentifierProperty(
                name=alarm, region=alarms_in
            ),
            # Silence moves nothing.
            insufficient_data_health_status="LastKnownStatus",
        ),
        health_check_tags=[_named(alarm)],
    )


def _with_endpoint(
    scope: Construct, word: str, control: route53.CfnHealthCheck, endpoint: RegionalEndpoint
) -> list[route53.CfnHealthCheck]:
    """The checks of a region that serves beside the other; the last needs the two before it."""
    host, stage = (cdk.Fn.select(at, cdk.Fn.split("/", endpoint.api)) for at in (2, 3))
    ready = route53.CfnHealthCheck(
        scope,
        f"{word}Endpoint",
        health_check_config=route53.CfnHealthCheck.HealthCheckConfigProperty(
            type="HTTPS",
            fully_qualified_domain_name=host,
            port=443,
            resource_path=f"/{stage}/ready",
            enable_sni=True,
            request_interval=CHECK_SECONDS,
            failure_threshold=CHECK_FAILURES,
        ),
        health_check_tags=[_named(f"{host} is ready")],
    )
    both = route53.CfnHealthCheck(
        scope,
        f"{word}Serves",
        health_check_config=route53.CfnHealthCheck.HealthCheckConfigProperty(
            type="CALCULATED",
            child_health_checks=[each.attr_health_check_id for each in (control, ready)],
            health_threshold=2,
        ),
        health_check_tags=[_named(f"{host} is ready and in service")],
    )
    return [control, ready, both]


def _one_serves(scope: Construct, peer_weight: str) -> list[_Policy]:
    """Failover or weighted records; which may be known only when it is launched."""
    shares = (("PRIMARY", str(LAUNCH_WEIGHT)), ("SECONDARY", peer_weight))
    if not cdk.Token.is_unresolved(peer_weight):
        return [
            {"Failover": failover} if peer_weight == "0" else {"Weight": weight}
            for failover, weight in shares
        ]
    weighted = cdk.CfnCondition(
        scope,
        "Weighted",
        expression=cdk.Fn.condition_not(cdk.Fn.condition_equals(peer_weight, "0")),
    )
    return [
        {
            "Failover": _if(weighted, cdk.Aws.NO_VALUE, failover),
            "Weight": _if(weighted, weight, cdk.Aws.NO_VALUE),
        }
        for failover, weight in shares
    ]


def _both_serve(
    scope: Construct, routing: str, regions: tuple[str, str], peer_weight: str
) -> list[_Policy]:
    """Weighted or latency records; which may be known only when it is launched."""
    shares = tuple(zip((str(LAUNCH_WEIGHT), peer_weight), regions, strict=True))
    if not cdk.Token.is_unresolved(routing):
        policy, at = {WEIGHTED: ("Weight", 0), LATENCY: ("Region", 1)}[routing]
        return [{policy: share[at]} for share in shares]
    latency = cdk.CfnCondition(
        scope, "Latency", expression=cdk.Fn.condition_equals(routing, LATENCY)
    )
    return [
        {
            "Weight": _if(latency, cdk.Aws.NO_VALUE, weight),
            "Region": _if(latency, region, cdk.Aws.NO_VALUE),
        }
        for weight, region in shares
    ]


def _named(name: str) -> route53.CfnHealthCheck.HealthCheckTagProperty:
    return route53.CfnHealthCheck.HealthCheckTagProperty(key="Name", value=name)


def _if(condition: cdk.CfnCondition, yes: str, no: str) -> cdk.ICfnRuleConditionExpression:
    return cdk.Fn.condition_if(condition.logical_id, yes, no)
