"""Global tables: a replica in each region, each with its own settings, and items in all of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .stack_runner import Runner

HOME, PEER, THIRD = "us-east-1", "us-west-2", "eu-west-1"
NAME = "dr-transactions"


@dataclass(frozen=True)
class Account:
    """An account with a multi-Region key, and clients in its regions."""

    number: str
    keys: dict[str, str]
    client: Callable[..., Any]
    runner: Callable[..., Runner]

    def at(self, service: str, region: str = HOME) -> Any:
        return self.client(service, account=self.number, region=region)

    @property
    def stacks(self) -> Runner:
        return self.runner(account=self.number, region=HOME)

    def table(self, region: str = HOME) -> dict[str, Any] | None:
        try:
            return self.at("dynamodb", region).describe_table(TableName=NAME)["Table"]
        except ClientError:
            return None


@pytest.fixture
def tenant(account: str, client: Callable[..., Any], runner: Callable[..., Runner]) -> Account:
    return make_tenant(account, client, runner)


@pytest.fixture(scope="module")
def refused(
    new_account: Callable[[], str], client: Callable[..., Any], runner: Callable[..., Runner]
) -> Account:
    """An account for stacks that come to nothing."""
    return make_tenant(new_account(), client, runner)


def make_tenant(account: str, client: Callable[..., Any], runner: Callable[..., Runner]) -> Account:
    kms = client("kms", account=account, region=HOME)
    home = kms.create_key(MultiRegion=True)["KeyMetadata"]["Arn"]
    for region in (PEER, THIRD):
        kms.replicate_key(KeyId=home, ReplicaRegion=region)
    keys = {region: home.replace(HOME, region) for region in (HOME, PEER, THIRD)}
    return Account(account, keys, client, runner)


def replica(tenant: Account, region: str, **settings: Any) -> dict[str, Any]:
    return {
        "Region": region,
        "SSESpecification": {"KMSMasterKeyId": tenant.keys[region]},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": "true"},
        "Tags": [{"Key": "where", "Value": region}],
        **settings,
    }


def index(name: str = "StatusIndex") -> dict[str, Any]:
    return {
        "IndexName": name,
        "KeySchema": [
            {"AttributeName": "status", "KeyType": "HASH"},
            {"AttributeName": "at", "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "ALL"},
    }


def table(*replicas: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """A table; a property None is left out."""
    settings = {
        "TableName": NAME,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": "S"} for name in ("id", "at", "status")
        ],
        "KeySchema": [
            {"AttributeName": "id", "KeyType": "HASH"},
            {"AttributeName": "at", "KeyType": "RANGE"},
        ],
        "GlobalSecondaryIndexes": [index()],
        "StreamSpecification": {"StreamViewType": "NEW_AND_OLD_IMAGES"},
        "SSESpecification": {"SSEEnabled": True, "SSEType": "KMS"},
        "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "expiresAt"},
        "Replicas": list(replicas),
        **properties,
    }
    return {
        "Table": {
            "Type": "AWS::DynamoDB::GlobalTable",
            "Properties": {key: value for key, value in settings.items() if value is not None},
        }
    }


def pair(tenant: Account, **settings: Any) -> dict[str, Any]:
    return table(replica(tenant, HOME, **settings), replica(tenant, PEER, **settings))


def item(key: str) -> dict[str, Any]:
    return {"id": {"S": key}, "at": {"S": "1"}, "status": {"S": "NEW"}}


def test_every_setting_is_read_back_in_both_regions(tenant: Account) -> None:
    made = tenant.stacks.create(
        "primary",
        pair(tenant, DeletionProtectionEnabled=True),
        Template={
            "Outputs": {
                "Name": {"Value": {"Ref": "Table"}},
                "Arn": {"Value": {"Fn::GetAtt": ["Table", "Arn"]}},
                "Stream": {"Value": {"Fn::GetAtt": ["Table", "StreamArn"]}},
                "Id": {"Value": {"Fn::GetAtt": ["Table", "TableId"]}},
            }
        },
    )
    assert made.status == "CREATE_COMPLETE", made.reasons
    for region, other in ((HOME, PEER), (PEER, HOME)):
        found, dynamodb = tenant.table(region), tenant.at("dynamodb", region)
        assert found is not None
        arn = f"arn:aws:dynamodb:{region}:{tenant.number}:table/{NAME}"
        assert (found["TableArn"], found["TableStatus"]) == (arn, "ACTIVE")
        assert found["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
        assert [each["RegionName"] for each in found["Replicas"]] == [other]
        assert found["SSEDescription"]["KMSMasterKeyArn"] == tenant.keys[region]
        assert found["DeletionProtectionEnabled"] is True
        assert found["StreamSpecification"]["StreamViewType"] == "NEW_AND_OLD_IMAGES"
        (read,) = found["GlobalSecondaryIndexes"]
        assert read["IndexName"] == "StatusIndex"
        backups = dynamodb.describe_continuous_backups(TableName=NAME)
        recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"
        ttl = dynamodb.describe_time_to_live(TableName=NAME)["TimeToLiveDescription"]
        assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expiresAt"}
        listed = dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"]
        assert {"Key": "where", "Value": region} in listed
        assert {"Key": "where", "Value": other} not in listed
        if region == HOME:
            assert made.outputs == {
                "Name": NAME,
                "Arn": arn,
                "Stream": found["LatestStreamArn"],
                "Id": found["TableId"],
            }


def test_items_are_in_both_regions(tenant: Account) -> None:
    tenant.stacks.create("primary", pair(tenant))
    home, peer = tenant.at("dynamodb"), tenant.at("dynamodb", PEER)
    for writer, reader, name in ((home, peer, "home"), (peer, home, "peer")):
        keys = [f"{name}-{number}" for number in range(4)]
        writer.put_item(TableName=NAME, Item=item(keys[0]))
        writer.transact_write_items(
            TransactItems=[{"Put": {"TableName": NAME, "Item": item(keys[1])}}]
        )
        writer.batch_write_item(RequestItems={NAME: [{"PutRequest": {"Item": item(keys[2])}}]})
        writer.update_item(
            TableName=NAME,
            Key={"id": {"S": keys[3]}, "at": {"S": "1"}},
            UpdateExpression="SET #s = :s",
            ExpressionAttributeNames={"#s": "status"},
            ExpressionAttributeValues={":s": {"S": "NEW"}},
        )
        listed = reader.query(
            TableName=NAME,
            IndexName="StatusIndex",
            KeyConditionExpression="#s = :s",
            ExpressionAttributeNames={"#s": "status"},
            ExpressionAttributeValues={":s": {"S": "NEW"}},
        )["Items"]
        assert {each["id"]["S"] for each in listed} >= set(keys)
        writer.delete_item(TableName=NAME, Key={"id": {"S": keys[0]}, "at": {"S": "1"}})
        gone = reader.get_item(TableName=NAME, Key={"id": {"S": keys[0]}, "at": {"S": "1"}})
        assert "Item" not in gone


def test_a_condition_counts_in_the_other_region(tenant: Account) -> None:
    tenant.stacks.create("primary", pair(tenant))
    tenant.at("dynamodb").put_item(TableName=NAME, Item=item("a"))
    with pytest.raises(ClientError, match="ConditionalCheckFailed"):
        tenant.at("dynamodb", PEER).put_item(
            TableName=NAME, Item=item("a"), ConditionExpression="attribute_not_exists(id)"
        )


def test_settings_change_in_place(tenant: Account) -> None:
    tenant.stacks.create("primary", pair(tenant))
    tenant.at("dynamodb").put_item(TableName=NAME, Item=item("a"))
    off = {"PointInTimeRecoveryEnabled": False}
    changed = tenant.stacks.update(
        "primary",
        table(
            replica(tenant, HOME, DeletionProtectionEnabled="true"),
            replica(tenant, PEER, PointInTimeRecoverySpecification=off, Tags=[]),
            TimeToLiveSpecification=None,
            GlobalSecondaryIndexes=[index("Second")],
        ),
    )
    assert changed.status == "UPDATE_COMPLETE", changed.reasons
    home, peer = tenant.table(), tenant.table(PEER)
    assert home is not None
    assert peer is not None
    assert (home["DeletionProtectionEnabled"], peer["DeletionProtectionEnabled"]) == (True, False)
    dynamodb = tenant.at("dynamodb", PEER)
    backups = dynamodb.describe_continuous_backups(TableName=NAME)
    recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "DISABLED"
    assert dynamodb.list_tags_of_resource(ResourceArn=peer["TableArn"])["Tags"] == []
    for region, found in ((HOME, home), (PEER, peer)):
        ttl = tenant.at("dynamodb", region).describe_time_to_live(TableName=NAME)
        assert ttl["TimeToLiveDescription"]["TimeToLiveStatus"] == "DISABLED"
        assert [each["IndexName"] for each in found["GlobalSecondaryIndexes"]] == ["Second"]
        assert tenant.at("dynamodb", region).scan(TableName=NAME)["Count"] == 1


def test_replicas_come_and_go(tenant: Account) -> None:
    tenant.stacks.create("primary", pair(tenant))
    tenant.at("dynamodb").put_item(TableName=NAME, Item=item("a"))
    changed = tenant.stacks.update("primary", table(replica(tenant, HOME), replica(tenant, THIRD)))
    assert changed.status == "UPDATE_COMPLETE", changed.reasons
    assert tenant.table(PEER) is None
    assert tenant.at("dynamodb", THIRD).scan(TableName=NAME)["Count"] == 1


def test_after_a_time_apart_the_last_write_stands_in_both_regions(
    tenant: Account, apart: Callable[[], Any]
) -> None:
    tenant.stacks.create("primary", pair(tenant))
    home, peer = tenant.at("dynamodb"), tenant.at("dynamodb", PEER)

    def put(client: Any, key: str, by: str) -> None:
        client.put_item(TableName=NAME, Item=item(key) | {"by": {"S": by}})

    def found(client: Any) -> dict[str, str]:
        items = client.scan(TableName=NAME)["Items"]
        return {each["id"]["S"]: each["by"]["S"] for each in items}

    for key in ("old", "gone"):
        put(home, key, "before")
    with apart():
        put(peer, "theirs, then ours", "peer")
        put(home, "theirs, then ours", "home")
        put(home, "ours, then theirs", "home")
        put(peer, "ours, then theirs", "peer")
        put(home, "ours", "home")
        put(peer, "theirs", "peer")
        home.delete_item(TableName=NAME, Key={each: item("gone")[each] for each in ("id", "at")})
        assert "ours" not in found(peer)
        assert "theirs" not in found(home)
        assert "gone" in found(peer)
    stands = {
        "old": "before",
        "theirs, then ours": "home",
        "ours, then theirs": "peer",
        "ours": "home",
        "theirs": "peer",
    }
    assert found(home) == found(peer) == stands
    put(peer, "old", "after")
    assert found(home)["old"] == "after"


def test_a_protected_replica_stops_its_removal(tenant: Account) -> None:
    tenant.stacks.create("primary", pair(tenant, DeletionProtectionEnabled=True))
    changed = tenant.stacks.update(
        "primary", table(replica(tenant, HOME, DeletionProtectionEnabled=True))
    )
    assert changed.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "currently protected against deletion" in changed.reasons[-1]
    assert tenant.table(PEER) is not None


def test_deletion(tenant: Account) -> None:
    tenant.stacks.create("primary", pair(tenant, DeletionProtectionEnabled=True))
    gone = tenant.stacks.delete("primary")
    assert gone.status == "DELETE_FAILED"
    assert any("currently protected against deletion" in reason for reason in gone.reasons)
    for region in (HOME, PEER):
        tenant.at("dynamodb", region).update_table(TableName=NAME, DeletionProtectionEnabled=False)
    assert tenant.stacks.delete("primary").status == "DELETE_COMPLETE"
    assert (tenant.table(), tenant.table(PEER)) == (None, None)


def test_a_table_that_is_kept_stays_and_one_that_fails_goes(tenant: Account) -> None:
    kept = pair(tenant)
    kept["Table"]["DeletionPolicy"] = "RetainExceptOnCreate"
    tenant.at("ssm").put_parameter(Name="/dr/taken", Value="1", Type="String")
    taken = {
        "Type": "AWS::SSM::Parameter",
        "DependsOn": "Table",
        "Properties": {"Name": "/dr/taken", "Type": "String", "Value": "2"},
    }
    assert tenant.stacks.create("failed", {**kept, "Late": taken}).status == "ROLLBACK_COMPLETE"
    assert (tenant.table(), tenant.table(PEER)) == (None, None)
    assert tenant.stacks.create("kept", kept).status == "CREATE_COMPLETE"
    assert tenant.stacks.delete("kept").status == "DELETE_COMPLETE"
    assert None not in (tenant.table(), tenant.table(PEER))


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"Bogus": 1}, "Encountered unsupported property Bogus"),
        ({"MultiRegionConsistency": "STRONG"}, "unsupported property MultiRegionConsistency"),
        ({"BillingMode": "PROVISIONED"}, "PAY_PER_REQUEST only"),
        ({"StreamSpecification": None}, "StreamSpecification must be set"),
        ({"Replicas": [{"Region": PEER}]}, "must include the region the stack is deployed in"),
        ({"Replicas": [{"Region": HOME, "Bogus": 1}]}, "unsupported property Bogus"),
        ({"Replicas": [{"Region": HOME, "TableClass": "STANDARD"}]}, "property TableClass"),
    ],
)
def test_what_is_wrong_is_refused(
    refused: Account, properties: dict[str, Any], message: str
) -> None:
    made = refused.stacks.create(
        "primary", table(replica(refused, HOME), replica(refused, PEER), **properties)
    )
    assert made.status == "ROLLBACK_COMPLETE"
    assert message in made.reasons[-1]
    assert (refused.table(), refused.table(PEER)) == (None, None)


@pytest.mark.parametrize("wrong", ["none", "other region", "disabled"])
def test_a_replica_needs_a_key_of_its_region(refused: Account, wrong: str) -> None:
    key = {
        "none": refused.keys[PEER][:-4] + "0000",
        "other region": refused.keys[HOME],
        "disabled": refused.keys[PEER],
    }[wrong]
    if wrong == "disabled":
        refused.at("kms", PEER).disable_key(KeyId=key)
    made = refused.stacks.create(
        "primary",
        table(
            replica(refused, HOME),
            replica(refused, PEER, SSESpecification={"KMSMasterKeyId": key}),
        ),
    )
    assert "KMS validation error" in made.reasons[-1]
    assert refused.table() is None


def test_another_name_is_refused_in_an_update(tenant: Account) -> None:
    tenant.stacks.create("primary", pair(tenant))
    other = pair(tenant)
    other["Table"]["Properties"]["TableName"] = "dr-other"
    changed = tenant.stacks.update("primary", other)
    assert changed.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "requires replacing" in changed.reasons[-1]
    assert json.dumps(tenant.table(), default=str).count(NAME)
