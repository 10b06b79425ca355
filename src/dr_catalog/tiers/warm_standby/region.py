"""What both regions have alike: the way into the ledger, and the alarms."""

from __future__ import annotations

from aws_cdk import aws_kms as kms

from ... import names
from ...layers import (
    BackupFailures,
    Documents,
    GlobalDatabase,
    GlobalDatabaseReader,
    LedgerAccess,
    Monitoring,
    Placement,
    Role,
    TransactionApi,
    Watched,
)
from ..template import TierTemplate


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
