"""RPO: how old what is left is at most.

    region      the replica in the peer, behind by what the alarms let pass; else the newest copy there
    corruption  the table's point-in-time recovery; else the newest copy

A replica has what was destroyed, too. A database's own point-in-time recovery ends with its cluster, a
bucket's versions with the bucket, and AWS Backup's continuous points lie in the launch region and can't be
copied as such: none of them is counted, though each of them, while it is there, may lose less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from ..releases.template import as_list, dig
from .durations import Durations
from .estate import PEER, PRIMARY, Estate, Figure, Place
from .model import DATABASE, DOCUMENTS, TABLE, Line, Objective, Sum, Unbounded
from .schedule import longest_gap

_SERVICES = {DATABASE: ":rds:", TABLE: ":dynamodb:", DOCUMENTS: ":s3:"}
"""What a backup selection names of each store."""
_RULES = "BackupPlan.BackupPlanRule"
_Way = Callable[[], list[Line]]
"""A way back: its lines, or ``Unbounded``."""


def region(estate: Estate, durations: Durations) -> Objective:
    """What is lost with the launch region."""
    return Objective(
        tuple(
            _best(
                store,
                [
                    partial(_replica, estate, durations, store),
                    *_copies(estate, durations, store, away=True),
                ],
            )
            for store in estate.stores
        )
    )


def corruption(estate: Estate, durations: Durations) -> Objective:
    """What is lost when data is destroyed or falsified in both regions."""
    own = {TABLE: [partial(_table_point, estate, durations)]}
    return Objective(
        tuple(
            _best(store, [*own.get(store, ()), *_copies(estate, durations, store, away=False)])
            for store in estate.stores
        )
    )


def _best(store: str, ways: list[_Way]) -> Sum:
    """The way that loses least; why there is none, when there is none."""
    sums, missing = [], []
    for way in ways:
        try:
            sums.append(Sum(store, tuple(way())))
        except Unbounded as error:
            missing.append(str(error))
    if not sums:
        return Sum(store, (), unbounded="; ".join(missing) or "no backup plan takes it")
    return min(sums, key=lambda entry: entry.seconds or 0)


# -- replicas ----------------------------------------------------------------------------------------


def _replica(estate: Estate, durations: Durations, store: str) -> list[Line]:
    if store == DATABASE:
        return _database_lag(estate, durations)
    place = estate.stores[store]
    return _table_lag(estate, place) if store == TABLE else _documents_lag(place)


def _database_lag(estate: Estate, durations: Durations) -> list[Line]:
    clusters = estate.find("AWS::RDS::DBCluster", roles=PEER)
    if not any(place.resource.get("GlobalClusterIdentifier") for place in clusters):
        raise Unbounded("no cluster in the peer region follows the database")
    if not any(estate.find("AWS::RDS::DBInstance", roles=PEER)):
        return [
            durations.line("lag of a cluster without an instance", "headless_lag", store=DATABASE)
        ]
    return _alarmed(estate, "AuroraGlobalDBRPOLag")


def _table_lag(estate: Estate, table: Place) -> list[Line]:
    if len(as_list(table.resource.get("Replicas"))) < 2:
        raise Unbounded("the table has no replica in the peer region")
    return _alarmed(estate, "ReplicationLatency", Namespace="AWS/DynamoDB")


def _documents_lag(bucket: Place) -> list[Line]:
    """See https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-time-control.html"""
    path = "ReplicationConfiguration.Rules"
    rules = as_list(bucket.resource.get(path))
    if not rules or dig(rules[0], "Status") == "Disabled":
        raise Unbounded("the bucket replicates nowhere")
    minutes = bucket.number(
        "Destination.ReplicationTime.Time.Minutes", of=rules[0], at=f"{path}[0]"
    )
    return [
        Line(
            "replication time that S3 commits to, for nearly all documents",
            minutes.seconds(60),
            minutes.source,
        )
    ]


def _alarmed(estate: Estate, metric: str, **properties: str) -> list[Line]:
    """What the alarm on a lag lets pass, and how long it then takes to say that it is more."""
    alarm = estate.alarm(metric, **properties)
    if alarm is None:
        raise Unbounded(f"no alarm on {metric} tells when the replica is late")
    threshold = alarm.number("Threshold")
    period, periods = alarm.number("Period"), alarm.number("EvaluationPeriods")
    return [
        Line("lag that the alarm lets pass", threshold.seconds(0.001), threshold.source),
        Line("longer lag until the alarm says so", periods.seconds(period.value), periods.source),
    ]


# -- copies ------------------------------------------------------------------------------------------


def _table_point(estate: Estate, durations: Durations) -> list[Line]:
    table = estate.stores[TABLE]
    path = "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled"
    replicas = as_list(table.resource.get("Replicas")) or [table.resource.properties]
    if not all(dig(replica, path) is True for replica in replicas):
        raise Unbounded("the table has no point-in-time recovery")
    line = durations.line("newest point of the table's recovery", "point_in_time", store=TABLE)
    return [line]


def _copies(estate: Estate, durations: Durations, store: str, *, away: bool) -> Iterator[_Way]:
    """One way for each rule of the launch region's plans that takes the store.

    Args:
        away: Whether only what lies in the other region helps.
    """
    if not any(
        _SERVICES[store] in place.template.text(name)
        for place in estate.find("AWS::Backup::BackupSelection", roles=(PRIMARY,))
        for name in as_list(place.resource.get("BackupSelection.Resources"))
    ):
        return
    for plan in estate.find("AWS::Backup::BackupPlan", roles=(PRIMARY,)):
        for number, rule in enumerate(as_list(plan.resource.get(_RULES))):
            if isinstance(rule, Mapping) and not rule.get("EnableContinuousBackup"):
                yield _Rule(plan, rule, f"{_RULES}[{number}]", store, durations, away).lines


@dataclass(frozen=True)
class _Rule:
    """One rule of a plan, for one store.

    Args:
        plan: The plan.
        rule: The rule.
        at: Where it stands.
        store: The store.
        durations: The reviewed figures.
        away: Whether only what lies in the other region helps.
    """

    plan: Place
    rule: Mapping[str, object]
    at: str
    store: str
    durations: Durations
    away: bool

    def lines(self) -> list[Line]:
        """Interval, start window, job and copy: the point before is as old as all of these."""
        schedule = self.plan.worked_out(
            self.rule.get("ScheduleExpression"), f"{self.at}.ScheduleExpression"
        )
        job = self.durations.line("backup job", "backup", store=self.store)
        window = self._window("CompletionWindowMinutes")
        if window is not None and job.seconds > window.seconds(60):
            raise Unbounded(f"a backup job of {job.seconds} s does not end within {window.source}")
        return [
            Line(
                "time between two backups",
                longest_gap(schedule),
                self.plan.source(f"{self.at}.ScheduleExpression"),
            ),
            self._start(),
            job,
            *self._copy(),
        ]

    def _start(self) -> Line:
        window = self._window("StartWindowMinutes")
        if window is None:
            return self.durations.line("start window", "start_window", store="default")
        return Line("start window", window.seconds(60), window.source)

    def _copy(self) -> list[Line]:
        if as_list(self.rule.get("CopyActions")):
            return [self.durations.line("copy to the other region", "copy", store=self.store)]
        if self.away:
            raise Unbounded(f"{self.plan.source(self.at)} copies nothing to the other region")
        return []

    def _window(self, name: str) -> Figure | None:
        return self.plan.number(name, of=self.rule, at=self.at) if name in self.rule else None
