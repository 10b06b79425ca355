"""Custom::DrDeleteGuard over a global database of the embedded AWS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import delete_guard
import peer_undo
import pytest
from guarded_database import PROPERTIES

from ...embedded_aws import aurora_estate as estate
from ...embedded_aws.stack_runner import Runner
from ..conftest import STANDBY, WRITER
from ..database import Database, empty_database
from .conftest import Context, Invocations, Stack

__all__ = ["empty_database"]

ACCOUNT = "333333333335"
NAME = "dr-aurora-dev"  # of cluster, groups and secret; the instance's is followed by -1
PROTECTION = "/dr/dev/guard/deletion-protection"


@dataclass(frozen=True)
class Estate:
    """A global database in an account of its own."""

    url: str

    def client(self, service: str, region: str = WRITER) -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="test",
        )

    def instances(self) -> list[str]:
        return [
            f"{region} {instance['DBInstanceIdentifier']}"
            for region in (WRITER, STANDBY)
            for instance in self.client("rds", region).describe_db_instances()["DBInstances"]
        ]

    def left(self) -> list[str]:
        """What there still is."""
        left = []
        for region in (WRITER, STANDBY):
            rds = self.client("rds", region)
            for kind, found in (
                ("instance", rds.describe_db_instances()["DBInstances"]),
                ("cluster", rds.describe_db_clusters()["DBClusters"]),
                ("subnets", rds.describe_db_subnet_groups()["DBSubnetGroups"]),
                ("parameters", _parameter_groups(rds)),
            ):
                left += [f"{kind} {region}"] * len(found)
            if self._has_secret(region):
                left.append(f"secret {region}")
        found = self.client("rds").describe_global_clusters()["GlobalClusters"]
        return left + ["global cluster"] * len(found)

    def _has_secret(self, region: str) -> bool:
        secrets = self.client("secretsmanager", region)
        try:
            secrets.describe_secret(SecretId=NAME)
        except secrets.exceptions.ResourceNotFoundException:
            return False
        return True

    def add_instance(self, region: str, name: str) -> None:
        self.client("rds", region).create_db_instance(
            DBInstanceIdentifier=name,
            DBClusterIdentifier=NAME,
            Engine="aurora-postgresql",
            DBInstanceClass="db.serverless",
        )


def _parameter_groups(rds: Any) -> list[str]:
    groups = rds.describe_db_cluster_parameter_groups()["DBClusterParameterGroups"]
    return [
        each for each in groups if not each["DBClusterParameterGroupName"].startswith("default")
    ]


@pytest.fixture(scope="module")
def database(empty_database: Database) -> Estate:
    """A database that is protected from deletion; the last test of this module purges it."""
    made = Estate(empty_database.url)
    for region, resources in (
        (WRITER, estate.primary(DeletionProtection=True)),
        (STANDBY, estate.secondary(DeletionProtection=True)),
    ):
        result = Runner(made.client("cloudformation", region), ACCOUNT, region).create(
            "ledger", resources
        )
        assert result.status == "CREATE_COMPLETE", result.reasons
    made.client("rds").modify_global_cluster(
        GlobalClusterIdentifier=estate.GLOBAL, DeletionProtection=True
    )
    made.client("ssm").put_parameter(Name=PROTECTION, Value="false", Type="String")
    return made


@pytest.fixture
def event(
    database: Estate, stack: Stack, no_pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """A Delete of the launch; its bucket, table and key were purged before."""
    session = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="test")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", session)
    monkeypatch.setenv("AWS_ENDPOINT_URL", database.url)
    monkeypatch.setenv("AWS_REGION", WRITER)
    properties = {
        "Suffix": "dev",
        "LaunchRegion": WRITER,
        "PeerRegion": STANDBY,
        "ProtectionParameter": PROTECTION,
        "CompletedParameter": PROTECTION.replace("deletion-protection", "completed"),
        "OnTermination": "retain",
        "LaunchBucket": "dr-none-here",
        "PeerBucket": "dr-none-there",
        "TableName": "dr-none",
        "KeyId": "mrk-00000000000000000000000000000000",
        "GlobalCluster": estate.GLOBAL,
        "LaunchCluster": NAME,
        "PeerCluster": NAME,
        "LaunchInstance": f"{NAME}-1",
        "PeerInstance": f"{NAME}-1",
        "DatabaseGroup": NAME,
        "DatabaseSecretName": NAME,
    }
    return stack.event(
        "Delete", ResourceProperties=properties, PhysicalResourceId="dr-delete-guard-dev"
    )


EVERYTHING = [
    f"{kind} {region}"
    for region in (WRITER, STANDBY)
    for kind in ("instance", "cluster", "subnets", "parameters", "secret")
] + ["global cluster"]


@pytest.mark.usefixtures("moved")
def test_while_the_writer_is_elsewhere_nothing_is_touched(
    event: dict[str, Any], stack: Stack, database: Estate
) -> None:
    database.add_instance(STANDBY, "extra")
    try:
        for on_termination in ("retain", "purge"):
            event["ResourceProperties"]["OnTermination"] = on_termination
            delete_guard.handler(event, Context(900))
            answer = stack.answer()
            assert answer["Status"] == "FAILED"
            assert (
                "Environment 'dev' is not deleted, and nothing has been touched" in answer["Reason"]
            )
            assert (
                f"the writer is in {STANDBY}, not in the launch region {WRITER}" in answer["Reason"]
            )
            assert "dr-catalog failback --suffix dev" in answer["Reason"]
            assert len(database.left()) == len(EVERYTHING) + 1
    finally:
        database.client("rds", STANDBY).delete_db_instance(
            DBInstanceIdentifier="extra", SkipFinalSnapshot=True
        )


@pytest.fixture
def moved(database: Estate) -> Iterator[None]:
    """The writer is in the peer region."""
    arns = [
        database.client("rds", region).describe_db_clusters()["DBClusters"][0]["DBClusterArn"]
        for region in (WRITER, STANDBY)
    ]
    for region, target in ((WRITER, arns[1]), (STANDBY, arns[0])):
        database.client("rds", region).switchover_global_cluster(
            GlobalClusterIdentifier=estate.GLOBAL, TargetDbClusterIdentifier=target
        )
        estate.until(database.client("rds", region), estate.GLOBAL, estate.settled)
        if region == WRITER:
            yield


def test_instances_made_at_run_time_go_before_the_stack(
    event: dict[str, Any], stack: Stack, database: Estate
) -> None:
    database.add_instance(WRITER, "more-here")
    database.add_instance(STANDBY, "more-there")
    delete_guard.handler(event, Context(900))
    answer = stack.answer()
    assert (answer["Status"], answer["Reason"]) == ("SUCCESS", "")
    assert database.instances() == [f"{region} {NAME}-1" for region in (WRITER, STANDBY)]
    assert database.left() == EVERYTHING


@pytest.mark.parametrize("missing", ["GlobalCluster", "DatabaseSecretName", "PeerInstance"])
def test_names_that_are_there_by_half_are_refused(
    event: dict[str, Any], stack: Stack, database: Estate, missing: str
) -> None:
    del event["ResourceProperties"][missing]
    for request in ("Create", "Delete"):
        delete_guard.handler({**event, "RequestType": request}, Context(900))
        assert f"needs the property {missing}" in stack.answer()["Reason"]
    assert database.left() == EVERYTHING


def test_a_launch_of_a_release_without_a_database_purges_none(
    event: dict[str, Any], stack: Stack, database: Estate
) -> None:
    new = (*PROPERTIES, "Vault")
    old = {name: each for name, each in event["ResourceProperties"].items() if name not in new}
    old["OnTermination"] = "purge"
    delete_guard.handler({**event, "ResourceProperties": old}, Context(900))
    assert stack.answer()["Status"] == "SUCCESS"
    assert database.left() == EVERYTHING


@pytest.mark.parametrize("unprotected", ["launch cluster", "peer cluster", "global cluster", ""])
def test_a_complete_launch_is_protected_and_what_is_protected_is_left_alone(
    event: dict[str, Any],
    stack: Stack,
    database: Estate,
    record: Callable[[], list[str]],
    unprotected: str,
) -> None:
    calls = {
        "launch cluster": f"ModifyDBCluster {WRITER}",
        "peer cluster": f"ModifyDBCluster {STANDBY}",
        "global cluster": f"ModifyGlobalCluster {WRITER}",
    }
    if unprotected == "global cluster":
        database.client("rds").modify_global_cluster(
            GlobalClusterIdentifier=estate.GLOBAL, DeletionProtection=False
        )
    elif unprotected:
        region = WRITER if unprotected == "launch cluster" else STANDBY
        database.client("rds", region).modify_db_cluster(
            DBClusterIdentifier=NAME, DeletionProtection=False
        )
    _make_table(database)
    record()
    for request in ("Create", "Update"):
        delete_guard.handler({**event, "RequestType": request}, Context(900))
        assert stack.answer()["Status"] == "SUCCESS"
    assert record() == ([calls[unprotected]] if unprotected else [])
    for region in (WRITER, STANDBY):
        (cluster,) = database.client("rds", region).describe_db_clusters()["DBClusters"]
        assert cluster["DeletionProtection"] is True
    (found,) = database.client("rds").describe_global_clusters()["GlobalClusters"]
    assert found["DeletionProtection"] is True


def _make_table(database: Estate) -> None:
    """The table that the event names, protected in both regions."""
    dynamodb = database.client("dynamodb")
    if "dr-none" in dynamodb.list_tables()["TableNames"]:
        return
    dynamodb.create_table(
        TableName="dr-none",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.update_table(TableName="dr-none", ReplicaUpdates=[{"Create": {"RegionName": STANDBY}}])


def test_the_readers_half_of_a_launch_that_failed_goes_and_comes_back_with_the_next(
    event: dict[str, Any], stack: Stack, database: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer_undo, "_stack_status", lambda event: "ROLLBACK_IN_PROGRESS")
    event["ResourceProperties"] |= {"Kind": "workload", "Kept": ["database"], "New": ["database"]}
    event["PhysicalResourceId"] = "dr-peer-undo-dev-workload-by-launch"
    for _ in range(2):
        peer_undo.handler(event, Context(900))
        assert stack.answer()["Status"] == "SUCCESS"
        assert database.left() == [
            each for each in EVERYTHING if STANDBY not in each or each.startswith("secret")
        ]
    again = Runner(database.client("cloudformation", STANDBY), ACCOUNT, STANDBY).create(
        "ledger-again", estate.secondary(DeletionProtection=True)
    )
    assert again.status == "CREATE_COMPLETE", again.reasons
    assert database.left() == EVERYTHING


def test_a_purge_takes_all_of_it_however_often_it_is_cut_off(
    event: dict[str, Any],
    stack: Stack,
    database: Estate,
    invocations: Invocations,
    record: Callable[[], list[str]],
) -> None:
    event["ResourceProperties"]["OnTermination"] = "purge"
    database.add_instance(STANDBY, "extra")
    record()
    events, left, times = [event], [*EVERYTHING, f"instance {STANDBY}"], 0
    while events and times < 30:
        times += 1
        delete_guard.handler(events[0], Context(*[900] * 3, 30))
        events = invocations.taken()
        assert len(database.left()) <= len(left)
        left = database.left()
    assert stack.answer()["Status"] == "SUCCESS"
    assert times > 3
    assert left == []

    # Slow things begin in both regions before either is awaited; the peer leaves first.
    assert record() == [
        f"DeleteDBInstance {STANDBY}",  # the one made at run time
        f"ModifyDBCluster {STANDBY}",
        f"RemoveFromGlobalCluster {STANDBY}",
        f"DeleteDBInstance {STANDBY}",
        f"ModifyDBCluster {WRITER}",
        f"DeleteDBInstance {WRITER}",
        f"ModifyGlobalCluster {WRITER}",
        f"DeleteDBCluster {STANDBY}",
        f"RemoveFromGlobalCluster {WRITER}",
        f"DeleteDBCluster {WRITER}",
        f"DeleteGlobalCluster {WRITER}",
        *(
            f"Delete{kind} {region}"
            for region in (STANDBY, WRITER)
            for kind in ("DBSubnetGroup", "DBClusterParameterGroup")
        ),
        f"RemoveRegionsFromReplication {WRITER}",
        f"DeleteSecret {WRITER}",
    ]

    delete_guard.handler(event, Context(900))
    answer = stack.answer()
    assert (answer["Status"], answer["Reason"]) == ("SUCCESS", "")
    assert record() == []


@pytest.fixture
def record(event: dict[str, Any]) -> Callable[[], list[str]]:
    """The calls to RDS and Secrets Manager that change something, since the last look."""
    calls: list[str] = []

    def note(model: Any, context: dict[str, Any], **_: Any) -> None:
        if not model.name.startswith("Describe"):
            calls.append(f"{model.name} {context['client_region']}")

    def taken() -> list[str]:
        told = calls.copy()
        calls.clear()
        return told

    events = boto3.DEFAULT_SESSION.events
    for service in ("rds", "secrets-manager"):
        events.register(f"before-call.{service}", note)
    return taken
