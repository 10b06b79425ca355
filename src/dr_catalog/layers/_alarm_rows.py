"""The alarms of a launch, as rows: adding one is adding a row.

A metric is watched where it appears, which is not always where one would look: Aurora's lag is
published in the secondary's region; DynamoDB's in the region that sends; S3's latency and backlog in
the region of the *destination* bucket, but its failures in that of the source.

See https://docs.aws.amazon.com/AmazonS3/latest/userguide/repl-metrics.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ._alarm import Alarm

Role = Literal["launch", "peer"]
ROLES: tuple[Role, ...] = ("launch", "peer")

MINUTE, FIVE_MINUTES, HOUR = 60, 300, 3600
DATABASE, TABLE, DOCUMENTS = "Database replication", "Table replication", "Document replication"
BACKUP, FUNCTIONS, API = "Backup", "Functions", "API"


@dataclass(frozen=True)
class Thresholds:
    """When each alarm goes off.

    Args:
        database_lag_ms: Milliseconds the secondary cluster is behind, as readers see it.
        database_loss_ms: Milliseconds of commits that a failover would lose.
        table_latency_ms: Milliseconds until an item is in the other region.
        documents_latency_seconds: Seconds the newest document is behind; replication time control
            promises 900.
        documents_pending_bytes: Bytes that wait for replication.
        documents_failed: Documents that failed to replicate in five minutes.
        hours_without_backup: Hours without a recovery point: interval, start window and job.
        hours_without_copy: Hours without a copy in the other region.
        function_errors: Invocations that failed in five minutes.
        function_throttles: Invocations turned away in five minutes.
        server_errors_percent: Per cent of requests answered with 5xx.
    """

    database_lag_ms: float = 5_000
    database_loss_ms: float = 30_000
    table_latency_ms: float = 30_000
    documents_latency_seconds: float = 900
    documents_pending_bytes: float = 1_000_000_000
    documents_failed: float = 1
    hours_without_backup: int = 3
    hours_without_copy: int = 4
    function_errors: float = 1
    function_throttles: float = 1
    server_errors_percent: float = 5


@dataclass(frozen=True)
class Documents:
    """The two buckets and the rule, the same both ways.

    Args:
        bucket: The bucket in this region.
        peer_bucket: The bucket in the other.
        rule: The id of the replication rule.
    """

    bucket: str
    peer_bucket: str
    rule: str = "to-peer"


@dataclass(frozen=True)
class Watched:
    """What one region has; what is left out is not watched.

    Args:
        table: The global table.
        documents: The buckets.
        cluster: The Aurora cluster in this region.
        vault: The backup vault in this region.
        copied: Whether its recovery points are copied to the other region.
        functions: Functions in this region, by a word that names them in an alarm.
        api: The REST API's name in this region.
        stage: Its stage.
    """

    table: str = ""
    documents: Documents | None = None
    cluster: str = ""
    vault: str = ""
    copied: bool = True
    functions: Mapping[str, str] = field(default_factory=dict)
    api: str = ""
    stage: str = "live"


def alarms(
    *, role: Role, watched: Watched, peer_region: str | None, thresholds: Thresholds
) -> tuple[Alarm, ...]:
    """The rows of one region.

    Args:
        role: ``launch`` for the region of the launch, ``peer`` for the other.
        watched: What the region has.
        peer_region: The other region; None where nothing is replicated to it.
        thresholds: When they go off.
    """
    return (
        *(_database(watched, thresholds, peer_region) if peer_region and role == "peer" else ()),
        *(_table(watched, thresholds, peer_region) if peer_region else ()),
        *_documents(watched, thresholds),
        *(_backups(watched, thresholds) if role == "launch" else ()),
        *_backup_failures(watched),
        *_functions(watched, thresholds),
        *_api(watched, thresholds),
    )


def _database(watched: Watched, limits: Thresholds, peer_region: str) -> Iterator[Alarm]:
    """Only the secondary has these metrics: the peer, until the regions change roles.

    They are told apart by the region they come from as well, and no alarm sees them without it.
    """
    if not watched.cluster:
        return
    for name, metric, threshold, why in (
        (
            "database-lag",
            "AuroraGlobalDBReplicationLag",
            limits.database_lag_ms,
            "Readers here see old data. Look at the writer's load and at the replicated write volume.",
        ),
        (
            "database-loss",
            "AuroraGlobalDBRPOLag",
            limits.database_loss_ms,
            "A failover now would lose this many milliseconds of commits: do not fail over lightly, "
            "and look at the writer's load.",
        ),
    ):
        yield Alarm(
            name=name,
            group=DATABASE,
            namespace="AWS/RDS",
            metric=metric,
            dimensions={"DBClusterIdentifier": watched.cluster, "SourceRegion": peer_region},
            statistic="Maximum",
            unit="ms",
            period=MINUTE,
            comparison="GreaterThanThreshold",
            threshold=threshold,
            periods=5,
            missing="notBreaching",  # once this region is the writer there is no lag to measure
            why=why,
        )


def _table(watched: Watched, limits: Thresholds, peer_region: str) -> Iterator[Alarm]:
    if watched.table:
        yield Alarm(
            name="table-latency",
            group=TABLE,
            namespace="AWS/DynamoDB",
            metric="ReplicationLatency",
            dimensions={"TableName": watched.table, "ReceivingRegion": peer_region},
            statistic="Average",
            unit="ms",
            period=MINUTE,
            comparison="GreaterThanThreshold",
            threshold=limits.table_latency_ms,
            periods=5,
            missing="notBreaching",  # measured only while this region writes
            why="Items written here reach the other region late: a failover now would lose the last "
            "ones. Look at the health of both regions and at throttled writes.",
        )


def _documents(watched: Watched, limits: Thresholds) -> Iterator[Alarm]:
    if watched.documents is None:
        return
    here, there, rule = (
        watched.documents.bucket,
        watched.documents.peer_bucket,
        watched.documents.rule,
    )
    inbound = {"SourceBucket": there, "DestinationBucket": here, "RuleId": rule}
    outbound = {"SourceBucket": here, "DestinationBucket": there, "RuleId": rule}
    yield Alarm(
        name="documents-latency",
        group=DOCUMENTS,
        namespace="AWS/S3",
        metric="ReplicationLatency",
        dimensions=inbound,
        statistic="Maximum",
        unit="s",
        period=MINUTE,
        comparison="GreaterThanThreshold",
        threshold=limits.documents_latency_seconds,
        periods=5,
        missing="notBreaching",
        why="Documents written in the other region come later than replication time control "
        "promises: a failover now would miss the newest.",
    )
    yield Alarm(
        name="documents-pending",
        group=DOCUMENTS,
        namespace="AWS/S3",
        metric="BytesPendingReplication",
        dimensions=inbound,
        statistic="Maximum",
        unit="bytes",
        period=MINUTE,
        comparison="GreaterThanThreshold",
        threshold=limits.documents_pending_bytes,
        periods=15,
        missing="notBreaching",
        why="Documents pile up on their way into this region. Look for a burst of uploads.",
    )
    yield Alarm(
        name="documents-failed",
        group=DOCUMENTS,
        namespace="AWS/S3",
        metric="OperationsFailedReplication",
        dimensions=outbound,
        statistic="Sum",
        unit="documents",
        period=FIVE_MINUTES,
        comparison="GreaterThanOrEqualToThreshold",
        threshold=limits.documents_failed,
        periods=1,
        missing="notBreaching",
        why="Documents written here failed to replicate and are not tried again. Look at the "
        "replication role and both keys, then run a batch replication.",
    )


def _backups(watched: Watched, limits: Thresholds) -> Iterator[Alarm]:
    """A backup that never began fails nowhere: its absence is what is noticed."""
    if not watched.vault:
        return
    absent = (
        (
            "backup-absent",
            "NumberOfBackupJobsCompleted",
            limits.hours_without_backup,
            "No recovery point for hours (or, after a launch, not yet). Look at the plan's jobs, at "
            "the tags dr:suffix and dr:backup, and at the role.",
        ),
        (
            "copy-absent",
            "NumberOfCopyJobsCompleted",
            limits.hours_without_copy,
            "No recovery point reached the other region for hours (or, after a launch, not yet). Look "
            "at the copy jobs; tables need the account's advanced features.",
        ),
    )
    for name, metric, hours, why in absent if watched.copied else absent[:1]:
        yield Alarm(
            name=name,
            group=BACKUP,
            namespace="AWS/Backup",
            metric=metric,
            dimensions={"BackupVaultName": watched.vault},
            statistic="Sum",
            unit="jobs",
            period=HOUR,
            comparison="LessThanThreshold",
            threshold=1,
            periods=hours,
            missing="breaching",
            why=why,
        )


def _backup_failures(watched: Watched) -> Iterator[Alarm]:
    if not watched.vault:
        return
    for name, metric, why in (
        ("backup-failed", "NumberOfBackupJobsFailed", "A backup job failed."),
        (
            "backup-expired",
            "NumberOfBackupJobsExpired",
            "A backup job did not begin within its start window.",
        ),
        (
            "backup-aborted",
            "NumberOfBackupJobsAborted",
            "A backup job was stopped, or did not end within its completion window.",
        ),
        ("copy-failed", "NumberOfCopyJobsFailed", "A copy to the other region failed."),
    ):
        yield Alarm(
            name=name,
            group=BACKUP,
            namespace="AWS/Backup",
            metric=metric,
            dimensions={"BackupVaultName": watched.vault},
            statistic="Sum",
            unit="jobs",
            period=FIVE_MINUTES,
            comparison="GreaterThanOrEqualToThreshold",
            threshold=1,
            periods=1,
            missing="notBreaching",
            why=f"{why} The job's status message says why.",
        )


def _functions(watched: Watched, limits: Thresholds) -> Iterator[Alarm]:
    for word, function in watched.functions.items():
        for name, metric, threshold, why in (
            (
                "errors",
                "Errors",
                limits.function_errors,
                "An invocation raised or ran out of time. Look at the function's log.",
            ),
            (
                "throttles",
                "Throttles",
                limits.function_throttles,
                "Invocations were turned away: the account's concurrency is used up, or the "
                "function is fenced.",
            ),
        ):
            yield Alarm(
                name=f"{word}-{name}",
                group=FUNCTIONS,
                namespace="AWS/Lambda",
                metric=metric,
                dimensions={"FunctionName": function},
                statistic="Sum",
                unit="invocations",
                period=FIVE_MINUTES,
                comparison="GreaterThanOrEqualToThreshold",
                threshold=threshold,
                periods=1,
                missing="notBreaching",
                why=why,
            )


def _api(watched: Watched, limits: Thresholds) -> Iterator[Alarm]:
    if watched.api:
        yield Alarm(
            name="api-server-errors",
            group=API,
            namespace="AWS/ApiGateway",
            metric="5XXError",
            dimensions={"ApiName": watched.api, "Stage": watched.stage},
            statistic="Average",  # of zeroes and ones: the share of requests
            unit="share of requests",
            period=FIVE_MINUTES,
            comparison="GreaterThanThreshold",
            threshold=limits.server_errors_percent / 100,
            periods=1,
            missing="notBreaching",
            why="Too many requests are answered with 5xx. Look at the processor's log and at /ready.",
        )
