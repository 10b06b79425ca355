"""Seed row "DynamoDB": TTL on the wrong type, capacity on an on-demand replica, no customer key."""

from __future__ import annotations

import pytest

from .reading import Template, only, text

GLOBAL_TABLE = "AWS::DynamoDB::GlobalTable"


def test_seed_dynamodb_is_one_global_table_with_a_replica_in_each_region(
    primary: Template,
) -> None:
    table = only(primary, GLOBAL_TABLE)["Properties"]
    assert text(primary, table["TableName"]) == "dr-transactions-<EnvironmentSuffix>"
    regions = [text(primary, replica["Region"]) for replica in table["Replicas"]]
    assert regions == ["<Region>", "<PeerRegion>"]


@pytest.mark.parametrize("number", [0, 1])
def test_seed_dynamodb_each_replica_is_protected_and_has_its_own_customer_key(
    primary: Template, number: int
) -> None:
    replica = only(primary, GLOBAL_TABLE)["Properties"]["Replicas"][number]
    assert replica["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert replica["DeletionProtectionEnabled"] is True
    key = text(primary, replica["SSESpecification"]["KMSMasterKeyId"])
    assert (
        key == ("<Key.Arn>", "arn:<Partition>:kms:<PeerRegion>:<AccountId>:key/<Key.KeyId>")[number]
    )


def test_seed_dynamodb_is_on_demand_without_capacity(primary: Template) -> None:
    table = only(primary, GLOBAL_TABLE)["Properties"]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert not [name for name in table if "Throughput" in name]
    assert not [name for replica in table["Replicas"] for name in replica if "Throughput" in name]


def test_seed_dynamodb_ttl_is_an_attribute_of_the_table(primary: Template) -> None:
    table = only(primary, GLOBAL_TABLE)["Properties"]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expiresAt", "Enabled": True}


def test_seed_dynamodb_keys_and_status_index(primary: Template) -> None:
    table = only(primary, GLOBAL_TABLE)["Properties"]
    assert _keys(table) == {"transactionId": "HASH", "timestamp": "RANGE"}
    (index,) = table["GlobalSecondaryIndexes"]
    assert (index["IndexName"], _keys(index)) == (
        "StatusIndex",
        {"status": "HASH", "timestamp": "RANGE"},
    )


def test_the_table_waits_for_the_replica_key(primary: Template) -> None:
    (dependency,) = only(primary, GLOBAL_TABLE)["DependsOn"]
    assert dependency.startswith("FoundationStackSet")


def _keys(schema: Template) -> dict[str, str]:
    return {key["AttributeName"]: key["KeyType"] for key in schema["KeySchema"]}
