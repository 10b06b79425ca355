"""Buckets: every property read back from S3, and objects that arrive in the other region."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .stack_runner import Runner

HOME, PEER = "us-east-1", "us-west-2"
ENABLED = {"Status": "Enabled"}


@dataclass(frozen=True)
class Account:
    """An account with a key in each region and a role that S3 replicates with."""

    number: str
    client: Callable[..., Any]
    runner: Callable[..., Runner]

    def at(self, service: str, region: str = HOME) -> Any:
        return self.client(service, account=self.number, region=region)

    def stacks(self, region: str = HOME) -> Runner:
        return self.runner(account=self.number, region=region)

    def bucket(self, region: str) -> str:
        return f"dr-documents-{self.number}-{region}"

    @property
    def role(self) -> str:
        return f"arn:aws:iam::{self.number}:role/dr-replication"

    def allow(self, *actions: str) -> None:
        """Let the replication role do this and nothing else."""
        allow = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        self.at("iam").put_role_policy(
            RoleName="dr-replication",
            PolicyName="replicate",
            PolicyDocument=json.dumps({"Statement": [allow]}),
        )


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
    made = Account(account, client, runner)
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    made.at("iam").create_role(
        RoleName="dr-replication", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]})
    )
    made.allow("s3:*", "kms:*")
    return made


@pytest.fixture
def keys(tenant: Account) -> dict[str, str]:
    """A multi-Region key's ARN in each region."""
    home = tenant.at("kms").create_key(MultiRegion=True)["KeyMetadata"]
    peer = tenant.at("kms").replicate_key(KeyId=home["KeyId"], ReplicaRegion=PEER)
    return {HOME: home["Arn"], PEER: peer["ReplicaKeyMetadata"]["Arn"]}


def bucket(tenant: Account, region: str, **properties: Any) -> dict[str, Any]:
    return {
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "BucketName": tenant.bucket(region),
                "VersioningConfiguration": ENABLED,
                **properties,
            },
        }
    }


def encryption(key: str) -> dict[str, Any]:
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rule = {"ServerSideEncryptionByDefault": default, "BucketKeyEnabled": "true"}
    return {"ServerSideEncryptionConfiguration": [rule]}


def replication(tenant: Account, to: str, key: str | None = None, **rule: Any) -> dict[str, Any]:
    """One rule; with a key it selects objects encrypted with KMS, and replica modifications."""
    minutes = {"Minutes": "15"}
    destination: dict[str, Any] = {
        "Bucket": f"arn:aws:s3:::{tenant.bucket(to)}",
        "ReplicationTime": {"Status": "Enabled", "Time": minutes},
        "Metrics": {"Status": "Enabled", "EventThreshold": minutes},
    }
    selection = {}
    if key:
        destination["EncryptionConfiguration"] = {"ReplicaKmsKeyID": key}
        selection = {
            "SourceSelectionCriteria": {
                "SseKmsEncryptedObjects": ENABLED,
                "ReplicaModifications": ENABLED,
            }
        }
    made = {
        "Id": "to-peer",
        "Status": "Enabled",
        "Priority": 1,
        "Filter": {"Prefix": ""},
        "DeleteMarkerReplication": ENABLED,
        "Destination": destination,
        **selection,
        **rule,
    }
    return {"Role": tenant.role, "Rules": [made]}


def pair(tenant: Account, keys: dict[str, str], *, selects: bool = True) -> None:
    """Both buckets with their key, and the rule from home to peer."""
    peer = tenant.stacks(PEER).create(
        "peer", bucket(tenant, PEER, BucketEncryption=encryption(keys[PEER]))
    )
    assert peer.status == "CREATE_COMPLETE", peer.reasons
    home = tenant.stacks(HOME).create(
        "home",
        bucket(
            tenant,
            HOME,
            BucketEncryption=encryption(keys[HOME]),
            ReplicationConfiguration=replication(tenant, PEER, keys[PEER] if selects else None),
        ),
    )
    assert home.status == "CREATE_COMPLETE", home.reasons


def both_ways(tenant: Account, keys: dict[str, str]) -> None:
    """The same, and the rule back."""
    pair(tenant, keys)
    changed = tenant.stacks(PEER).update(
        "peer",
        bucket(
            tenant,
            PEER,
            BucketEncryption=encryption(keys[PEER]),
            ReplicationConfiguration=replication(tenant, HOME, keys[HOME]),
        ),
    )
    assert changed.status == "UPDATE_COMPLETE", changed.reasons


def test_every_property_is_read_back(tenant: Account, keys: dict[str, str]) -> None:
    public = dict.fromkeys(
        ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"), True
    )
    made = tenant.stacks(PEER).create(
        "peer",
        bucket(
            tenant,
            PEER,
            BucketEncryption=encryption(keys[PEER]),
            PublicAccessBlockConfiguration=public,
            OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            Tags=[{"Key": "team", "Value": "a"}],
            LifecycleConfiguration={
                "Rules": [
                    {
                        "Id": "tidy",
                        "Status": "Enabled",
                        "Transitions": [
                            {"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": 30}
                        ],
                        "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
                        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                    }
                ]
            },
        ),
        Template={
            "Outputs": {
                "Arn": {"Value": {"Fn::GetAtt": ["Bucket", "Arn"]}},
                "Domain": {"Value": {"Fn::GetAtt": ["Bucket", "RegionalDomainName"]}},
            }
        },
        Tags=[{"Key": "stack", "Value": "b"}],
    )
    assert made.status == "CREATE_COMPLETE", made.reasons
    name, s3 = tenant.bucket(PEER), tenant.at("s3", PEER)
    assert made.outputs == {
        "Arn": f"arn:aws:s3:::{name}",
        "Domain": f"{name}.s3.{PEER}.amazonaws.com",
    }
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] == PEER
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": keys[PEER],
    }
    assert rule["BucketKeyEnabled"] is True
    block = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    assert block == public
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == [
        {"Key": "team", "Value": "a"},
        {"Key": "stack", "Value": "b"},
    ]
    (life,) = s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
    assert life["Transitions"] == [{"Days": 30, "StorageClass": "INTELLIGENT_TIERING"}]
    assert life["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
    assert life["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}


def test_a_rule_is_read_back(tenant: Account, keys: dict[str, str]) -> None:
    pair(tenant, keys)
    read = tenant.at("s3").get_bucket_replication(Bucket=tenant.bucket(HOME))
    configuration = read["ReplicationConfiguration"]
    assert configuration["Role"] == tenant.role
    (rule,) = configuration["Rules"]
    assert rule["SourceSelectionCriteria"] == {
        "SseKmsEncryptedObjects": ENABLED,
        "ReplicaModifications": ENABLED,
    }
    assert rule["DeleteMarkerReplication"] == ENABLED
    assert rule["Destination"] == {
        "Bucket": f"arn:aws:s3:::{tenant.bucket(PEER)}",
        "EncryptionConfiguration": {"ReplicaKmsKeyID": keys[PEER]},
        "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
        "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
    }


def test_an_object_arrives_under_the_replica_key(tenant: Account, keys: dict[str, str]) -> None:
    pair(tenant, keys)
    home, peer = tenant.at("s3"), tenant.at("s3", PEER)
    home.put_object(Bucket=tenant.bucket(HOME), Key="a", Body=b"hello")
    source = home.head_object(Bucket=tenant.bucket(HOME), Key="a")
    assert (source["ReplicationStatus"], source["SSEKMSKeyId"]) == ("COMPLETED", keys[HOME])
    copy = peer.get_object(Bucket=tenant.bucket(PEER), Key="a")
    assert copy["Body"].read() == b"hello"
    assert (copy["ReplicationStatus"], copy["SSEKMSKeyId"]) == ("REPLICA", keys[PEER])
    home.delete_object(Bucket=tenant.bucket(HOME), Key="a")
    with pytest.raises(ClientError, match="404"):
        peer.head_object(Bucket=tenant.bucket(PEER), Key="a")


def test_an_object_under_a_key_that_no_rule_selects_stays(
    tenant: Account, keys: dict[str, str]
) -> None:
    pair(tenant, keys, selects=False)
    home = tenant.at("s3")
    home.put_object(Bucket=tenant.bucket(HOME), Key="a", Body=b"hello")
    assert "ReplicationStatus" not in home.head_object(Bucket=tenant.bucket(HOME), Key="a")
    with pytest.raises(ClientError, match="404"):
        tenant.at("s3", PEER).head_object(Bucket=tenant.bucket(PEER), Key="a")
    home.put_object(Bucket=tenant.bucket(HOME), Key="b", Body=b"", ServerSideEncryption="AES256")
    assert tenant.at("s3", PEER).head_object(Bucket=tenant.bucket(PEER), Key="b")


def test_both_ways_do_not_loop(tenant: Account, keys: dict[str, str]) -> None:
    both_ways(tenant, keys)
    for region in (HOME, PEER):
        tenant.at("s3", region).put_object(
            Bucket=tenant.bucket(region), Key=f"from-{region}", Body=region.encode()
        )
    for region in (HOME, PEER):
        versions = tenant.at("s3", region).list_object_versions(Bucket=tenant.bucket(region))
        assert [each["Key"] for each in versions["Versions"]] == [f"from-{HOME}", f"from-{PEER}"]


@pytest.mark.parametrize(
    "missing",
    ["s3:GetObjectVersionForReplication", "s3:ReplicateObject", "kms:Decrypt", "kms:Encrypt"],
)
def test_the_role_must_be_allowed(tenant: Account, keys: dict[str, str], missing: str) -> None:
    pair(tenant, keys)
    needed = {
        "s3:GetReplicationConfiguration",
        "s3:ListBucket",
        "s3:GetObjectVersionAcl",
        "s3:GetObjectVersionTagging",
        "s3:GetObjectVersionForReplication",
        "s3:ReplicateObject",
        "kms:Decrypt",
        "kms:Encrypt",
    }
    s3, name = tenant.at("s3"), tenant.bucket(HOME)
    tenant.allow(*needed)
    s3.put_object(Bucket=name, Key="a", Body=b"")
    assert s3.head_object(Bucket=name, Key="a")["ReplicationStatus"] == "COMPLETED"
    tenant.allow(*(needed - {missing}))
    s3.put_object(Bucket=name, Key="b", Body=b"")
    assert s3.head_object(Bucket=name, Key="b")["ReplicationStatus"] == "FAILED"
    with pytest.raises(ClientError, match="404"):
        tenant.at("s3", PEER).head_object(Bucket=tenant.bucket(PEER), Key="b")


def test_an_object_of_a_time_apart_arrives_later(
    tenant: Account, keys: dict[str, str], apart: Callable[[], Any]
) -> None:
    pair(tenant, keys)
    home, name = tenant.at("s3"), tenant.bucket(HOME)
    peer, other = tenant.at("s3", PEER), tenant.bucket(PEER)
    home.put_object(Bucket=name, Key="deleted", Body=b"before")
    with apart():
        home.put_object(Bucket=name, Key="ours", Body=b"hello", Tagging="state=1")
        home.put_object_tagging(
            Bucket=name, Key="ours", Tagging={"TagSet": [{"Key": "state", "Value": "2"}]}
        )
        home.delete_object(Bucket=name, Key="deleted")
        assert home.head_object(Bucket=name, Key="ours")["ReplicationStatus"] == "PENDING"
        listed = peer.list_objects_v2(Bucket=other)["Contents"]
        assert [each["Key"] for each in listed] == ["deleted"]
    assert home.head_object(Bucket=name, Key="ours")["ReplicationStatus"] == "COMPLETED"
    copy = peer.get_object(Bucket=other, Key="ours")
    assert (copy["Body"].read(), copy["SSEKMSKeyId"]) == (b"hello", keys[PEER])
    tags = peer.get_object_tagging(Bucket=other, Key="ours")["TagSet"]
    assert tags == [{"Key": "state", "Value": "2"}]
    assert [each["Key"] for each in peer.list_objects_v2(Bucket=other)["Contents"]] == ["ours"]


def test_a_later_object_of_the_other_region_stays(
    tenant: Account, keys: dict[str, str], apart: Callable[[], Any]
) -> None:
    both_ways(tenant, keys)
    home, peer = tenant.at("s3"), tenant.at("s3", PEER)
    with apart():
        home.put_object(Bucket=tenant.bucket(HOME), Key="a", Body=b"earlier")
        peer.put_object(Bucket=tenant.bucket(PEER), Key="a", Body=b"later")
    for s3, region in ((home, HOME), (peer, PEER)):
        found = s3.get_object(Bucket=tenant.bucket(region), Key="a")
        assert found["Body"].read() == b"later"


def test_a_disabled_replica_key_fails_the_copy(tenant: Account, keys: dict[str, str]) -> None:
    pair(tenant, keys)
    tenant.at("kms", PEER).disable_key(KeyId=keys[PEER])
    s3, name = tenant.at("s3"), tenant.bucket(HOME)
    s3.put_object(Bucket=name, Key="a", Body=b"")
    assert s3.head_object(Bucket=name, Key="a")["ReplicationStatus"] == "FAILED"


def test_tags_travel_and_changes_of_a_replica_travel_back(
    tenant: Account, keys: dict[str, str]
) -> None:
    both_ways(tenant, keys)
    tags = [[{"Key": "state", "Value": str(number)}] for number in range(3)]
    home, peer = tenant.at("s3"), tenant.at("s3", PEER)
    home.put_object(Bucket=tenant.bucket(HOME), Key="a", Body=b"", Tagging="state=0")
    assert peer.get_object_tagging(Bucket=tenant.bucket(PEER), Key="a")["TagSet"] == tags[0]
    home.put_object_tagging(Bucket=tenant.bucket(HOME), Key="a", Tagging={"TagSet": tags[1]})
    assert peer.get_object_tagging(Bucket=tenant.bucket(PEER), Key="a")["TagSet"] == tags[1]
    peer.put_object_tagging(Bucket=tenant.bucket(PEER), Key="a", Tagging={"TagSet": tags[2]})
    assert home.get_object_tagging(Bucket=tenant.bucket(HOME), Key="a")["TagSet"] == tags[2]


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"Bogus": 1}, "Encountered unsupported property Bogus"),
        ({"LoggingConfiguration": {}}, "Encountered unsupported property LoggingConfiguration"),
        ({"VersioningConfiguration": {"Status": "On"}}, "On is not a valid enum value"),
        (
            {"BucketEncryption": {"ServerSideEncryptionConfiguration": [{"Bogus": 1}]}},
            "Encountered unsupported property Bogus",
        ),
    ],
)
def test_what_is_wrong_is_refused(
    refused: Account, properties: dict[str, Any], message: str
) -> None:
    made = refused.stacks().create("home", bucket(refused, HOME, **properties))
    assert made.status == "ROLLBACK_COMPLETE"
    assert message in made.reasons[-1]


def test_a_rule_needs_its_destination(tenant: Account) -> None:
    ruled = bucket(tenant, HOME, ReplicationConfiguration=replication(tenant, PEER))
    nowhere = tenant.stacks().create("nowhere", ruled)
    assert "Destination bucket must exist" in nowhere.reasons[-1]
    tenant.at("s3", PEER).create_bucket(
        Bucket=tenant.bucket(PEER), CreateBucketConfiguration={"LocationConstraint": PEER}
    )
    plain = tenant.stacks().create("plain", ruled)
    assert "Destination bucket must have versioning enabled" in plain.reasons[-1]
    ruled["Bucket"]["Properties"].pop("VersioningConfiguration")
    unversioned = tenant.stacks().create("unversioned", ruled)
    assert "Versioning must be 'Enabled' on the bucket" in unversioned.reasons[-1]
    with pytest.raises(ClientError, match="404"):
        tenant.at("s3").head_bucket(Bucket=tenant.bucket(HOME))


def test_what_a_template_no_longer_says_goes(tenant: Account, keys: dict[str, str]) -> None:
    pair(tenant, keys)
    changed = tenant.stacks().update("home", bucket(tenant, HOME))
    assert changed.status == "UPDATE_COMPLETE", changed.reasons
    s3, name = tenant.at("s3"), tenant.bucket(HOME)
    with pytest.raises(ClientError, match="ReplicationConfigurationNotFoundError"):
        s3.get_bucket_replication(Bucket=name)
    (rule,) = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_a_bucket_that_is_not_empty_stays(tenant: Account) -> None:
    tenant.stacks().create("home", bucket(tenant, HOME))
    s3, name = tenant.at("s3"), tenant.bucket(HOME)
    s3.put_object(Bucket=name, Key="a", Body=b"")
    s3.delete_object(Bucket=name, Key="a")  # its versions stay
    gone = tenant.stacks().delete("home")
    assert gone.status == "DELETE_FAILED"
    assert any("not empty" in reason for reason in gone.reasons)
    assert s3.head_bucket(Bucket=name)


def test_a_bucket_that_is_kept_stays(tenant: Account) -> None:
    kept = bucket(tenant, HOME)
    kept["Bucket"]["DeletionPolicy"] = "RetainExceptOnCreate"
    tenant.stacks().create("home", kept)
    assert tenant.stacks().delete("home").status == "DELETE_COMPLETE"
    assert tenant.at("s3").head_bucket(Bucket=tenant.bucket(HOME))
