"""The global database on AWS.

A failover asks the region that takes over, a switchover that of the present writer, as Aurora wants it.

See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-disaster-recovery.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_signals import METRIC, NAMESPACE
from clients import calling, client
from ledger_access import LedgerAccess
from recorded import WINDOW, recorded
from recovery_settings import DatabaseSettings, RecoverySettings
from world import ClusterView, GlobalView, Lag, Refusal, Unreachable

MOVING = ("pending", "failing-over", "switching-over", "cancelling")
INSTANCE_CLASS = "db.serverless"
LOSS, BEHIND = "AuroraGlobalDBRPOLag", "AuroraGlobalDBReplicationLag"
SNAPSHOT = "rds:unplanned-global-failover-"
COMING = ("creating", "starting", "rebooting", "configuring-enhanced-monitoring", "modifying")


class AwsDatabase:
    """The global database, where the launch has one."""

    def __init__(self, settings: RecoverySettings, ledger: LedgerAccess | None) -> None:
        self._settings, self._ledger = settings, ledger

    @property
    def _names(self) -> DatabaseSettings:
        assert self._settings.database is not None  # no step asks a launch without one
        return self._settings.database

    def view(self, *, at: str) -> GlobalView:
        """See ``world.Database``."""
        found = self._describe(at)
        members = {_region(each["DBClusterArn"]): each for each in found["GlobalClusterMembers"]}
        writers = [region for region, each in members.items() if each["IsWriter"]]
        moving = found.get("FailoverState", {}).get("Status") in MOVING
        return GlobalView(writers[0] if writers else "", tuple(members), moving)

    def cluster(self, region: str) -> ClusterView:
        """See ``world.Database``."""
        rds, name = client("rds", region), self._names.clusters[region]
        with calling(f"RDS in {region}"):
            (found,) = rds.describe_db_clusters(DBClusterIdentifier=name)["DBClusters"]
            instances = rds.describe_db_instances(
                Filters=[{"Name": "db-cluster-id", "Values": [name]}]
            )["DBInstances"]
        states = [each["DBInstanceStatus"] for each in instances]
        scaling = found.get("ServerlessV2ScalingConfiguration", {})
        return ClusterView(
            available=found["Status"] == "available",
            instances=states.count("available"),
            coming=sum(state in COMING for state in states),
            capacity=float(scaling.get("MinCapacity", "inf")),
            most=float(scaling.get("MaxCapacity", "inf")),
        )

    def lag(self, region: str) -> Lag:
        """See ``world.Database``: what CloudWatch has recorded here, else what the reader says."""
        now = datetime.now(UTC)
        answers = self._answers(now) if region == self._settings.peer else {}
        for metric in (LOSS, BEHIND):
            found = recorded(self._metric(metric, region, now), answers, now=now)
            if found:
                value, at, answered = found
                when = f"when {self._settings.other(region)} last answered" * answered
                return Lag(value, f"{metric} at {at:%H:%M} UTC{when and ', '}{when}")
        assert self._ledger is not None
        try:
            if not self.cluster(region).instances:
                return Lag(None, f"the cluster in {region} has no instance that could say it")
            return Lag(self._ledger.lag(region), f"the reader in {region}")
        except (Unreachable, Refusal) as error:
            return Lag(None, str(error))

    def add_instance(self, region: str) -> None:
        """See ``world.Database``."""
        cluster = self._names.clusters[region]
        with calling(f"RDS in {region}", ignore=("DBInstanceAlreadyExists",)):
            client("rds", region).create_db_instance(
                DBInstanceIdentifier=_instance(cluster),
                DBClusterIdentifier=cluster,
                DBInstanceClass=INSTANCE_CLASS,
                Engine="aurora-postgresql",
                PubliclyAccessible=False,
            )

    def remove_instance(self, region: str) -> None:
        """See ``world.Database``."""
        rds, name = client("rds", region), _instance(self._names.clusters[region])
        with calling(f"RDS in {region}", ignore=("DBInstanceNotFound", "DBInstanceNotFoundFault")):
            (found,) = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
            if found["DBInstanceStatus"] != "deleting":
                rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)

    def set_capacity(self, region: str, capacity: float) -> None:
        """See ``world.Database``."""
        with calling(f"RDS in {region}"):
            client("rds", region).modify_db_cluster(
                DBClusterIdentifier=self._names.clusters[region],
                ServerlessV2ScalingConfiguration={
                    "MinCapacity": capacity,
                    "MaxCapacity": self.cluster(region).most,
                },
                ApplyImmediately=True,
            )

    def fail_over(self, to: str) -> None:
        """See ``world.Database``."""
        target = self._member(to, at=to)
        with calling(f"RDS in {to}"):
            client("rds", to).failover_global_cluster(
                GlobalClusterIdentifier=self._names.global_cluster,
                TargetDbClusterIdentifier=target,
                AllowDataLoss=True,
            )

    def switch_over(self, to: str, *, at: str) -> None:
        """See ``world.Database``."""
        target = self._member(to, at=at)
        with calling(f"RDS in {at}"):
            client("rds", at).switchover_global_cluster(
                GlobalClusterIdentifier=self._names.global_cluster,
                TargetDbClusterIdentifier=target,
            )

    def keep_snapshots(self) -> Iterable[str]:
        """See ``world.Database``; they lie in the region that was lost."""
        region = self._settings.launch
        rds, kept = client("rds", region), []
        with calling(f"RDS in {region}"):
            found = rds.describe_db_cluster_snapshots(
                DBClusterIdentifier=self._names.clusters[region], SnapshotType="automated"
            )["DBClusterSnapshots"]
        for each in found:
            name = str(each["DBClusterSnapshotIdentifier"])
            if not name.startswith(SNAPSHOT) or each.get("Status", "available") != "available":
                continue
            copy = f"{self._names.global_cluster}-{name.removeprefix('rds:')}"
            exists = ("DBClusterSnapshotAlreadyExistsFault",)
            with calling(f"RDS in {region}", ignore=exists):
                rds.copy_db_cluster_snapshot(
                    SourceDBClusterSnapshotIdentifier=name, TargetDBClusterSnapshotIdentifier=copy
                )
            kept.append(copy)
        return kept

    def _describe(self, region: str) -> dict[str, Any]:
        with calling(f"RDS in {region}"):
            (found,) = client("rds", region).describe_global_clusters(
                GlobalClusterIdentifier=self._names.global_cluster
            )["GlobalClusters"]
            return dict(found)
        raise AssertionError

    def _member(self, region: str, *, at: str) -> str:
        """The ARN of this region's cluster.

        Raises:
            Refusal: It is not in the global cluster.
        """
        for each in self._describe(at)["GlobalClusterMembers"]:
            if _region(each["DBClusterArn"]) == region:
                return str(each["DBClusterArn"])
        raise Refusal(f"{region} is not a member of {self._names.global_cluster}")

    def _answers(self, now: datetime) -> Mapping[datetime, float]:
        """By the minute, whether the peer's probe had an answer of the launch region."""
        settings = self._settings
        dimensions = {"Suffix": settings.suffix, "From": settings.peer}
        return _series(settings.peer, NAMESPACE, METRIC, dimensions, "Minimum", now)

    def _metric(self, name: str, region: str, now: datetime) -> Mapping[datetime, float]:
        """By the minute, in milliseconds, a metric that only the secondary's region has."""
        dimensions = {
            "DBClusterIdentifier": self._names.clusters[region],
            "SourceRegion": self._settings.other(region),
        }
        return _series(region, "AWS/RDS", name, dimensions, "Maximum", now)


def _series(
    region: str,
    namespace: str,
    name: str,
    dimensions: Mapping[str, str],
    statistic: str,
    now: datetime,
) -> Mapping[datetime, float]:
    """A metric by the minute; nothing where CloudWatch does not answer: the reader may still say it."""
    query = {
        "Id": "series",
        "MetricStat": {
            "Metric": {
                "Namespace": namespace,
                "MetricName": name,
                "Dimensions": [{"Name": k, "Value": v} for k, v in dimensions.items()],
            },
            "Period": 60,
            "Stat": statistic,
        },
    }
    try:
        with calling(f"CloudWatch in {region}"):
            (found,) = client("cloudwatch", region).get_metric_data(
                MetricDataQueries=[query],
                StartTime=now - WINDOW,
                EndTime=now + timedelta(minutes=1),
                ScanBy="TimestampDescending",
            )["MetricDataResults"]
            return {
                at.replace(second=0, microsecond=0): float(value)
                for at, value in zip(found["Timestamps"], found["Values"], strict=True)
            }
    except (Unreachable, Refusal):
        pass
    return {}


def _region(arn: str) -> str:
    return arn.split(":")[3]


def _instance(cluster: str) -> str:
    return f"{cluster}-recovery"
