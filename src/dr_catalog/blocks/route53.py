"""One name for both APIs: a domain in each region, the metric that says who serves, and the records."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_sns as sns

from ..layers import ApiDomain, ControlMetric, DnsRecords, RegionalEndpoint
from ..layers.compute import STAGE
from ..tiers import parameters as given
from ..tiers.template import ASSET_BUCKET_PREFIX, PrimaryTemplate, TierTemplate
from . import parameters as told
from .layer import Half, Launch, Layer, Needs, key_of


def _primary(launch: Launch) -> None:
    stack = launch.stack
    zone_id, zone_name = stack.value(given.ZONE_ID), stack.value(given.ZONE_NAME)
    _whole_zone(stack, zone_id, zone_name)
    domain = _domain(stack, zone_id, zone_name, launch.here("compute", "endpoint"))
    weighted = cdk.CfnCondition(
        stack,
        "Weighted",
        expression=cdk.Fn.condition_not(
            cdk.Fn.condition_equals(stack.value(given.PEER_WEIGHT), "0")
        ),
    )
    workload = launch.bring_up(
        "workload",
        {
            given.ASSET_BUCKET_PREFIX: ASSET_BUCKET_PREFIX,
            given.KEY_ID: launch.key_id,
            given.LAUNCH_REGION: launch.region,
            given.ZONE_ID: zone_id,
            given.ZONE_NAME: zone_name,
            given.SERVING_REGIONS: cdk.Fn.condition_if(
                weighted.logical_id, f"{launch.region},{launch.peer_region}", launch.region
            ).to_string(),
            told.API_ENDPOINT: launch.there("compute", "endpoint"),
            told.TOPIC_ARN: launch.there("monitoring", "topic-arn"),
        },
    )
    there = launch.own_there("regional-domain-name", "regional-hosted-zone-id", after=workload)
    dns = DnsRecords(
        stack,
        "Dns",
        suffix=launch.suffix,
        zone_id=zone_id,
        zone_name=zone_name,
        launch=domain.endpoint,
        peer=RegionalEndpoint(
            region=launch.peer_region,
            domain_name=there["regional-domain-name"],
            hosted_zone_id=there["regional-hosted-zone-id"],
        ),
        peer_weight=stack.value(given.PEER_WEIGHT),
    )
    dns.node.add_dependency(workload)  # its health checks follow alarms there
    launch.output("Url", dns.url, "The API's name in whichever region serves; none without a zone")


def _peer(stack: TierTemplate) -> None:
    zone_id = stack.value(given.ZONE_ID)
    _domain(stack, zone_id, stack.value(given.ZONE_NAME), stack.value(told.API_ENDPOINT))
    ControlMetric(
        stack,
        "Control",
        suffix=stack.suffix,
        key=key_of(stack),
        launch_region=stack.value(given.LAUNCH_REGION),
        zone_id=zone_id,
        serving=stack.value(given.SERVING_REGIONS),
        topics=[sns.Topic.from_topic_arn(stack, "Topic", stack.value(told.TOPIC_ARN))],
    )


def _domain(stack: TierTemplate, zone_id: str, zone_name: str, endpoint: str) -> ApiDomain:
    """The domain in front of the API whose address, ``https://<id>.<...>/``, is ``endpoint``."""
    host = cdk.Fn.select(2, cdk.Fn.split("/", endpoint))
    return ApiDomain(
        stack,
        "Domain",
        suffix=stack.suffix,
        zone_id=zone_id,
        zone_name=zone_name,
        api_id=cdk.Fn.select(0, cdk.Fn.split(".", host)),
        stage=STAGE,
    )


def _whole_zone(stack: PrimaryTemplate, zone_id: str, zone_name: str) -> None:
    """A zone's id and its name are given together, or neither is."""
    without = [cdk.Fn.condition_equals(value, "") for value in (zone_id, zone_name)]
    both = [cdk.Fn.condition_not(each) for each in without]
    cdk.CfnRule(
        stack,
        "WholeZone",
        assertions=[
            cdk.CfnRuleAssertion(
                assert_=cdk.Fn.condition_or(
                    cdk.Fn.condition_and(*without), cdk.Fn.condition_and(*both)
                ),
                assert_description="ZoneId and ZoneName belong together: give both, or neither",
            )
        ],
    )


LAYER = Layer(
    name="route53",
    description="DNS: one name for both APIs, and the switch it follows",
    needs=(
        Needs("kms", launch=("key-arn",), peer=("key-arn",)),
        Needs("compute", launch=("endpoint",), peer=("endpoint",)),
        Needs("monitoring", peer=("topic-arn",)),
    ),
    parameters=(given.ZONE_ID, given.ZONE_NAME, given.PEER_WEIGHT),
    primary=_primary,
    halves={
        "workload": Half(
            (
                given.ASSET_BUCKET_PREFIX,
                given.KEY_ID,
                given.LAUNCH_REGION,
                given.ZONE_ID,
                given.ZONE_NAME,
                given.SERVING_REGIONS,
                told.API_ENDPOINT,
                told.TOPIC_ARN,
            ),
            _peer,
        )
    },
)
