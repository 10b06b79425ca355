"""Multi-Region keys: a primary, its replica in another region, and the end of both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .stack_runner import Runner

HOME, PEER = "us-east-1", "us-west-2"


def policy(account: str) -> dict[str, Any]:
    allow = {
        "Sid": "Account",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    return {"Version": "2012-10-17", "Statement": [allow]}


def primary(account: str, **properties: Any) -> dict[str, Any]:
    return {
        "Key": {
            "Type": "AWS::KMS::Key",
            "Properties": {
                "KeyPolicy": policy(account),
                "MultiRegion": True,
                "EnableKeyRotation": True,
                "PendingWindowInDays": 7,
                **properties,
            },
        }
    }


def replica(account: str, arn: str, **properties: Any) -> dict[str, Any]:
    return {
        "Replica": {
            "Type": "AWS::KMS::ReplicaKey",
            "Properties": {"PrimaryKeyArn": arn, "KeyPolicy": policy(account), **properties},
        },
        "Alias": {
            "Type": "AWS::KMS::Alias",
            "Properties": {"AliasName": "alias/dr", "TargetKeyId": {"Ref": "Replica"}},
        },
    }


ARN = {"Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Key", "Arn"]}}}}
REPLICA_ARN = {
    "Outputs": {
        "Arn": {"Value": {"Fn::GetAtt": ["Replica", "Arn"]}},
        "Id": {"Value": {"Ref": "Replica"}},
    }
}


@pytest.fixture
def home(account: str, runner: Callable[..., Runner]) -> Runner:
    return runner(account=account, region=HOME)


@pytest.fixture
def peer(account: str, runner: Callable[..., Runner]) -> Runner:
    return runner(account=account, region=PEER)


@pytest.fixture
def kms(account: str, client: Callable[..., Any]) -> Callable[[str], Any]:
    return lambda region: client("kms", account=account, region=region)


def test_a_replica_is_the_same_key(home: Runner, peer: Runner, kms: Callable[[str], Any]) -> None:
    arn = home.create("home", primary(home.account), Template=ARN).outputs["Arn"]
    made = peer.create(
        "peer",
        replica(home.account, arn, Description="The replica", Tags=[{"Key": "team", "Value": "a"}]),
        Template=REPLICA_ARN,
    )
    assert made.status == "CREATE_COMPLETE", made.reasons
    key_id = arn.rpartition("/")[2]
    assert key_id.startswith("mrk-")
    assert made.outputs == {"Arn": arn.replace(HOME, PEER), "Id": key_id}

    described = kms(PEER).describe_key(KeyId="alias/dr")["KeyMetadata"]
    assert (described["KeyState"], described["Description"]) == ("Enabled", "The replica")
    assert described["MultiRegionConfiguration"] == {
        "MultiRegionKeyType": "REPLICA",
        "PrimaryKey": {"Arn": arn, "Region": HOME},
        "ReplicaKeys": [{"Arn": arn.replace(HOME, PEER), "Region": PEER}],
    }
    assert kms(PEER).get_key_policy(KeyId=key_id, PolicyName="default")["Policy"].count("Account")
    tags = kms(PEER).list_resource_tags(KeyId=key_id)["Tags"]
    assert {"TagKey": "team", "TagValue": "a"} in tags
    assert kms(HOME).get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"]

    secret = kms(HOME).encrypt(KeyId=key_id, Plaintext=b"hello")["CiphertextBlob"]
    assert kms(PEER).decrypt(CiphertextBlob=secret)["Plaintext"] == b"hello"


def test_a_replica_follows_its_template(
    home: Runner, peer: Runner, kms: Callable[[str], Any]
) -> None:
    arn = home.create("home", primary(home.account), Template=ARN).outputs["Arn"]
    peer.create("peer", replica(home.account, arn))
    changed = peer.update(
        "peer",
        replica(
            home.account,
            arn,
            Description="Second",
            Enabled="false",
            Tags=[{"Key": "team", "Value": "b"}],
        ),
    )
    assert changed.status == "UPDATE_COMPLETE", changed.reasons
    described = kms(PEER).describe_key(KeyId="alias/dr")["KeyMetadata"]
    assert (described["KeyState"], described["Description"]) == ("Disabled", "Second")
    tags = kms(PEER).list_resource_tags(KeyId=described["KeyId"])["Tags"]
    assert {"TagKey": "team", "TagValue": "b"} in tags
    peer.update("peer", replica(home.account, arn, Description="Third"))
    described = kms(PEER).describe_key(KeyId="alias/dr")["KeyMetadata"]
    assert (described["KeyState"], described["Description"]) == ("Enabled", "Third")
    tags = kms(PEER).list_resource_tags(KeyId=described["KeyId"])["Tags"]
    assert "team" not in [tag["TagKey"] for tag in tags]


def test_keys_go_after_their_waiting_time(
    home: Runner, peer: Runner, kms: Callable[[str], Any]
) -> None:
    arn = home.create("home", primary(home.account), Template=ARN).outputs["Arn"]
    peer.create("peer", replica(home.account, arn, PendingWindowInDays=9))
    state = lambda region: kms(region).describe_key(KeyId=arn.rpartition("/")[2])["KeyMetadata"]  # noqa: E731

    assert home.delete("home").status == "DELETE_COMPLETE"
    waiting = state(HOME)
    assert waiting["KeyState"] == "PendingReplicaDeletion"
    assert waiting["PendingDeletionWindowInDays"] == 7
    assert "DeletionDate" not in waiting  # the time begins when the last replica is gone
    assert state(PEER)["KeyState"] == "Enabled"

    assert peer.delete("peer").status == "DELETE_COMPLETE"
    going = state(PEER)
    assert going["KeyState"] == "PendingDeletion"
    assert 8 <= (going["DeletionDate"] - going["CreationDate"]).days <= 9
    # A replica whose waiting period runs is a replica still.
    assert state(HOME)["KeyState"] == "PendingReplicaDeletion"
    assert len(state(HOME)["MultiRegionConfiguration"]["ReplicaKeys"]) == 1


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"PrimaryKeyArn": f"arn:aws:kms:{HOME}:123456789012:key/mrk-none"}, "not"),
        ({"EnableKeyRotation": True}, "Encountered unsupported property EnableKeyRotation"),
        ({"PendingWindowInDays": 31}, "#/PendingWindowInDays: 31 is not less or equal to 30"),
        ({"Enabled": "perhaps"}, "#/Enabled: expected type: Boolean, found: String"),
    ],
)
def test_what_is_wrong_is_refused(
    home: Runner, peer: Runner, properties: dict[str, Any], message: str
) -> None:
    arn = home.create("home", primary(home.account), Template=ARN).outputs["Arn"]
    made = peer.create("peer", replica(home.account, arn, **properties))
    assert made.status == "ROLLBACK_COMPLETE"
    assert message in made.reasons[-1]


def test_a_single_region_key_has_no_replica(home: Runner, peer: Runner) -> None:
    arn = home.create("home", primary(home.account, MultiRegion=False), Template=ARN).outputs["Arn"]
    made = peer.create("peer", replica(home.account, arn))
    assert "is not a multi-Region key" in made.reasons[-1]


def test_a_key_that_is_kept_except_on_create(home: Runner, kms: Callable[[str], Any]) -> None:
    keep = primary(home.account)
    keep["Key"]["DeletionPolicy"] = "RetainExceptOnCreate"
    arn = home.create("kept", keep, Template=ARN).outputs["Arn"]
    assert home.delete("kept").status == "DELETE_COMPLETE"
    assert kms(HOME).describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] == "Enabled"

    before = {key["KeyId"] for key in kms(HOME).list_keys()["Keys"]}
    failing = {
        **keep,
        "Wrong": {
            "Type": "AWS::SSM::Parameter",
            "DependsOn": "Key",
            "Properties": {"Name": "/a", "Type": "String", "Value": "1", "Bogus": "1"},
        },
    }
    assert home.create("failed", failing).status == "ROLLBACK_COMPLETE"
    (made,) = {key["KeyId"] for key in kms(HOME).list_keys()["Keys"]} - before
    assert kms(HOME).describe_key(KeyId=made)["KeyMetadata"]["KeyState"] == "PendingDeletion"
