"""One name for both regions' APIs, and what decides which region it answers with.

Each region's API has the same custom domain, ``<suffix>.<zone>``, with a certificate of its own. The
record follows health checks on a *control metric* in the peer region, never the endpoints themselves:
a probe that fails must not move traffic before the data has moved. A failover changes the metric's
data, through no control plane. Without a parent zone none of this is made.

    ========  =====================
    launch    ApiDomain, DnsRecords
    peer      ApiDomain, ControlMetric
    ========  =====================

See https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-types.html
"""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53
from constructs import Construct

from .. import names
from ._control_metric import METRIC, NAMESPACE, SERVING_REGION, ControlMetric, serving_alarm
from ._parameters import publish
from ._zone import given

LAUNCH_WEIGHT = 100
NONE = "none"
"""What is published where there is no zone: an SSM parameter can't be empty."""

__all__ = [
    "METRIC",
    "NAMESPACE",
    "NONE",
    "SERVING_REGION",
    "ApiDomain",
    "ControlMetric",
    "DnsRecords",
    "RegionalEndpoint",
    "serving_alarm",
]


@dataclass(frozen=True)
class RegionalEndpoint:
    """One region's custom domain, as an alias record needs it.

    Args:
        region: The region.
        domain_name: API Gateway's own name for the domain there, ``d-....amazonaws.com``.
        hosted_zone_id: API Gateway's zone in that region.
    """

    region: str
    domain_name: str
    hosted_zone_id: str


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

        self.endpoint = RegionalEndpoint(
            region=cdk.Stack.of(self).region,
            domain_name=domain.attr_regional_domain_name,
            hosted_zone_id=domain.attr_regional_hosted_zone_id,
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
    ) -> None:
        super().__init__(scope, construct_id)
        zone = given(self, zone_id=zone_id)
        weighted = cdk.CfnCondition(
            self,
            "Weighted",
            expression=cdk.Fn.condition_not(cdk.Fn.condition_equals(peer_weight, "0")),
        )
        name = names.api_domain(suffix=suffix, zone_name=zone_name)
        for word, endpoint, failover, weight in (
            ("Launch", launch, "PRIMARY", str(LAUNCH_WEIGHT)),
            ("Peer", peer, "SECONDARY", peer_weight),
        ):
            alarm = names.SERVING_ALARM.of(suffix=suffix, region=endpoint.region)
            check = route53.CfnHealthCheck(
                self,
                f"{word}Check",
                health_check_config=route53.CfnHealthCheck.HealthCheckConfigProperty(
                    type="CLOUDWATCH_METRIC",
                    alarm_identifier=route53.CfnHealthCheck.AlarmIdentifierProperty(
                        name=alarm, region=peer.region
                    ),
                    # Silence moves nothing.
                    insufficient_data_health_status="LastKnownStatus",
                ),
                health_check_tags=[
                    route53.CfnHealthCheck.HealthCheckTagProperty(key="Name", value=alarm)
                ],
            )
            record = route53.CfnRecordSet(
                self,
                f"{word}Record",
                hosted_zone_id=zone_id,
                name=name,
                type="A",
                set_identifier=endpoint.region,
                health_check_id=check.attr_health_check_id,
                alias_target=route53.CfnRecordSet.AliasTargetProperty(
                    dns_name=endpoint.domain_name,
                    hosted_zone_id=endpoint.hosted_zone_id,
                    evaluate_target_health=False,
                ),
            )
            # One of the two policies: which one is known when it is launched.
            record.add_property_override("Failover", _if(weighted, cdk.Aws.NO_VALUE, failover))
            record.add_property_override("Weight", _if(weighted, weight, cdk.Aws.NO_VALUE))
            for resource in (check, record):
                resource.cfn_options.condition = zone
        self.url = cdk.Fn.condition_if(zone.logical_id, f"https://{name}/", NONE).to_string()
        publish(self, suffix=suffix, layer="route53", values={"url": self.url})


def _if(condition: cdk.CfnCondition, yes: str, no: str) -> cdk.ICfnRuleConditionExpression:
    return cdk.Fn.condition_if(condition.logical_id, yes, no)
