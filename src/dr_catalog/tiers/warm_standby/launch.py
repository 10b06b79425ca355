"""The launch region: the template a tenant launches, which brings up the peer at two points."""

from __future__ import annotations

import aws_cdk as cdk

from ... import names
from ...layers import (
    ApiDomain,
    BackupPlan,
    BackupVault,
    CidrPlan,
    DnsRecords,
    GlobalDatabase,
    GlobalTable,
    MultiRegionKey,
    Network,
    PeeringReturn,
    Probe,
    RecoveryState,
    RegionalEndpoint,
    ReplicatedBucket,
    TransactionApi,
)
from ...layers.kms import arn_in
from .. import parameters as given
from ..guard import DeleteGuard, GuardedStores
from ..peer import FOUNDATION, WITNESS, WORKLOAD, PeerParameters, PeerStackSet
from ..peer_undo import PeerUndo
from ..template import ASSET_BUCKET_PREFIX, CONTENT, PrimaryTemplate
from ..update_guard import UpdateGuard
from .region import ledger_access, monitor

LAUNCH_PARAMETERS = (
    given.PEER_REGION,
    given.CIDR,
    given.PEER_CIDR,
    given.ZONES,
    given.NAT_PER_ZONE,
    given.MIN_CAPACITY,
    given.MAX_CAPACITY,
    given.VAULT_LOCK,
    given.ZONE_ID,
    given.ZONE_NAME,
    given.PEER_WEIGHT,
    given.FAILOVER_MODE,
    given.DETECTION_MINUTES,
    given.WITNESS_REGION,
    given.DELETION_PROTECTION,
    given.ON_TERMINATION,
)
NETWORK_IDS = (
    "peering-id",
    "vpc-id",
    "private-subnet-ids",
    "isolated-subnet-ids",
    "function-security-group-id",
)


def primary(app: cdk.App, construct_id: str, *, tier: str) -> cdk.Stack:
    """The template a tenant launches."""
    stack = PrimaryTemplate(
        app,
        construct_id,
        tier=tier,
        description="Warm standby: database, table, documents and transaction API in two regions",
        parameters=LAUNCH_PARAMETERS,
    )
    suffix, region, peer_region = stack.suffix, stack.region, stack.value(given.PEER_REGION)
    zone_id, zone_name = stack.value(given.ZONE_ID), stack.value(given.ZONE_NAME)
    _whole_zone(stack, zone_id, zone_name)

    # 1. Key and network.
    multi_region_key = MultiRegionKey(stack, "Key", suffix=suffix)
    key, key_id = multi_region_key.key, multi_region_key.key_id
    peer_key_arn = arn_in(stack, region=peer_region, key_id=key_id)
    stores = GuardedStores.of(suffix=suffix, region=region, peer_region=peer_region)
    weighted = _weighted(stack)
    update_guard = UpdateGuard(
        stack,
        "UpdateGuard",
        suffix=suffix,
        peer_region=peer_region,
        key=key,
        content=CONTENT,
        fixed={
            names.SUFFIX_PARAMETER: suffix,
            "PeerRegion": peer_region,
            "Cidr": stack.value(given.CIDR),
            "PeerCidr": stack.value(given.PEER_CIDR),
            "Zones": stack.value(given.ZONES),
            "Records": _if(weighted, "weighted", "failover"),
        },
        parameters={row.name: stack.value(row) for row in LAUNCH_PARAMETERS},
        global_cluster=stores.global_cluster,
        recovery_table=stores.recovery_table,
        key_id=key_id,
    )
    ranges = CidrPlan(
        stack,
        "Ranges",
        suffix=suffix,
        key=key,
        peer_region=peer_region,
        cidr=stack.value(given.CIDR),
        peer_cidr=stack.value(given.PEER_CIDR),
        zones=stack.value(given.ZONES),
    )
    network = Network(
        stack,
        "Network",
        suffix=suffix,
        cidr=ranges.cidr,
        peer_cidr=ranges.peer_cidr,
        key=key,
        nat_per_zone=stack.value(given.NAT_PER_ZONE),
        zones=stack.value(given.ZONES),
    )

    # 2. The peer's foundation.
    undo = PeerUndo(
        stack,
        "Undo",
        suffix=suffix,
        peer_region=peer_region,
        key=key,
        key_id=key_id,
        stores=stores,
    )
    foundation = PeerStackSet(
        stack,
        "Foundation",
        kind=FOUNDATION,
        suffix=suffix,
        region=peer_region,
        undo=undo,
        parameters={
            given.SUFFIX: suffix,
            given.PRIMARY_KEY_ARN: key.key_arn,
            given.LAUNCH_REGION: region,
            given.LAUNCH_VPC_ID: network.vpc_id,
            given.LAUNCH_RANGE: ranges.cidr,
            given.RANGE: ranges.peer_cidr,
            given.ZONES: stack.value(given.ZONES),
            given.NAT_PER_ZONE: stack.value(given.NAT_PER_ZONE),
            given.VAULT_LOCK: stack.value(given.VAULT_LOCK),
        },
    )
    peer = PeerParameters(stack, "Peer", suffix=suffix, peer_region=peer_region, key=key)
    there = peer.read("Network", layer="vpc", names=NETWORK_IDS, after=foundation)
    peering = PeeringReturn(
        stack,
        "Peering",
        suffix=suffix,
        peering_id=there["peering-id"],
        peer_cidr=ranges.peer_cidr,
        route_tables=network.route_tables,
    )

    # 3. What replicates into it, and the API.
    vault = BackupVault(stack, "Vault", suffix=suffix, key=key, lock=stack.value(given.VAULT_LOCK))
    table = GlobalTable(
        stack,
        "Table",
        suffix=suffix,
        key=key,
        peer_region=peer_region,
        peer_key_arn=peer_key_arn,
        deletion_protection=False,  # the delete guard's, once all is up
    )
    documents = ReplicatedBucket(
        stack,
        "Documents",
        suffix=suffix,
        key=key,
        peer_region=peer_region,
        peer_key_arn=peer_key_arn,
    )
    database = GlobalDatabase(
        stack,
        "Database",
        suffix=suffix,
        key=key,
        peer_region=peer_region,
        peer_key_arn=peer_key_arn,
        vpc_id=network.vpc_id,
        private_subnet_ids=network.private_subnet_ids[:2],  # which are always there
        isolated_subnet_ids=network.isolated_subnet_ids,
        client_security_group_id=network.function_security_group_id,
        peer_cidr=ranges.peer_cidr,
        min_capacity=stack.number(given.MIN_CAPACITY),
        max_capacity=stack.number(given.MAX_CAPACITY),
        deletion_protection=False,  # likewise
    )
    database.set_up.node.add_dependency(network.ready)
    for layer in (table, documents, database):
        layer.node.add_dependency(foundation)
    state = RecoveryState(stack, "RecoveryState", suffix=suffix, key=key)
    api = TransactionApi(
        stack,
        "Transactions",
        suffix=suffix,
        key=key,
        table=table.table,
        writer_region=region,
        recovery_table=state.table,
        ledger=ledger_access(
            database, network.private_subnet_ids, network.function_security_group_id
        ),
    )
    domain = ApiDomain(
        stack,
        "Domain",
        suffix=suffix,
        zone_id=zone_id,
        zone_name=zone_name,
        api_id=api.api.rest_api_id,
        stage=api.stage,
    )

    probe = Probe(
        stack,
        "Probe",
        suffix=suffix,
        key=key,
        peer_region=peer_region,
        launch_endpoint=api.endpoint,
    )

    PeerStackSet(
        stack,
        "Witness",
        kind=WITNESS,
        suffix=suffix,
        region=stack.value(given.WITNESS_REGION),
        parameters={
            given.SUFFIX: suffix,
            given.VOTES_REGION: peer_region,
            given.LAUNCH_ENDPOINT: api.endpoint,
        },
        condition=_witnessed(stack),
    )

    # 4. The peer's workload.
    workload = PeerStackSet(
        stack,
        "Workload",
        kind=WORKLOAD,
        suffix=suffix,
        region=peer_region,
        undo=undo,
        parameters={
            given.SUFFIX: suffix,
            given.ASSET_BUCKET_PREFIX: ASSET_BUCKET_PREFIX,
            given.LAUNCH_REGION: region,
            given.KEY_ID: key_id,
            given.LAUNCH_RANGE: ranges.cidr,
            given.VPC_ID: there["vpc-id"],
            given.PRIVATE_SUBNET_IDS: there["private-subnet-ids"],
            given.ISOLATED_SUBNET_IDS: there["isolated-subnet-ids"],
            given.FUNCTION_SECURITY_GROUP_ID: there["function-security-group-id"],
            given.WRITER_ENDPOINT: database.writer_endpoint,
            given.MIN_CAPACITY: stack.value(given.MIN_CAPACITY),
            given.MAX_CAPACITY: stack.value(given.MAX_CAPACITY),
            given.ZONE_ID: zone_id,
            given.ZONE_NAME: zone_name,
            given.SERVING_REGIONS: _if(weighted, f"{region},{peer_region}", region),
            given.LAUNCH_ENDPOINT: api.endpoint,
            given.FAILOVER_MODE: stack.value(given.FAILOVER_MODE),
            given.DETECTION_MINUTES: stack.value(given.DETECTION_MINUTES),
            given.WITNESS_REGION: stack.value(given.WITNESS_REGION),
        },
        # Probe and state go after it, so that a launch that is deleted does not look like one that is down.
        after=(database, table, documents, vault, peering.ready, probe, state),
    )
    peer_api = peer.read("Endpoint", layer="compute", names=("endpoint",), after=workload)
    peer_domain = peer.read(
        "Domain",
        layer="route53",
        names=("regional-domain-name", "regional-hosted-zone-id"),
        after=workload,
    )

    # 5. What needs both regions.
    dns = DnsRecords(
        stack,
        "Dns",
        suffix=suffix,
        zone_id=zone_id,
        zone_name=zone_name,
        launch=domain.endpoint,
        peer=RegionalEndpoint(
            region=peer_region,
            domain_name=peer_domain["regional-domain-name"],
            hosted_zone_id=peer_domain["regional-hosted-zone-id"],
        ),
        peer_weight=stack.value(given.PEER_WEIGHT),
    )
    dns.node.add_dependency(workload)  # its health checks follow alarms there
    plan = BackupPlan(
        stack,
        "Backup",
        suffix=suffix,
        key=key,
        peer_region=peer_region,
        peer_key_arn=peer_key_arn,
        switched_on=True,
    )
    plan.node.add_dependency(vault, workload)
    monitoring = monitor(stack, role="launch", key=key, peer_region=peer_region, api=api)
    DeleteGuard(
        stack,
        "Guard",
        suffix=suffix,
        peer_region=peer_region,
        key=key,
        key_id=key_id,
        content=CONTENT,
        stores=stores,
        deletion_protection=stack.value(given.DELETION_PROTECTION),
        on_termination=stack.value(given.ON_TERMINATION),
    )
    update_guard.before(stack.node.children, besides=[multi_region_key])

    bucket_in_peer = names.BUCKET.of(suffix=suffix, account=stack.account, region=peer_region)
    for name, value, description in (
        ("Region", region, "The region that takes writes"),
        ("Endpoint", api.endpoint, "The transaction API in the launch region"),
        ("Url", dns.url, "The API's name in whichever region serves; none without a zone"),
        ("TableName", table.table_name, "The transactions table, the same in both regions"),
        ("BucketName", documents.bucket.bucket_name, "The documents in the launch region"),
        ("KeyArn", key.key_arn, "The customer key in the launch region"),
        ("VpcId", network.vpc_id, "The network in the launch region"),
        ("WriterEndpoint", database.writer_endpoint, "The database's writer, wherever it is"),
        ("ReaderEndpoint", database.reader_endpoint, "The database's readers here"),
        ("VaultName", vault.name, "The backup vault, the same name in both regions"),
        ("TopicArn", monitoring.topic.topic_arn, "Where the launch region's alarms are told"),
        ("PeerRegionName", peer_region, "The region that stands ready"),
        ("PeerEndpoint", peer_api["endpoint"], "The transaction API in the peer region"),
        ("PeerBucketName", bucket_in_peer, "The documents in the peer region"),
        ("PeerKeyArn", peer_key_arn, "The customer key in the peer region"),
        ("PeerVpcId", there["vpc-id"], "The network in the peer region"),
    ):
        cdk.CfnOutput(stack, name, value=value, description=description)
    return stack


def _whole_zone(stack: PrimaryTemplate, zone_id: str, zone_name: str) -> None:
    """A zone's id and its name are given together, or neither is."""
    empty, full = (
        [combine(cdk.Fn.condition_equals(value, "")) for value in (zone_id, zone_name)]
        for combine in (lambda condition: condition, cdk.Fn.condition_not)
    )
    cdk.CfnRule(
        stack,
        "WholeZone",
        assertions=[
            cdk.CfnRuleAssertion(
                assert_=cdk.Fn.condition_or(
                    cdk.Fn.condition_and(*empty), cdk.Fn.condition_and(*full)
                ),
                assert_description="ZoneId and ZoneName belong together: give both, or neither",
            )
        ],
    )


def _weighted(stack: PrimaryTemplate) -> cdk.CfnCondition:
    return cdk.CfnCondition(
        stack,
        "Weighted",
        expression=cdk.Fn.condition_not(
            cdk.Fn.condition_equals(stack.value(given.PEER_WEIGHT), "0")
        ),
    )


def _witnessed(stack: PrimaryTemplate) -> cdk.CfnCondition:
    return cdk.CfnCondition(
        stack,
        "Witnessed",
        expression=cdk.Fn.condition_not(
            cdk.Fn.condition_equals(stack.value(given.WITNESS_REGION), "")
        ),
    )


def _if(condition: cdk.CfnCondition, yes: str, no: str) -> str:
    return cdk.Fn.condition_if(condition.logical_id, yes, no).to_string()
