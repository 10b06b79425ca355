"""Recovery: a probe in each region and in a third one, if given, and the machine in the peer."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_sns as sns

from .. import names
from ..layers import Placement, Probe, Recovered, RecoveredDatabase, Recovery, Traffic
from ..layers.aurora import USER
from ..layers.compute import STATUS_INDEX
from ..layers.route53 import NONE, SERVING_REGION
from ..tiers import parameters as given
from ..tiers.template import ASSET_BUCKET_PREFIX, TierTemplate
from ..tiers.warm_standby import RPO_SECONDS, RTO_SECONDS
from . import parameters as told
from .layer import Half, Launch, Layer, Needs, key_of, launch_key_arn


def _primary(launch: Launch) -> None:
    stack, there = launch.stack, launch.there
    endpoint = launch.here("compute", "endpoint")
    witness_region = stack.value(given.WITNESS_REGION)
    probe = Probe(
        stack,
        "Probe",
        suffix=launch.suffix,
        key=launch.key,
        peer_region=launch.peer_region,
        launch_endpoint=endpoint,
    )
    launch.bring_up(
        "witness",
        {given.VOTES_REGION: launch.peer_region, given.LAUNCH_ENDPOINT: endpoint},
        region=witness_region,
        condition=cdk.CfnCondition(
            stack,
            "Witnessed",
            expression=cdk.Fn.condition_not(cdk.Fn.condition_equals(witness_region, "")),
        ),
    )
    workload = launch.bring_up(
        "workload",
        {
            given.ASSET_BUCKET_PREFIX: ASSET_BUCKET_PREFIX,
            given.KEY_ID: launch.key_id,
            given.LAUNCH_REGION: launch.region,
            given.PRIVATE_SUBNET_IDS: there("vpc", "private-subnet-ids"),
            given.FUNCTION_SECURITY_GROUP_ID: there("vpc", "function-security-group-id"),
            given.LAUNCH_ENDPOINT: endpoint,
            told.API_ENDPOINT: there("compute", "endpoint"),
            told.DATABASE_PORT: there("aurora", "port"),
            told.DATABASE_NAME: there("aurora", "database"),
            told.TOPIC_ARN: there("monitoring", "topic-arn"),
            told.API_URL: launch.here("route53", "url"),
            given.MIN_CAPACITY: stack.value(given.MIN_CAPACITY),
            given.FAILOVER_MODE: stack.value(given.FAILOVER_MODE),
            given.DETECTION_MINUTES: stack.value(given.DETECTION_MINUTES),
            given.WITNESS_REGION: witness_region,
        },
        # The probe goes after it, so that a launch that is deleted does not look like one that is down.
        after=[probe],
    )
    machine = launch.own_there("state-machine-arn", after=workload)
    launch.output(
        "StateMachineArn", machine["state-machine-arn"], "What recovers, in the peer region"
    )


def _witness(stack: TierTemplate) -> None:
    Probe(
        stack,
        "Probe",
        suffix=stack.suffix,
        key=None,
        peer_region=stack.value(given.VOTES_REGION),
        launch_endpoint=stack.value(given.LAUNCH_ENDPOINT),
    )


def _peer(stack: TierTemplate) -> None:
    suffix, key, launch_region = stack.suffix, key_of(stack), stack.value(given.LAUNCH_REGION)
    Probe(
        stack,
        "Probe",
        suffix=suffix,
        key=key,
        peer_region=stack.region,
        launch_endpoint=stack.value(given.LAUNCH_ENDPOINT),
    )
    Recovery(
        stack,
        "Recovery",
        suffix=suffix,
        key=key,
        launch_key_arn=launch_key_arn(stack),
        launch_region=launch_region,
        failover_mode=stack.value(given.FAILOVER_MODE),
        detection_minutes=stack.number(given.DETECTION_MINUTES),
        witness_region=stack.value(given.WITNESS_REGION),
        state=dynamodb.Table.from_table_attributes(
            stack, "State", table_name=names.RECOVERY_STATE.of(suffix=suffix), encryption_key=key
        ),
        topic=sns.Topic.from_topic_arn(stack, "Topic", stack.value(told.TOPIC_ARN)),
        recovered=_recovered(stack, launch_region),
        traffic=_traffic(stack),
        placement=Placement(
            stack.values(given.PRIVATE_SUBNET_IDS),
            [stack.value(given.FUNCTION_SECURITY_GROUP_ID)],
        ),
    )


def _recovered(stack: TierTemplate, launch_region: str) -> Recovered:
    suffix = stack.suffix
    launch_bucket, peer_bucket = (
        names.BUCKET.of(suffix=suffix, account=stack.account, region=region)
        for region in (launch_region, stack.region)
    )
    launch_cluster, peer_cluster = (
        names.LEDGER_CLUSTER.of(suffix=suffix, region=region)
        for region in (launch_region, stack.region)
    )
    return Recovered(
        table=names.TABLE.of(suffix=suffix),
        status_index=STATUS_INDEX,
        launch_bucket=launch_bucket,
        peer_bucket=peer_bucket,
        launch_endpoint=stack.value(given.LAUNCH_ENDPOINT),
        peer_endpoint=stack.value(told.API_ENDPOINT),
        processor=names.PROCESSOR.of(suffix=suffix),
        rpo_seconds=RPO_SECONDS,
        rto_seconds=RTO_SECONDS,
        database=RecoveredDatabase(
            global_cluster=names.LEDGER.of(suffix=suffix),
            launch_cluster=launch_cluster,
            peer_cluster=peer_cluster,
            port=stack.value(told.DATABASE_PORT),
            database=stack.value(told.DATABASE_NAME),
            user=USER,
            ready_capacity=stack.value(given.MIN_CAPACITY),
        ),
    )


def _traffic(stack: TierTemplate) -> Traffic:
    """What moves traffic, where the API has a name."""
    url = stack.value(told.API_URL)
    named = cdk.CfnCondition(
        stack, "Named", expression=cdk.Fn.condition_not(cdk.Fn.condition_equals(url, NONE))
    )

    def where_named(value: str) -> str:
        return cdk.Fn.condition_if(named.logical_id, value, "").to_string()

    serving = names.parameter(suffix=stack.suffix, layer="route53", name=SERVING_REGION)
    return Traffic(
        serving_parameter=where_named(serving),
        control_metric=where_named(names.CONTROL_METRIC.of(suffix=stack.suffix)),
        url=where_named(url),
    )


LAYER = Layer(
    name="recovery",
    description="Recovery: probes in both regions, and in the peer what fails over and back",
    needs=(
        Needs("kms", launch=("key-arn",), peer=("key-arn",)),
        Needs("vpc", peer=("private-subnet-ids", "function-security-group-id")),
        Needs("dynamodb", launch=("table-name",), peer=("table-name",)),
        Needs("s3", launch=("bucket-name",), peer=("bucket-name",)),
        Needs("aurora", launch=("cluster-id",), peer=("cluster-id", "port", "database")),
        Needs("compute", launch=("endpoint",), peer=("endpoint",)),
        Needs("monitoring", launch=("topic-arn",), peer=("topic-arn",)),
        Needs("route53", launch=("url",)),
    ),
    parameters=(
        given.MIN_CAPACITY,
        given.FAILOVER_MODE,
        given.DETECTION_MINUTES,
        given.WITNESS_REGION,
    ),
    primary=_primary,
    halves={
        "witness": Half((given.VOTES_REGION, given.LAUNCH_ENDPOINT), _witness),
        "workload": Half(
            (
                given.ASSET_BUCKET_PREFIX,
                given.KEY_ID,
                given.LAUNCH_REGION,
                given.PRIVATE_SUBNET_IDS,
                given.FUNCTION_SECURITY_GROUP_ID,
                given.LAUNCH_ENDPOINT,
                told.API_ENDPOINT,
                told.DATABASE_PORT,
                told.DATABASE_NAME,
                told.TOPIC_ARN,
                told.API_URL,
                given.MIN_CAPACITY,
                given.FAILOVER_MODE,
                given.DETECTION_MINUTES,
                given.WITNESS_REGION,
            ),
            _peer,
        ),
    },
    holds="recovery",
)
