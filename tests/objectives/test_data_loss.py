"""RPO: each term by itself, from small templates."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dr_catalog.objectives import Loss, Objective

from .small import RULE, Templates, drop, figure, losses, properties, replica, templates

Change = Callable[[Templates], object]
HOUR = 3600


def stores(objective: Objective) -> dict[str, int | None]:
    return {entry.store: entry.seconds for entry in objective.sums}


def changed(*changes: Change) -> dict[str, Loss]:
    bodies = templates()
    for change in changes:
        change(bodies)
    return dict(losses(bodies))


def setting(role: str, name: str, **values: object) -> Change:
    return lambda bodies: properties(bodies, role, name).update(values)


def rule(**values: object) -> Change:
    plan = {"BackupPlanRule": [RULE | values]}
    return setting("primary", "Plan", BackupPlan=plan)


def without_rule_field(*names: str) -> Change:
    left = {key: value for key, value in RULE.items() if key not in names}
    return setting("primary", "Plan", BackupPlan={"BackupPlanRule": [left]})


def without(role: str, *names: str) -> Change:
    return lambda bodies: drop(bodies, role, *names)


COPY = {
    store: 2 * HOUR + figure(f"backup.{store}") + figure(f"copy.{store}")
    for store in ("database", "table", "documents")
}
"""Interval and start window of an hour each, job, copy."""
REPLICATED = {"database": 330, "table": 330, "documents": 900}
ONE_REGION = (
    without("workload", "Database", "Instance"),
    setting("primary", "Table", Replicas=[replica()]),
    setting("primary", "Documents", ReplicationConfiguration=None),
)


def test_a_replica_is_behind_by_what_the_alarms_let_pass() -> None:
    rpo = changed()["region"].rpo
    assert stores(rpo) == REPLICATED
    assert rpo.worst.store == "documents"
    assert [(line.seconds, line.source) for line in rpo.sums[0].lines] == [
        (30, "workload Loss.Threshold"),
        (300, "workload Loss.EvaluationPeriods"),
    ]
    assert rpo.worst.lines[0].source == (
        "primary Documents.ReplicationConfiguration.Rules[0].Destination.ReplicationTime.Time.Minutes"
    )


# What is changed; the store; its seconds when the region is lost.
REGION: list[tuple[Change, str, int | None]] = [
    (
        lambda bodies: properties(bodies, "primary", "Documents")["ReplicationConfiguration"][
            "Rules"
        ][0].update(Status="Disabled"),
        "documents",
        COPY["documents"],
    ),
    (setting("workload", "Loss", Threshold=60_500), "database", 361),
    (setting("workload", "Loss", EvaluationPeriods=10), "database", 630),
    (setting("workload", "Loss", Period=300), "database", 1530),
    (setting("primary", "TableLatency", Threshold=1_000), "table", 301),
    (setting("primary", "TableLatency", Namespace="AWS/S3"), "table", COPY["table"]),
    (without("workload", "Loss"), "database", COPY["database"]),
    (without("workload", "Instance"), "database", figure("headless_lag.database")),
    (without("workload", "Database"), "database", COPY["database"]),
    (setting("primary", "Table", Replicas=[replica()]), "table", COPY["table"]),
    (
        setting("primary", "Documents", ReplicationConfiguration=None),
        "documents",
        COPY["documents"],
    ),
]


@pytest.mark.parametrize(("change", "store", "seconds"), REGION)
def test_each_store_has_its_own_way_out_of_a_lost_region(
    change: Change, store: str, seconds: int | None
) -> None:
    assert stores(changed(change)["region"].rpo) == REPLICATED | {store: seconds}


# What is changed of a plan in one region, and the database's seconds beside the unchanged ones.
PLANS: list[tuple[Change, int | None]] = [
    (rule(), 0),
    (rule(ScheduleExpression="cron(0 0/4 * * ? *)"), 3 * HOUR),
    (rule(ScheduleExpression="rate(1 day)"), 23 * HOUR),
    (rule(StartWindowMinutes=90), HOUR // 2),
    (without_rule_field("StartWindowMinutes"), figure("start_window.default") - HOUR),
    (without_rule_field("CompletionWindowMinutes"), 0),
    (rule(CompletionWindowMinutes=5), None),
    (rule(ScheduleExpression="cron(0 5 1 * ? *)"), None),
    (rule(CopyActions=[]), None),
    (rule(EnableContinuousBackup=True), None),
    (without("primary", "Plan"), None),
    (without("primary", "Selection"), None),
    (
        setting("primary", "Selection", BackupSelection={"Resources": ["arn:aws:s3:::*"]}),
        None,
    ),
    (
        setting(
            "primary",
            "Plan",
            BackupPlan={"BackupPlanRule": [RULE | {"ScheduleExpression": "rate(1 day)"}, RULE]},
        ),
        0,
    ),
]


@pytest.mark.parametrize(("change", "more"), PLANS)
def test_without_a_replica_the_newest_copy_is_as_old_as_all_its_terms(
    change: Change, more: int | None
) -> None:
    found = stores(changed(*ONE_REGION, change)["region"].rpo)["database"]
    assert found == (None if more is None else COPY["database"] + more)


def test_corruption_leaves_copies_and_the_tables_recovery() -> None:
    rpo = changed()["corruption"].rpo
    assert stores(rpo) == COPY | {"table": figure("point_in_time.table")}
    assert rpo.worst.store == "database"
    assert [line.seconds for line in rpo.worst.lines][:2] == [HOUR, HOUR]
    assert (
        rpo.worst.lines[1].source == "primary Plan.BackupPlan.BackupPlanRule[0].StartWindowMinutes"
    )
    off = setting("primary", "Table", Replicas=[replica(), replica(recovers=False)])
    assert stores(changed(off)["corruption"].rpo)["table"] == COPY["table"]


def test_a_backup_that_is_not_copied_helps_while_its_region_is_there() -> None:
    found = stores(changed(rule(CopyActions=[]))["corruption"].rpo)["database"]
    assert found == COPY["database"] - figure("copy.database")


def test_what_nothing_brings_back_says_what_is_missing() -> None:
    rpo = changed(*ONE_REGION, without("primary", "Plan"))["region"].rpo
    assert rpo.seconds is None
    assert rpo.worst.unbounded == "no cluster in the peer region follows the database"
    assert not rpo.within(10**9)


def test_no_data_no_objectives() -> None:
    bodies = templates()
    drop(bodies, "primary", "Database", "Table", "Documents")
    assert losses(bodies) == {}


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.integers(0, 11), st.integers(60, 600), st.integers(0, 600))
def test_a_longer_interval_or_window_never_loses_less(
    hours: int, more_hours: int, window: int, more_window: int
) -> None:
    def lost(hours: int, window: int) -> int:
        schedule = f"rate({hours} hours)"
        (entry,) = (
            entry
            for entry in changed(
                *ONE_REGION, rule(ScheduleExpression=schedule, StartWindowMinutes=window)
            )["region"].rpo.sums
            if entry.store == "database"
        )
        assert entry.seconds is not None
        return entry.seconds

    assert lost(hours + more_hours, window + more_window) >= lost(hours, window)
