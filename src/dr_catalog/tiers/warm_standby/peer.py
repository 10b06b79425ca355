"""The peer region: what the launch region's data needs there first, and what runs there then."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_kms as kms

from ... import names
from ...layers import (
    ApiDomain,
    BackupPlan,
    BackupVault,
    ControlMetric,
    GlobalDatabaseReader,
    GlobalTableReplica,
    Network,
    PeeringRequest,
    Placement,
    Probe,
    Recovery,
    RecoveryState,
    ReplicaBucket,
    ReplicaKey,
    RestoredDatabase,
    RestoreTesting,
    ReverseReplication,
    TransactionApi,
)
from ...layers.kms import arn_in
from .. import parameters as given
from ..template import TierTemplate
from .region import ledger_access, monitor, recovered, traffic


def foundation(app: cdk.App, construct_id: str, *, tier: str) -> cdk.Stack:
    """The peer region's key, network, vault and bucket."""
    stack = TierTemplate(
        app,
        construct_id,
        tier=tier,
        description="Warm standby, peer region: key, network, vault and documents",
        parameters=(
            given.PRIMARY_KEY_ARN,
            given.LAUNCH_REGION,
            given.LAUNCH_VPC_ID,
            given.LAUNCH_RANGE,
            given.RANGE,
            given.ZONES,
            given.NAT_PER_ZONE,
            given.VAULT_LOCK,
        ),
    )
    suffix, launch_range = stack.suffix, stack.value(given.LAUNCH_RANGE)
    key = ReplicaKey(
        stack, "Key", suffix=suffix, primary_key_arn=stack.value(given.PRIMARY_KEY_ARN)
    ).key
    network = Network(
        stack,
        "Network",
        suffix=suffix,
        cidr=stack.value(given.RANGE),
        peer_cidr=launch_range,
        key=key,
        nat_per_zone=stack.value(given.NAT_PER_ZONE),
        zones=stack.value(given.ZONES),
    )
    PeeringRequest(
        stack,
        "Peering",
        suffix=suffix,
        vpc_id=network.vpc_id,
        route_tables=network.route_tables,
        peer_vpc_id=stack.value(given.LAUNCH_VPC_ID),
        peer_region=stack.value(given.LAUNCH_REGION),
        peer_cidr=launch_range,
    )
    BackupVault(stack, "Vault", suffix=suffix, key=key, lock=stack.value(given.VAULT_LOCK))
    documents = ReplicaBucket(stack, "Documents", suffix=suffix, key=key)
    for name, value, description in (
        ("KeyArn", key.key_arn, "The customer key in this region"),
        ("BucketName", documents.bucket.bucket_name, "The documents in this region"),
        ("VpcId", network.vpc_id, "The network in this region"),
    ):
        cdk.CfnOutput(stack, name, value=value, description=description)
    return stack


def workload(app: cdk.App, construct_id: str, *, tier: str) -> cdk.Stack:
    """The peer region's reader, API, alarms, backup plan, recovery, and the replication rule back."""
    stack = TierTemplate(
        app,
        construct_id,
        tier=tier,
        description="Warm standby, peer region: reader, transaction API, alarms and recovery",
        parameters=(
            given.ASSET_BUCKET_PREFIX,
            given.LAUNCH_REGION,
            given.KEY_ID,
            given.LAUNCH_RANGE,
            given.VPC_ID,
            given.PRIVATE_SUBNET_IDS,
            given.ISOLATED_SUBNET_IDS,
            given.FUNCTION_SECURITY_GROUP_ID,
            given.WRITER_ENDPOINT,
            given.MIN_CAPACITY,
            given.MAX_CAPACITY,
            given.ZONE_ID,
            given.ZONE_NAME,
            given.SERVING_REGIONS,
            given.LAUNCH_ENDPOINT,
            given.FAILOVER_MODE,
            given.DETECTION_MINUTES,
            given.WITNESS_REGION,
        ),
    )
    suffix, launch_region = stack.suffix, stack.value(given.LAUNCH_REGION)
    key_id, zone_id = stack.value(given.KEY_ID), stack.value(given.ZONE_ID)
    functions = stack.value(given.FUNCTION_SECURITY_GROUP_ID)
    private_subnet_ids = stack.values(given.PRIVATE_SUBNET_IDS)
    launch_endpoint = stack.value(given.LAUNCH_ENDPOINT)
    key = kms.Key.from_key_arn(stack, "Key", arn_in(stack, region=stack.region, key_id=key_id))
    launch_key_arn = arn_in(stack, region=launch_region, key_id=key_id)
    table = GlobalTableReplica(stack, "Table", suffix=suffix, key=key)
    database = GlobalDatabaseReader(
        stack,
        "Database",
        suffix=suffix,
        key=key,
        vpc_id=stack.value(given.VPC_ID),
        isolated_subnet_ids=stack.values(given.ISOLATED_SUBNET_IDS),
        client_security_group_id=functions,
        peer_cidr=stack.value(given.LAUNCH_RANGE),
        writer_endpoint=stack.value(given.WRITER_ENDPOINT),
        min_capacity=stack.number(given.MIN_CAPACITY),
        max_capacity=stack.number(given.MAX_CAPACITY),
        deletion_protection=False,  # the delete guard's, once all is up
    )
    state = RecoveryState(stack, "RecoveryState", suffix=suffix, key=key)
    api = TransactionApi(
        stack,
        "Transactions",
        suffix=suffix,
        key=key,
        table=table.table,
        writer_region=launch_region,
        recovery_table=state.table,
        ledger=ledger_access(database, private_subnet_ids, functions),
    )
    ReverseReplication(
        stack,
        "Documents",
        suffix=suffix,
        key=key,
        peer_region=launch_region,
        peer_key_arn=launch_key_arn,
    )
    ApiDomain(
        stack,
        "Domain",
        suffix=suffix,
        zone_id=zone_id,
        zone_name=stack.value(given.ZONE_NAME),
        api_id=api.api.rest_api_id,
        stage=api.stage,
    )
    monitoring = monitor(stack, role="peer", key=key, peer_region=launch_region, api=api)
    control = ControlMetric(
        stack,
        "Control",
        suffix=suffix,
        key=key,
        launch_region=launch_region,
        zone_id=zone_id,
        serving=stack.value(given.SERVING_REGIONS),
        topics=[monitoring.topic],
    )
    BackupPlan(
        stack,
        "Backup",
        suffix=suffix,
        key=key,
        peer_region=launch_region,
        peer_key_arn=launch_key_arn,
        switched_on=False,
    )
    RestoreTesting(
        stack,
        "Testing",
        suffix=suffix,
        key=key,
        source_key_arn=launch_key_arn,
        database=RestoredDatabase(
            subnet_group=names.LEDGER.of(suffix=suffix),
            security_group_id=database.security_group_id,
        ),
    )
    Probe(
        stack,
        "Probe",
        suffix=suffix,
        key=key,
        peer_region=stack.region,
        launch_endpoint=launch_endpoint,
    )
    recovery = Recovery(
        stack,
        "Recovery",
        suffix=suffix,
        key=key,
        launch_key_arn=launch_key_arn,
        launch_region=launch_region,
        failover_mode=stack.value(given.FAILOVER_MODE),
        detection_minutes=stack.number(given.DETECTION_MINUTES),
        witness_region=stack.value(given.WITNESS_REGION),
        state=state.table,
        topic=monitoring.topic,
        recovered=recovered(
            stack,
            database,
            api=api,
            launch_region=launch_region,
            launch_endpoint=launch_endpoint,
            ready_capacity=stack.value(given.MIN_CAPACITY),
        ),
        traffic=traffic(stack, control, zone_name=stack.value(given.ZONE_NAME)),
        placement=Placement(private_subnet_ids, [functions]),
    )
    for name, value, description in (
        ("Endpoint", api.endpoint, "The transaction API in this region"),
        ("TableName", table.table.table_name, "The transactions table's replica"),
        ("ReaderEndpoint", database.reader_endpoint, "The database's readers in this region"),
        ("TopicArn", monitoring.topic.topic_arn, "Where this region's alarms are told"),
        ("StateMachineArn", recovery.machine_arn, "What recovers: failover, switchover, failback"),
    ):
        cdk.CfnOutput(stack, name, value=value, description=description)
    return stack
