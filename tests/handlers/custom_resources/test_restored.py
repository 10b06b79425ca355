"""Custom::DrRestored completes a table as AWS Backup leaves it, and says once who writes.

The cluster's protection is seen in the end-to-end test of a restore, which has one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import restored
from response import STARTED

from ..conftest import STANDBY, Aws
from .conftest import Context

SUFFIX, STATE, TTL = "restored", "dr-recovery", "expiresAt"


class Rds:
    """A cluster that may be protected already."""

    def __init__(self, *, protected: bool) -> None:
        self.protected, self.modified = protected, 0

    def describe_db_clusters(self, DBClusterIdentifier: str) -> Any:
        return {"DBClusters": [{"DeletionProtection": self.protected}]}

    def modify_db_cluster(self, **given: Any) -> None:
        self.modified += 1
        self.protected = bool(given["DeletionProtection"])


@pytest.fixture
def table(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A table with no settings, and the state table, in the peer region."""
    monkeypatch.setenv("AWS_REGION", STANDBY)
    dynamodb, name = aws.client("dynamodb", STANDBY), f"dr-transactions-{SUFFIX}"
    for each in (name, f"{STATE}-{SUFFIX}"):
        dynamodb.create_table(
            TableName=each,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    yield name
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    for each in (name, f"{STATE}-{SUFFIX}"):
        dynamodb.delete_table(TableName=each)


def act(aws: Aws, table: str, rds: Rds, monkeypatch: pytest.MonkeyPatch, kind: str) -> Any:
    clients = {"dynamodb": aws.client("dynamodb", STANDBY), "rds": rds}
    monkeypatch.setattr(restored, "client", lambda service, _: clients[service])
    event = {
        "RequestType": kind,
        "PhysicalResourceId": "given",
        "ResourceProperties": {
            "Suffix": SUFFIX,
            "TableName": table,
            "TtlAttribute": TTL,
            "Cluster": "dr-ledger",
            "StateTable": f"{STATE}-{SUFFIX}",
        },
        STARTED: time.time(),
    }
    return restored.act(event, Context(900))


def test_what_a_backup_does_not_hold_is_put_back(
    aws: Aws, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rds = Rds(protected=False)
    for _ in range(2):
        assert act(aws, table, rds, monkeypatch, "Create").physical_id.endswith(SUFFIX)
    dynamodb = aws.client("dynamodb", STANDBY)
    found = dynamodb.describe_table(TableName=table)["Table"]
    assert found["DeletionProtectionEnabled"]
    tags = dynamodb.list_tags_of_resource(ResourceArn=found["TableArn"])["Tags"]
    assert {"Key": "dr:suffix", "Value": SUFFIX} in tags
    kept = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    assert kept["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    expiry = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert (expiry["TimeToLiveStatus"], expiry["AttributeName"]) == ("ENABLED", TTL)
    assert (rds.protected, rds.modified) == (True, 1)


def test_this_region_writes_in_the_next_epoch_until_something_else_is_said(
    aws: Aws, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dynamodb, state = aws.client("dynamodb", STANDBY), f"{STATE}-{SUFFIX}"
    act(aws, table, Rds(protected=True), monkeypatch, "Create")
    key = {"id": {"S": "writer"}}
    writer = dynamodb.get_item(TableName=state, Key=key)["Item"]
    expected = {
        "region": {"S": STANDBY},
        "epoch": {"N": "2"},
        "fenced": {"BOOL": False},
        "by": {"S": "restore"},
    }
    assert writer == key | expected
    dynamodb.put_item(TableName=state, Item=writer | {"epoch": {"N": "3"}})
    act(aws, table, Rds(protected=True), monkeypatch, "Update")
    assert dynamodb.get_item(TableName=state, Key=key)["Item"]["epoch"] == {"N": "3"}


def test_a_deletion_touches_nothing(aws: Aws, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rds = Rds(protected=False)
    assert act(aws, table, rds, monkeypatch, "Delete").physical_id == "given"
    found = aws.client("dynamodb", STANDBY).describe_table(TableName=table)["Table"]
    assert (found["DeletionProtectionEnabled"], rds.modified) == (False, 0)
