"""The launch region's database goes away, its peer takes over, and what only the old one had is found."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pg8000.exceptions import DatabaseError

from . import aurora_estate as estate
from .aurora_estate import Estate
from .stack_runner import Runner

HOME, PEER = estate.HOME, estate.PEER


@pytest.fixture
def database(up: Estate, control: Callable[..., Any]) -> Iterator[Estate]:
    """The global database, empty; the regions are back in the end, and the writer is at home."""
    up.run("TRUNCATE payment")
    yield up
    for region in (HOME, PEER):
        control("regions", region=region, mode="here")
    control("promotions", account=up.account, global_cluster=estate.GLOBAL, mode="go")
    up.until(estate.settled)
    if not writes_at_home(up):
        up.rds(PEER).switchover_global_cluster(**target(up, HOME))
        assert writes_at_home(up)


def writes_at_home(up: Estate) -> bool:
    """Whether the launch region has the writer, once nothing is under way."""
    members = up.until(estate.settled)["GlobalClusterMembers"]
    return [each["IsWriter"] for each in members] == [True, False]


def target(up: Estate, region: str) -> dict[str, str]:
    """What a switch of the writer asks."""
    arn = f"arn:aws:rds:{region}:{up.account}:cluster:dr-aurora-dev"
    return {"GlobalClusterIdentifier": estate.GLOBAL, "TargetDbClusterIdentifier": arn}


def fail_over(up: Estate) -> dict[str, Any]:
    """Begin a failover to the peer, at the peer; the answer."""
    answer: dict[str, Any] = up.rds(PEER).failover_global_cluster(
        **target(up, PEER), AllowDataLoss=True
    )
    return answer["GlobalCluster"]


def test_rows_that_only_the_old_primary_had_are_found_again(
    database: Estate, control: Callable[..., Any], runner: Callable[..., Runner]
) -> None:
    database.run("INSERT INTO payment VALUES ('both', 1)")
    assert database.soon("SELECT 1 FROM payment WHERE id = 'both'", at="Reader", region=PEER)
    control("regions", region=HOME, mode="cut-off")
    database.run("INSERT INTO payment VALUES ('only here', 2)")
    control("regions", region=HOME, mode="gone")
    assert all(database.closed(at=at) for at in ("Writer", "Reader", "Global"))
    told = fail_over(database)
    assert told["FailoverState"]["Status"] == "pending"
    found = database.settled()
    assert [each["SynchronizationStatus"] for each in found["GlobalClusterMembers"]] == [
        "pending-resync",
        "connected",
    ]
    database.run("INSERT INTO payment VALUES ('their row', 3)")
    rows = database.run("SELECT id FROM payment WHERE id IN ('both', 'only here', 'their row')")
    assert sorted(rows) == [["both"], ["their row"]]

    control("regions", region=HOME, mode="here")
    assert estate.settled(database.global_cluster())
    assert database.soon("SELECT 1 FROM payment WHERE id = 'their row'", at="Reader", region=HOME)
    rds = database.rds(HOME)
    [kept] = rds.describe_db_cluster_snapshots(DBClusterIdentifier="dr-aurora-dev")[
        "DBClusterSnapshots"
    ]
    name = kept["DBClusterSnapshotIdentifier"]
    assert name.startswith("rds:unplanned-global-failover-dr-aurora-dev-")
    assert kept["SnapshotType"] == "automated"
    with pytest.raises(ClientError, match="Only manual snapshots may be deleted"):
        rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=name)
    copy = rds.copy_db_cluster_snapshot(
        SourceDBClusterSnapshotIdentifier=name, TargetDBClusterSnapshotIdentifier="kept"
    )["DBClusterSnapshot"]
    assert (copy["SnapshotType"], copy["KmsKeyId"]) == ("manual", kept["KmsKeyId"])

    restored = rds.restore_db_cluster_from_snapshot(
        DBClusterIdentifier="found-again",
        SnapshotIdentifier="kept",
        Engine="aurora-postgresql",
        DBSubnetGroupName="dr-aurora-dev",
        EnableIAMDatabaseAuthentication=True,
        ServerlessV2ScalingConfiguration={"MinCapacity": 0.5, "MaxCapacity": 1},
    )["DBCluster"]
    rds.create_db_instance(
        DBInstanceIdentifier="found-again-1",
        DBClusterIdentifier="found-again",
        DBInstanceClass="db.serverless",
        Engine="aurora-postgresql",
    )
    shown = estate.token(
        restored["Endpoint"], restored["Port"], user=estate.ROLE, account=database.account
    )
    with estate.connected(
        restored["Endpoint"], restored["Port"], user=estate.ROLE, password=shown
    ) as connection:
        rows = connection.run("SELECT id FROM payment WHERE id IN ('only here', 'their row')")
    assert rows == [["only here"]]
    rds.delete_db_instance(DBInstanceIdentifier="found-again-1", SkipFinalSnapshot=True)
    rds.delete_db_cluster(DBClusterIdentifier="found-again", SkipFinalSnapshot=True)
    rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier="kept")


def test_a_writer_that_could_not_be_told_goes_on(
    database: Estate, control: Callable[..., Any]
) -> None:
    """Two writers, until the regions see each other again; the old one's rows go into the snapshot."""
    control("regions", region=HOME, mode="cut-off")  # not for the first time
    database.run("INSERT INTO payment VALUES ('lost', 1)")
    fail_over(database)
    database.settled()
    assert database.run("SELECT count(*) FROM payment", at="Writer", region=PEER) == [[0]]
    database.run("INSERT INTO payment VALUES ('old writer', 1)", at="Writer", region=HOME)
    database.run("INSERT INTO payment VALUES ('new writer', 1)", at="Writer", region=PEER)
    go = {"account": database.account, "global_cluster": estate.GLOBAL}
    control("promotions", **go, mode="hang")
    control("regions", region=HOME, mode="here")
    assert [database.cluster(each)["Status"] for each in (HOME, PEER)] == ["modifying", "available"]
    control("promotions", **go, mode="go")
    database.until(estate.settled)
    rows = database.soon(
        "SELECT id FROM payment WHERE id LIKE '% writer'", at="Reader", region=HOME
    )
    assert rows == [["new writer"]]
    assert database.closed(at="Writer", region=HOME)
    assert database.cluster(HOME)["Status"] == "available"


def test_a_promotion_hangs_fails_and_comes_late(
    database: Estate, control: Callable[..., Any]
) -> None:
    go = {"account": database.account, "global_cluster": estate.GLOBAL}
    control("promotions", **go, mode="hang")
    fail_over(database)
    found = database.until(lambda found: found["Status"] == "failing-over")
    assert found["FailoverState"]["Status"] == "failing-over"
    assert found["FailoverState"]["IsDataLossAllowed"]
    assert database.cluster(PEER)["Status"] == "promoting"
    rds = database.rds(PEER)
    for call in (
        lambda: rds.modify_db_cluster(DBClusterIdentifier="dr-aurora-dev", BackupRetentionPeriod=8),
        lambda: rds.delete_db_instance(DBInstanceIdentifier="dr-aurora-dev-1"),
    ):
        with pytest.raises(ClientError, match="is failing-over") as refused:
            call()
        assert refused.value.response["Error"]["Code"] == "InvalidDBClusterStateFault"
    with pytest.raises(ClientError, match="InvalidGlobalClusterStateFault"):
        fail_over(database)
    control("promotions", **go, mode="fail")
    found = database.settled()
    assert [each["IsWriter"] for each in found["GlobalClusterMembers"]] == [True, False]
    control("promotions", **go, mode="hang")
    fail_over(database)
    control("promotions", **go, mode="go")
    assert not writes_at_home(database)


def test_a_region_that_comes_back_untouched_goes_on(
    database: Estate, control: Callable[..., Any]
) -> None:
    database.run("INSERT INTO payment VALUES ('before', 7)")
    control("regions", region=HOME, mode="gone")
    with pytest.raises(ClientError, match=f"Call FailoverGlobalCluster in {HOME}"):
        database.rds(PEER).failover_global_cluster(**target(database, PEER))  # no loss allowed
    control("regions", region=HOME, mode="here")
    database.run("INSERT INTO payment VALUES ('after', 8)")
    assert database.soon("SELECT 1 FROM payment WHERE id = 'after'", at="Reader", region=PEER)


def test_the_secondary_says_how_far_it_is_behind(
    database: Estate, control: Callable[..., Any], client: Callable[..., Any]
) -> None:
    cloudwatch = client("cloudwatch", account=database.account, region=PEER)
    dimensions = {"DBClusterIdentifier": "dr-aurora-dev", "SourceRegion": HOME}

    def lag() -> float:
        now = datetime.now(UTC)
        metric = {
            "Namespace": "AWS/RDS",
            "MetricName": "AuroraGlobalDBRPOLag",
            "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions.items()],
        }
        query = {"Metric": metric, "Period": 60, "Stat": "Maximum"}
        (found,) = cloudwatch.get_metric_data(
            MetricDataQueries=[{"Id": "lag", "MetricStat": query}],
            StartTime=now - timedelta(minutes=5),
            EndTime=now,
        )["MetricDataResults"]
        return float(found["Values"][0])

    database.run("INSERT INTO payment VALUES ('followed', 1)")
    assert database.soon("SELECT 1 FROM payment", at="Reader", region=PEER)
    assert lag() < 1000
    control("regions", region=HOME, mode="cut-off")
    before = lag()
    time.sleep(0.2)
    assert lag() >= before + 200


FOLLOWED = "SELECT 1 FROM pg_stat_replication WHERE replay_lsn = pg_current_wal_lsn()"


def test_a_headless_secondary_follows_is_not_read_and_not_promoted(
    database: Estate, control: Callable[..., Any]
) -> None:
    rds = database.rds(PEER)
    instance = rds.describe_db_instances()["DBInstances"][0]
    rds.delete_db_instance(DBInstanceIdentifier="dr-aurora-dev-1", SkipFinalSnapshot=True)
    assert database.closed(at="Reader", region=PEER)
    with pytest.raises(ClientError, match="has no available instance"):
        fail_over(database)
    database.run("INSERT INTO payment VALUES ('headless', 1)")
    assert database.soon(FOLLOWED, at="Global", region=HOME)
    control("regions", region=HOME, mode="gone")  # nothing is left to copy from
    rds.create_db_instance(
        DBInstanceIdentifier="dr-aurora-dev-1",
        DBClusterIdentifier="dr-aurora-dev",
        DBInstanceClass="db.serverless",
        Engine="aurora-postgresql",
        PromotionTier=instance["PromotionTier"],
    )
    assert database.run("SELECT id FROM payment", at="Reader", region=PEER) == [["headless"]]
    with pytest.raises(DatabaseError, match="read-only transaction"):
        database.run("INSERT INTO payment VALUES ('x', 1)", at="Reader", region=PEER)


def test_a_headless_secondary_says_nothing_of_how_far_it_is_behind(
    database: Estate, client: Callable[..., Any]
) -> None:
    cloudwatch = client("cloudwatch", account=database.account, region=PEER)

    def lags() -> float:
        """How many figures there are; to ask measures one more, where there is one."""
        now = datetime.now(UTC)
        dimensions = {"DBClusterIdentifier": "dr-aurora-dev", "SourceRegion": HOME}
        found = cloudwatch.get_metric_statistics(
            Namespace="AWS/RDS",
            MetricName="AuroraGlobalDBRPOLag",
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            Period=3600,
            Statistics=["SampleCount"],
            StartTime=now - timedelta(hours=1),
            EndTime=now,
        )["Datapoints"]
        return sum(each["SampleCount"] for each in found)

    def told() -> bool:
        """Whether there come to be more; not while something that has arrived is not replayed yet."""
        count, end = lags(), time.monotonic() + 20
        while not (more := lags() > count) and time.monotonic() < end:
            time.sleep(0.05)
        return more

    assert told()
    rds = database.rds(PEER)
    rds.delete_db_instance(DBInstanceIdentifier="dr-aurora-dev-1", SkipFinalSnapshot=True)
    count = lags()
    assert lags() == count
    rds.create_db_instance(
        DBInstanceIdentifier="dr-aurora-dev-1",
        DBClusterIdentifier="dr-aurora-dev",
        DBInstanceClass="db.serverless",
        Engine="aurora-postgresql",
        PromotionTier=0,
    )
    assert told()
