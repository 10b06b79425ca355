"""The steps on the embedded AWS: a global database, its region taken away, and the way back.

The machine's part, to wait and to ask again, is a loop whose clock jumps over the waits; that a state
machine does the same is shown end to end.
"""

from __future__ import annotations

import io
import json
import threading
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import aws_stores
import clients
import procedures
import pytest
from aws import connect_world
from aws_compute import AwsCompute
from aws_signals import AwsSignals
from aws_state import AwsMachine, AwsState
from ledger_access import LedgerAccess
from machine import advance
from recovery_settings import RecoverySettings
from watch import watch
from world import Conflict, Refusal, Unreachable, World, Writer

from ...embedded_aws import aurora_estate as estate
from ..conftest import HANDLERS
from ..database import ACCOUNT, USER, Database, at

LAUNCH, PEER = estate.HOME, estate.PEER
STATE, TABLE, PARAMETER = "dr-recovery-r", "dr-transactions-r", "/dr/r/route53/serving-region"
BUCKETS = {LAUNCH: "dr-documents-r-launch", PEER: "dr-documents-r-peer"}
CONTROL_METRIC = "dr-control-metric-r"


@dataclass
class Executions:
    """Executions that run until they are said not to."""

    alive: set[str] = field(default_factory=set)

    def running(self, execution: str) -> bool:
        return execution in self.alive

    def wake(self, token: str) -> None:
        raise AssertionError("nobody waits")

    def tell(self, subject: str, text: str) -> None:
        """Nobody listens."""


@dataclass
class Recovery:
    """A launch's data in two regions, and what drives recoveries of it."""

    database: Database
    world: World
    jumped: float = 0.0

    def region(self, mode: str) -> None:
        """Take the launch region away, or give it back."""
        request = urllib.request.Request(
            f"{self.database.url}/_embedded/regions",
            data=json.dumps({"region": LAUNCH, "mode": mode}).encode(),
            method="POST",
        )
        with urllib.request.urlopen(request, timeout=30):
            return

    def run(self, name: str, **given: Any) -> dict[str, Any]:
        """The record of a run that a machine drove to its end."""
        machine = self.world.machine
        assert isinstance(machine, Executions)
        machine.alive.add(name)
        event = {"step": "lock", "run": name, "execution": name}
        for _ in range(200):
            answer = advance(self.world, {**event, "input": {"requestedBy": "ann", **given}})
            event = {"step": answer["next"], "run": answer["run"], "execution": name}
            if answer["next"] in (procedures.DONE, procedures.ABORTED):
                break
            self.jumped += answer["wait"]
            threading.Event().wait(min(answer["wait"], 0.1))
        machine.alive.discard(name)
        item = self.world.state.item(f"run#{name}")
        assert item is not None
        record: dict[str, Any] = json.loads(item["record"])
        return record


@pytest.fixture(scope="module")
def recovery(database: Database) -> Iterator[Recovery]:
    with pytest.MonkeyPatch.context() as patch:
        at(database, patch)
        clients.client.cache_clear()
        _make(database)
        ports = connect_world(_settings(database))
        made = Recovery(database, ports)
        made.world = replace(ports, machine=Executions(), clock=lambda: time.time() + made.jumped)
        yield made
        clients.client.cache_clear()


def _settings(database: Database) -> RecoverySettings:
    found = RecoverySettings.of(
        {
            "AWS_REGION": PEER,
            "AWS_ENDPOINT_URL": database.url,
            "SUFFIX": "r",
            "LAUNCH_REGION": LAUNCH,
            "FAILOVER_MODE": "approve",
            "RPO_SECONDS": "60",
            "RTO_SECONDS": "1800",
            "COOLDOWN_SECONDS": "1800",
            "RECOVERY_TABLE": STATE,
            "TABLE_NAME": TABLE,
            "STATUS_INDEX": "StatusIndex",
            "LAUNCH_BUCKET": BUCKETS[LAUNCH],
            "PEER_BUCKET": BUCKETS[PEER],
            "LAUNCH_ENDPOINT": "https://launch.invalid/live/",
            "PEER_ENDPOINT": "https://peer.invalid/live/",
            "PROCESSOR": CONTROL_METRIC,  # any function that both regions have
            "TOPIC_ARN": "",
            "SERVING_PARAMETER": PARAMETER,
            "CONTROL_METRIC": CONTROL_METRIC,
            "GLOBAL_CLUSTER": estate.GLOBAL,
            "LAUNCH_CLUSTER": _cluster(database, LAUNCH),
            "PEER_CLUSTER": _cluster(database, PEER),
            "LEDGER_PORT": str(database.port),
            "LEDGER_DATABASE": estate.DATABASE,
            "LEDGER_USER": USER,
            "READY_CAPACITY": "4",
        }
    )
    assert found.simulation
    return found


def _cluster(database: Database, region: str) -> str:
    (found,) = database.client("rds", region).describe_db_clusters()["DBClusters"]
    return str(found["DBClusterIdentifier"])


def _make(database: Database) -> None:
    for region in (LAUNCH, PEER):
        database.client("dynamodb", region).create_table(
            TableName=STATE,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )
        where = {} if region == "us-east-1" else {"LocationConstraint": region}
        database.client("s3", region).create_bucket(
            Bucket=BUCKETS[region], **({"CreateBucketConfiguration": where} if where else {})
        )
        _function(database, region)
    names = ("transactionId", "timestamp", "status")
    keys = [[(names[0], "HASH"), (names[1], "RANGE")], [(names[2], "HASH"), (names[1], "RANGE")]]
    schemas = [[{"AttributeName": n, "KeyType": k} for n, k in each] for each in keys]
    dynamodb = database.client("dynamodb", LAUNCH)
    dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in names],
        KeySchema=schemas[0],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "StatusIndex",
                "KeySchema": schemas[1],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    dynamodb.update_table(TableName=TABLE, ReplicaUpdates=[{"Create": {"RegionName": PEER}}])
    database.client("ssm", PEER).put_parameter(Name=PARAMETER, Value=LAUNCH, Type="String")


def _function(database: Database, region: str) -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.write(HANDLERS / "control_metric" / "index.py", "index.py")
    database.client("lambda", region).create_function(
        FunctionName=CONTROL_METRIC,
        Runtime="python3.13",
        Handler="index.handler",
        Role=f"arn:aws:iam::{ACCOUNT}:role/dr-any",
        Code={"ZipFile": code.getvalue()},
        Environment={
            "Variables": {
                "SUFFIX": "r",
                "REGIONS": f"{LAUNCH},{PEER}",
                "PARAMETER": PARAMETER,
                "NAMESPACE": "DrCatalog",
                "METRIC": "Serving",
            }
        },
    )


def _write(recovery: Recovery, name: str, *, region: str, epoch: int, row: bool = True) -> None:
    """A confirmed transaction: a row in the ledger, an item in the region's table."""
    moment = "2025-01-31T12:00:00.000000Z"
    if row:
        recovery.database.run(
            "INSERT INTO ledger.transactions"
            " (transaction_id, amount, status, occurred_at, fingerprint, region, epoch)"
            f" VALUES ('{name}', 1, 'RECEIVED', '{moment}', 'f', '{region}', {epoch})"
        )
    recovery.database.client("dynamodb", region).put_item(
        TableName=TABLE,
        Item={
            "transactionId": {"S": name},
            "timestamp": {"S": moment},
            "status": {"S": "RECEIVED"},
            "amount": {"N": "1"},
            "epoch": {"N": str(epoch)},
        },
    )


def _put(recovery: Recovery, region: str, key: str) -> None:
    s3 = recovery.database.client("s3", region)
    s3.put_object(Bucket=BUCKETS[region], Key=key, Body=b"{}")


def test_a_region_is_lost_failed_over_and_taken_back(recovery: Recovery) -> None:
    database, state = recovery.database, recovery.world.state
    database.run("TRUNCATE ledger.transactions")
    _write(recovery, "kept", region=LAUNCH, epoch=1)
    _write(recovery, "late", region=LAUNCH, epoch=1, row=False)  # its row did not come over
    capacity = recovery.world.database.cluster(PEER).capacity
    for key in ("before", "evidence/r-0/record.json"):
        _put(recovery, LAUNCH, key)
    recovery.region("gone")
    try:
        record = recovery.run("r-1", operation="failover", overrides=["not-ready"])
        assert record["outcome"] == "done", record
        assert state.writer(PEER) == Writer(PEER, 2, run="r-1")
        assert recovery.world.signals.serving() == PEER
        assert record["figures"]["rpo"]["database"] >= 0
        assert record["figures"]["lag"]["milliseconds"] is not None
        assert database.run("SELECT epoch FROM ledger.verifications", PEER, "Writer") == [[2]]
        with pytest.raises(Unreachable):
            state.writer(LAUNCH)
        assert "can't be told" in watch(recovery.world)
        kept = record["figures"]["evidence"]
        text = database.client("s3", PEER).get_object(Bucket=kept["bucket"], Key=kept["key"])
        assert json.loads(text["Body"].read())["outcome"] == "done"
        assert recovery.run("r-2", operation="switchover")["outcome"] == "refused"
    finally:
        recovery.region("here")
    _put(recovery, LAUNCH, "alone")  # as one who could still reach it
    _put(recovery, LAUNCH, "evidence/r-0/page.html")
    assert "is told that us-west-2 writes in epoch 2" in watch(recovery.world)
    assert state.writer(LAUNCH) == Writer(PEER, 2, run="r-1")
    with pytest.raises(Conflict):
        state.set_writer(LAUNCH, Writer(LAUNCH, 1, fenced=True, run="r-1"))
    recovery.world = replace(
        recovery.world,
        signals=_Answering(recovery.world.signals),  # no API is launched here
    )
    back = recovery.run("r-3", operation="failback")
    assert back["outcome"] == "done", back
    assert state.writer(PEER) == state.writer(LAUNCH) == Writer(LAUNCH, 3, run="r-3")
    assert recovery.world.signals.serving() == LAUNCH
    assert back["figures"]["rpo"]["database"] == 0
    assert back["figures"]["unmerged"]["count"] == 2
    bucket, _, key = back["figures"]["unmerged"]["object"].removeprefix("s3://").partition("/")
    listed = database.client("s3", PEER).get_object(Bucket=bucket, Key=key)["Body"].read()
    assert [each["transactionId"] for each in json.loads(listed)["transactions"]] == ["late"]
    second = database.client("s3", PEER).get_object(Bucket=bucket, Key=key.replace("-0", "-1"))
    assert [each["key"] for each in json.loads(second["Body"].read())["documents"]] == ["alone"]
    (snapshot,) = back["figures"]["snapshots"]
    manual = database.client("rds", LAUNCH).describe_db_cluster_snapshots(SnapshotType="manual")
    assert [each["DBClusterSnapshotIdentifier"] for each in manual["DBClusterSnapshots"]] == [
        snapshot
    ]
    assert recovery.world.database.cluster(PEER).capacity == capacity
    assert recovery.world.database.view(at=LAUNCH).writer == LAUNCH
    assert database.run("SELECT transaction_id FROM ledger.transactions") == [["kept"]]


@dataclass
class _Answering:
    """Signals of a launch whose regions answer."""

    real: Any

    def answers(self, region: str) -> bool:
        return True

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def test_the_ledger_says_as_what_it_knows_an_id(recovery: Recovery) -> None:
    recovery.database.run("TRUNCATE ledger.transactions")
    _write(recovery, "known", region=LAUNCH, epoch=1)
    database = recovery.world.settings.database
    assert database is not None
    assert LedgerAccess(database).known_as(LAUNCH, ["known", "unknown"]) == {
        "known": ("f", "2025-01-31T12:00:00.000000Z")
    }


def test_an_item_is_changed_by_who_has_read_it_alone(recovery: Recovery) -> None:
    state = AwsState(recovery.world.settings)
    state.put({"id": "x", "version": 1, "run": "a"})
    with pytest.raises(Conflict):
        state.put({"id": "x", "version": 1, "run": "b"})
    state.put({"id": "x", "version": 2, "run": "b"})
    with pytest.raises(Conflict):
        state.delete({"id": "x", "version": 1})
    assert state.item("x") == {"id": "x", "version": 2, "run": "b"}
    state.delete({"id": "x", "version": 2})
    state.delete({"id": "x", "version": 2})
    assert state.item("x") is None


def test_a_lifted_fence_is_not_put_back_by_its_own_run(recovery: Recovery) -> None:
    settings = replace(recovery.world.settings, state_table=STATE)
    state = AwsState(settings)
    before = state.writer(LAUNCH)
    epoch = before.epoch + 1 if before else 1
    fenced, lifted = (Writer(LAUNCH, epoch, fenced=fence, run="r-9") for fence in (True, False))
    state.set_writer(LAUNCH, fenced)
    state.set_writer(LAUNCH, fenced)
    state.set_writer(LAUNCH, lifted)
    with pytest.raises(Conflict):
        state.set_writer(LAUNCH, fenced)
    state.set_writer(LAUNCH, replace(fenced, run="r-10"))
    with pytest.raises(Conflict):
        state.set_writer(LAUNCH, replace(lifted, epoch=epoch - 1))


def test_a_no_is_told_apart_from_no_answer(recovery: Recovery) -> None:
    database = recovery.world.database
    with pytest.raises(Refusal):
        database.fail_over(recovery.world.database.view(at=PEER).writer)
    recovery.region("gone")
    try:
        with pytest.raises(Unreachable):
            database.view(at=LAUNCH)
    finally:
        recovery.region("here")


def test_the_backup_switch_is_a_tag_on_each_store(recovery: Recovery) -> None:
    s3 = recovery.database.client("s3", PEER)
    s3.put_bucket_tagging(Bucket=BUCKETS[PEER], Tagging={"TagSet": [{"Key": "team", "Value": "a"}]})
    recovery.world.stores.back_up(PEER, on=True)
    tags = s3.get_bucket_tagging(Bucket=BUCKETS[PEER])["TagSet"]
    switch = {"Key": "dr:backup", "Value": "on"}
    assert tags == [{"Key": "team", "Value": "a"}, switch]
    rds, dynamodb = (recovery.database.client(name, PEER) for name in ("rds", "dynamodb"))
    (cluster,) = rds.describe_db_clusters()["DBClusters"]
    tagged = rds.list_tags_for_resource(ResourceName=cluster["DBClusterArn"])["TagList"]
    arn = dynamodb.describe_table(TableName=TABLE)["Table"]["TableArn"]
    assert switch in tagged
    assert switch in dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"]


def test_the_instance_of_a_recovery_is_made_once_and_deleted(recovery: Recovery) -> None:
    database, rds = recovery.world.database, recovery.database.client("rds", PEER)
    before = rds.describe_db_instances()["DBInstances"]
    for _ in range(2):
        database.add_instance(PEER)
    _until(lambda: database.cluster(PEER).instances == len(before) + 1)
    for _ in range(2):
        database.remove_instance(PEER)
    _until(lambda: len(rds.describe_db_instances()["DBInstances"]) == len(before))


def test_a_processor_is_switched_off_and_on(recovery: Recovery) -> None:
    compute = recovery.world.compute
    assert compute.limit(PEER) is None
    compute.set_limit(PEER, 0)
    assert (compute.limit(PEER), compute.limit(LAUNCH)) == (0, None)
    functions = recovery.database.client("lambda", PEER)
    with pytest.raises(functions.exceptions.TooManyRequestsException):
        functions.invoke(FunctionName=CONTROL_METRIC)
    compute.set_limit(PEER, None)
    assert compute.limit(PEER) is None
    missing = AwsCompute(replace(recovery.world.settings, processor="dr-none"))
    with pytest.raises(Refusal):
        missing.set_limit(PEER, 0)


def test_votes_are_the_last_that_each_probe_gave(recovery: Recovery) -> None:
    signals, cloudwatch = recovery.world.signals, recovery.database.client("cloudwatch", PEER)
    assert signals.votes() == {}
    for region, value in ((LAUNCH, 0), (PEER, 1), ("eu-west-1", 1)):
        cloudwatch.put_metric_data(
            Namespace="DrCatalog",
            MetricData=[
                {
                    "MetricName": "LaunchRegionAnswers",
                    "Dimensions": [
                        {"Name": "Suffix", "Value": "r"},
                        {"Name": "From", "Value": region},
                    ],
                    "Value": value,
                }
            ],
        )
    assert signals.votes() == {LAUNCH: False, PEER: True}
    third = AwsSignals(replace(recovery.world.settings, witness="eu-west-1"))
    assert third.votes() == {LAUNCH: False, PEER: True, "eu-west-1": True}


def test_a_region_whose_api_is_not_there_does_not_answer(recovery: Recovery) -> None:
    assert AwsSignals(recovery.world.settings).answers(LAUNCH) is False
    assert set(recovery.world.signals.versions()) == {LAUNCH, PEER}


def test_an_execution_that_nobody_knows_does_not_run(recovery: Recovery) -> None:
    machine = AwsMachine(recovery.world.settings)
    arn = f"arn:aws:states:{PEER}:{ACCOUNT}:execution:dr-recovery-r:gone"
    assert machine.running(arn) is False
    machine.wake("a-token-that-is-over")


def test_a_bucket_that_is_too_large_to_look_through_says_so(
    recovery: Recovery, monkeypatch: pytest.MonkeyPatch
) -> None:
    _put(recovery, PEER, "document")
    stores = recovery.world.stores
    newest = stores.last_write("documents", PEER)
    assert newest is not None
    assert abs(newest - time.time()) < 600
    monkeypatch.setattr(aws_stores, "LISTED", 0)
    with pytest.raises(Refusal, match="too many documents"):
        stores.last_write("documents", PEER)


def _until(holds: Callable[[], bool]) -> None:
    for _ in range(200):
        if holds():
            return
        threading.Event().wait(0.05)
    raise AssertionError("not in time")
