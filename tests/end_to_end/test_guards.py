"""An upgrade that brings the database to a launch with data, and what the guards refuse from then on.

One launch for all, one test after the other: it begins at the release before, is planned, upgraded in
vain and then well, meets every refusal, and is terminated in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from dr_catalog import names
from dr_catalog.provisioning.checks import Launch, inspect

from ..embedded_aws import aurora_estate
from .conftest import PEER, REGION, TENANT, Identity, environment, launch_of
from .estate import Estate, estate
from .test_day import failed, unprotect
from .test_launch import get, post
from .test_plan import left_behind, stacks

SUFFIX, BEFORE = "steady", "1.1.0"
TABLE = names.TABLE.of(suffix=SUFFIX)
BUCKET = names.BUCKET.of(suffix=SUFFIX, account=TENANT, region=REGION)
LEDGER = names.LEDGER.of(suffix=SUFFIX)
CLUSTERS = {
    region: names.LEDGER_CLUSTER.of(suffix=SUFFIX, region=region) for region in (REGION, PEER)
}
PEER_REGION = names.PEER_REGION_PARAMETER
ITEM = {"transactionId": {"S": "kept"}, "timestamp": {"S": "2025"}}


@dataclass(frozen=True)
class Steady:
    """The launch, with the account's administrator."""

    tenant: Identity
    admin: Identity

    def upgrade(self, *words: str) -> Any:
        """Upgrade it, or change parameters."""
        return self.tenant.run("upgrade", "--suffix", SUFFIX, *words)

    def stands(self) -> tuple[str, str]:
        """Its version and status, as Service Catalog says."""
        (row,) = [each for each in self.tenant.json("status") if each["suffix"] == SUFFIX]
        return row["version"], row["status"]

    def estate(self) -> Estate:
        """What the account holds besides stacks, whose status every operation changes."""
        return frozenset(
            each for each in estate(self.admin) if " cloudformation stack " not in each
        )

    def launch(self) -> Launch:
        """It, as the checks want it."""
        return launch_of(self.tenant, SUFFIX)

    def switch(self, source: str, target: str) -> None:
        """Move the writer."""
        rds = self.admin.client("rds", source)
        rds.switchover_global_cluster(
            GlobalClusterIdentifier=LEDGER,
            TargetDbClusterIdentifier=f"arn:aws:rds:{target}:{TENANT}:cluster:{CLUSTERS[target]}",
        )
        aurora_estate.until(rds, LEDGER, aurora_estate.settled)

    def check_data(self) -> None:
        """Item and document are there, in both regions."""
        for region in (REGION, PEER):
            dynamodb = self.admin.client("dynamodb", region)
            assert dynamodb.get_item(TableName=TABLE, Key=ITEM)["Item"] == ITEM
            bucket = names.BUCKET.of(suffix=SUFFIX, account=TENANT, region=region)
            document = self.admin.client("s3", region).get_object(Bucket=bucket, Key="kept")
            assert document["Body"].read() == b"signed"


@pytest.fixture(scope="module")
def steady(tenant: Identity, person: Callable[[str], Identity]) -> Steady:
    """A launch of the release before, with an item and a document."""
    launch = Steady(tenant, person(TENANT))
    with environment(tenant.settings):
        tenant.ok("launch", "warm-standby", "--suffix", SUFFIX, "--version", BEFORE)
    launch.admin.client("dynamodb").put_item(TableName=TABLE, Item=ITEM)
    launch.admin.client("s3").put_object(Bucket=BUCKET, Key="kept", Body=b"signed")
    return launch


def test_a_plan_of_an_upgrade_shows_the_peers_changes_and_changes_nothing(
    tenant: Identity, steady: Steady
) -> None:
    before = stacks(tenant)
    plan = tenant.json("plan", "--suffix", SUFFIX, "--version", "1.2.0")
    assert (plan["operation"], plan["version"], plan["unseen"]) == ("upgrade", "1.2.0", "")
    by_part: dict[str, dict[str, Any]] = {"primary": {}, "foundation": {}, "workload": {}}
    for change in plan["changes"]:
        by_part[change["part"]][change["resource"]] = change
    assert by_part["primary"]["FoundationStackSet7AABD303"]["action"] in ("changed", "tags")
    assert any(each["type"] == "AWS::EC2::VPC" for each in by_part["foundation"].values())
    assert any(each["type"] == "AWS::RDS::DBCluster" for each in by_part["workload"].values())
    assert any("stand-ins" in note for note in plan["notes"])
    # Nothing that holds data is replaced or removed between these two releases.
    assert [change for change in plan["changes"] if change["data"]] == []
    assert stacks(tenant) == before
    assert left_behind(tenant) == []


def test_an_upgrade_that_fails_in_the_peer_is_taken_back_in_both_regions(steady: Steady) -> None:
    sns = steady.admin.client("sns", PEER)
    topic = sns.create_topic(Name=names.ALARM_TOPIC.of(suffix=SUFFIX))["TopicArn"]
    before = steady.estate()
    refused = steady.upgrade()
    assert refused.exit_code == 1
    assert "MonitoringTopic" in refused.stderr
    assert f"(AWS::SNS::Topic) in {PEER}" in refused.stderr
    assert steady.stands() == (BEFORE, "TAINTED")
    assert steady.estate() == before
    steady.check_data()
    launch = steady.launch()
    assert post(launch, transactionId="meanwhile", amount="1").status == 201
    assert get(launch, REGION, "transactions/meanwhile").status == 200
    sns.delete_topic(TopicArn=topic)


def test_what_the_upgrade_would_bring_and_is_there_already_is_nobodys_to_delete(
    steady: Steady,
) -> None:
    backup = steady.admin.client("backup", PEER)
    vault = names.VAULT.of(suffix=SUFFIX)
    key = steady.admin.client("kms", PEER).create_key()["KeyMetadata"]["Arn"]
    backup.create_backup_vault(BackupVaultName=vault, EncryptionKeyArn=key)
    before = steady.estate()
    refused = steady.upgrade()
    assert f"In {PEER} there is already: the backup vault {vault}" in refused.stderr
    assert steady.estate() == before
    backup.delete_backup_vault(BackupVaultName=vault)


def test_once_nothing_is_in_the_way_the_upgrade_keeps_the_data_and_adds_the_layers(
    steady: Steady,
) -> None:
    upgraded = steady.upgrade()
    assert upgraded.exit_code == 0, upgraded.stderr
    assert steady.stands() == ("1.3.0", "AVAILABLE")
    found = inspect(steady.launch())
    assert {"aurora", "backup", "monitoring", "recovery", "route53", "vpc"} <= {
        each.layer for each in found
    }
    assert [each for each in found if not each.ok] == []
    steady.check_data()


@pytest.fixture
def another_peer(steady: Steady) -> Iterator[None]:
    """Onboarding's parameter names another region."""
    ssm = steady.admin.client("ssm")
    ssm.put_parameter(Name=PEER_REGION, Value="eu-west-1", Overwrite=True)
    yield
    ssm.put_parameter(Name=PEER_REGION, Value=PEER, Overwrite=True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("Cidr=10.200.0.0/16",), "Cidr from auto to 10.200.0.0/16 would replace"),
        (("PeerWeight=10",), "Records from failover to weighted would replace"),
    ],
)
def test_a_change_of_what_holds_the_data_is_refused(
    steady: Steady, words: tuple[str, ...], told: str
) -> None:
    check_refused(steady, told, *words)


@pytest.mark.usefixtures("another_peer")
def test_a_changed_peer_region_is_refused(steady: Steady) -> None:
    check_refused(steady, f"PeerRegion from {PEER} to eu-west-1 would replace", "MaxCapacity=16")


def test_while_the_writer_is_in_the_peer_nothing_is_updated_or_deleted(steady: Steady) -> None:
    steady.switch(REGION, PEER)
    way_back = f"dr-catalog failback --suffix {SUFFIX}"
    check_refused(steady, way_back, "MaxCapacity=16")
    assert capacity(steady, PEER) == 32
    # Protection is off, so that nothing but the writer speaks against a deletion.
    unprotect(steady.tenant, SUFFIX)
    before = steady.estate()
    steady.switch(PEER, REGION)

    # What was refused goes through once the writer is back, after updates that were rolled back.
    changed = steady.upgrade("--set", "MaxCapacity=16")
    assert changed.exit_code == 0, changed.stderr
    assert steady.stands() == ("1.3.0", "AVAILABLE")
    assert [capacity(steady, region) for region in (REGION, PEER)] == [16, 16]
    assert steady.estate() == before

    # A recovery that runs speaks against it too, before it has moved anything.
    state, lock = names.RECOVERY_STATE.of(suffix=SUFFIX), {"id": {"S": "lock"}}
    dynamodb = steady.admin.client("dynamodb", PEER)
    dynamodb.put_item(TableName=state, Item={**lock, "operation": {"S": "switchover"}})
    servicecatalog = steady.tenant.client("servicecatalog")
    record = servicecatalog.terminate_provisioned_product(ProvisionedProductName=f"dr-{SUFFIX}")
    told = failed(servicecatalog, record["RecordDetail"]["RecordId"])
    assert "nothing has been touched" in told
    assert f"dr-catalog switchover --suffix {SUFFIX}" in told
    assert steady.estate() == before
    dynamodb.delete_item(TableName=state, Key=lock)


def test_an_instance_made_at_run_time_does_not_hinder_the_termination(steady: Steady) -> None:
    steady.admin.client("rds", PEER).create_db_instance(
        DBInstanceIdentifier=f"{CLUSTERS[PEER]}-2",
        DBClusterIdentifier=CLUSTERS[PEER],
        Engine="aurora-postgresql",
        DBInstanceClass="db.serverless",
    )
    before = steady.estate()
    terminated = steady.tenant.run("terminate", "--suffix", SUFFIX, "--yes")
    assert terminated.exit_code == 0, terminated.stderr
    for region in (REGION, PEER):
        rds = steady.admin.client("rds", region)
        names_left = [
            each["DBInstanceIdentifier"] for each in rds.describe_db_instances()["DBInstances"]
        ]
        assert [each for each in names_left if SUFFIX in each] == []
    # OnTermination is retain: what holds data, and what it stands on, is kept.
    kept = {each.split()[2] for each in steady.estate() & before if SUFFIX in each}
    assert kept == {
        "BackupVaultList",
        "Buckets",
        "DBClusterParameterGroups",
        "DBClusters",
        "DBSubnetGroups",
        "GlobalClusters",
        "TableNames",
    }
    steady.check_data()


def check_refused(steady: Steady, told: str, *words: str) -> None:
    """The update is refused, and nothing is touched."""
    before = steady.estate()
    refused = steady.upgrade(*(word for each in words for word in ("--set", each)))
    assert refused.exit_code == 1
    assert "nothing has been touched" in refused.stderr
    assert told in refused.stderr
    assert steady.stands() == ("1.3.0", "TAINTED")
    assert steady.estate() == before


def capacity(steady: Steady, region: str) -> float:
    """The most capacity units of the cluster there."""
    (cluster,) = steady.admin.client("rds", region).describe_db_clusters(
        DBClusterIdentifier=CLUSTERS[region]
    )["DBClusters"]
    most: float = cluster["ServerlessV2ScalingConfiguration"]["MaxCapacity"]
    return most
