"""What both regions have alike: the way into the ledger, the alarms; and what a recovery is told of both."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_kms as kms

from ... import names
from ...layers import (
    BackupFailures,
    ControlMetric,
    Documents,
    GlobalDatabase,
    GlobalDatabaseReader,
    LedgerAccess,
    Monitoring,
    Placement,
    Recovered,
    RecoveredDatabase,
    Role,
    Traffic,
    TransactionApi,
    Watched,
)
from ...layers.compute import STATUS_INDEX
from ..template import TierTemplate

RPO_SECONDS = 60
"""Seconds of writes that a failover may lose: twice the lag at which the alarm on it goes off. Documents
follow within the 15 minutes of S3's replication time control, and most within seconds."""
RTO_SECONDS = 900
"""Seconds from the start of a failover until traffic has moved, where nobody is waited for: fence 60, an
instance that must be made 300, promotion 300, verification and DNS 240."""


def ledger_access(
    database: GlobalDatabase | GlobalDatabaseReader,
    subnet_ids: list[str],
    security_group_id: str,
) -> LedgerAccess:
    """How the processor of a region gets into the ledger, from these subnets."""
    return LedgerAccess(
        writer_endpoint=database.writer_endpoint,
        reader_endpoint=database.reader_endpoint,
        port=database.port,
        database=database.database,
        user=database.user,
        resource_id=database.resource_id,
        placement=Placement(subnet_ids, [security_group_id]),
    )


def monitor(
    stack: TierTemplate,
    *,
    role: Role,
    key: kms.IKey,
    peer_region: str,
    api: TransactionApi,
) -> Monitoring:
    """The alarms of a region, and its failed backups, on one topic."""
    suffix, region = stack.suffix, stack.region
    buckets = (
        names.BUCKET.of(suffix=suffix, account=stack.account, region=where)
        for where in (region, peer_region)
    )
    monitoring = Monitoring(
        stack,
        "Monitoring",
        suffix=suffix,
        role=role,
        key=key,
        peer_region=peer_region,
        watched=Watched(
            table=names.TABLE.of(suffix=suffix),
            documents=Documents(*buckets),
            cluster=names.LEDGER_CLUSTER.of(suffix=suffix, region=region),
            vault=names.VAULT.of(suffix=suffix),
            functions={"processor": api.function.function_name},
            api=names.API.of(suffix=suffix),
            stage=api.stage,
        ),
    )
    BackupFailures(stack, "Failures", suffix=suffix, topics=[monitoring.topic])
    return monitoring


def recovered(
    stack: TierTemplate,
    database: GlobalDatabaseReader,
    *,
    api: TransactionApi,
    launch_region: str,
    launch_endpoint: str,
    ready_capacity: str,
) -> Recovered:
    """What a recovery moves between the launch region and the peer, whose template this is."""
    suffix = stack.suffix
    launch, peer = launch_region, stack.region
    launch_bucket, peer_bucket = (
        names.BUCKET.of(suffix=suffix, account=stack.account, region=where)
        for where in (launch, peer)
    )
    return Recovered(
        table=names.TABLE.of(suffix=suffix),
        status_index=STATUS_INDEX,
        launch_bucket=launch_bucket,
        peer_bucket=peer_bucket,
        launch_endpoint=launch_endpoint,
        peer_endpoint=api.endpoint,
        processor=api.function.function_name,
        rpo_seconds=RPO_SECONDS,
        rto_seconds=RTO_SECONDS,
        database=RecoveredDatabase(
            global_cluster=names.LEDGER.of(suffix=suffix),
            launch_cluster=names.LEDGER_CLUSTER.of(suffix=suffix, region=launch),
            peer_cluster=names.LEDGER_CLUSTER.of(suffix=suffix, region=peer),
            port=database.port,
            database=database.database,
            user=database.user,
            ready_capacity=ready_capacity,
        ),
    )


def traffic(stack: TierTemplate, control: ControlMetric, *, zone_name: str) -> Traffic:
    """What moves traffic, where a zone is given."""

    def where_given(value: str) -> str:
        return cdk.Fn.condition_if(control.zone.logical_id, value, "").to_string()

    return Traffic(
        serving_parameter=where_given(control.parameter),
        control_metric=where_given(control.publisher),
        url=where_given(f"https://{names.api_domain(suffix=stack.suffix, zone_name=zone_name)}/"),
    )
