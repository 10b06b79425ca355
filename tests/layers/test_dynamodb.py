"""Seed row "DynamoDB": TTL on the wrong type, capacity on an on-demand replica, no customer key."""

from __future__ import annotations

import aws_cdk as cdk
import pytest
from aws_cdk import aws_kms as kms
from aws_cdk.assertions import Template as Synthesised

from dr_catalog.layers import GlobalTable

from .reading import Template, actions, only, resources, statements, text

GLOBAL_TABLE = "AWS::DynamoDB::GlobalTable"


def transactions(template: Template) -> Template:
    """The transactions table; a recovery's state is another."""
    (table,) = (
        each
        for name, each in template["Resources"].items()
        if each["Type"] == GLOBAL_TABLE and name.startswith("Table")
    )
    return table


def test_seed_dynamodb_is_one_global_table_with_a_replica_in_each_region(
    primary: Template,
) -> None:
    table = transactions(primary)["Properties"]
    assert text(primary, table["TableName"]) == "dr-transactions-<EnvironmentSuffix>"
    regions = [text(primary, replica["Region"]) for replica in table["Replicas"]]
    assert regions == ["<Region>", "<PeerRegion>"]


@pytest.mark.parametrize("number", [0, 1])
def test_seed_dynamodb_each_replica_has_recovery_and_its_own_customer_key(
    primary: Template, number: int
) -> None:
    replica = transactions(primary)["Properties"]["Replicas"][number]
    assert replica["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    key = text(primary, replica["SSESpecification"]["KMSMasterKeyId"])
    assert (
        key == ("<Key.Arn>", "arn:<Partition>:kms:<PeerRegion>:<AccountId>:key/<Key.KeyId>")[number]
    )


def test_seed_dynamodb_is_on_demand_without_capacity(primary: Template) -> None:
    table = transactions(primary)["Properties"]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert not [name for name in table if "Throughput" in name]
    assert not [name for replica in table["Replicas"] for name in replica if "Throughput" in name]


def test_seed_dynamodb_ttl_is_an_attribute_of_the_table(primary: Template) -> None:
    table = transactions(primary)["Properties"]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expiresAt", "Enabled": True}


def test_seed_dynamodb_keys_and_status_index(primary: Template) -> None:
    table = transactions(primary)["Properties"]
    assert _keys(table) == {"transactionId": "HASH", "timestamp": "RANGE"}
    (index,) = table["GlobalSecondaryIndexes"]
    assert (index["IndexName"], _keys(index)) == (
        "StatusIndex",
        {"status": "HASH", "timestamp": "RANGE"},
    )


@pytest.mark.parametrize(
    ("settings", "expected"), [({}, True), ({"deletion_protection": False}, None)]
)
def test_seed_dynamodb_each_replica_is_protected_from_the_start_or_left_to_the_guard(
    settings: dict[str, bool], expected: bool | None
) -> None:
    """Absent, not false: a false would be drift, and an update would switch the guard's off again."""
    stack = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "alone")
    GlobalTable(
        stack,
        "Table",
        suffix="dev",
        key=kms.Key.from_key_arn(stack, "Key", "arn:aws:kms:eu-west-1:111111111111:key/mrk-1"),
        peer_region="eu-north-1",
        peer_key_arn="arn:aws:kms:eu-north-1:111111111111:key/mrk-1",
        **settings,
    )
    table = only(Synthesised.from_stack(stack).to_json(), GLOBAL_TABLE)["Properties"]
    found = [replica.get("DeletionProtectionEnabled") for replica in table["Replicas"]]
    assert found == [expected, expected]


def test_the_tier_leaves_protection_to_the_guard(primary: Template) -> None:
    replicas = transactions(primary)["Properties"]["Replicas"]
    assert not [each for each in replicas if "DeletionProtectionEnabled" in each]
    granted = {each["Sid"]: each for each in statements(primary, "GuardPolicy")}["ProtectTable"]
    assert actions(granted) == ["dynamodb:DescribeTable", "dynamodb:UpdateTable"]
    assert [each.split(":")[3] for each in resources(primary, granted)] == [
        "<Region>",
        "<PeerRegion>",
    ]


def test_the_table_waits_for_the_replica_key(primary: Template) -> None:
    waits = transactions(primary)["DependsOn"]
    assert any(each.startswith("FoundationStackSet") for each in waits)


def _keys(schema: Template) -> dict[str, str]:
    return {key["AttributeName"]: key["KeyType"] for key in schema["KeySchema"]}
