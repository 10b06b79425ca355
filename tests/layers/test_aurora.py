"""Seed row "Aurora": no secondary cluster, t3.medium, security group never attached, version 14.6."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_kms as kms
from aws_cdk.assertions import Template as Synthesised

from dr_catalog.layers import GlobalDatabase, GlobalDatabaseReader

from .reading import Template, of_type, only, text

REGIONS = ["primary", "workload"]
LONG_TERM = {"16.8", "17.7"}
"""The long-term support releases of the newest majors; 14.6 was one too, of an older.

See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Updates.LTS.html
"""


def cluster(template: Template) -> Template:
    return only(template, "AWS::RDS::DBCluster")["Properties"]


def test_seed_aurora_is_a_global_database_with_a_cluster_in_each_region(
    templates: Mapping[str, Template],
) -> None:
    database = only(templates["primary"], "AWS::RDS::GlobalCluster")["Properties"]
    name = text(templates["primary"], database["GlobalClusterIdentifier"])
    assert name == "dr-ledger-<EnvironmentSuffix>"
    assert database["StorageEncrypted"] is True
    assert not of_type(templates["workload"], "AWS::RDS::GlobalCluster")
    for role in REGIONS:
        assert "GlobalClusterIdentifier" in cluster(templates[role])


def test_seed_aurora_members_state_the_global_clusters_version(
    templates: Mapping[str, Template],
) -> None:
    database = only(templates["primary"], "AWS::RDS::GlobalCluster")["Properties"]
    assert database["EngineVersion"] in LONG_TERM
    for role in REGIONS:
        assert cluster(templates[role])["EngineVersion"] == database["EngineVersion"]


@pytest.mark.parametrize("role", REGIONS)
def test_seed_aurora_instances_are_serverless(templates: Mapping[str, Template], role: str) -> None:
    instance = only(templates[role], "AWS::RDS::DBInstance")["Properties"]
    assert instance["DBInstanceClass"] == "db.serverless"
    assert instance["PubliclyAccessible"] is False
    scaling = cluster(templates[role])["ServerlessV2ScalingConfiguration"]
    assert scaling == {"MinCapacity": {"Ref": "MinCapacity"}, "MaxCapacity": {"Ref": "MaxCapacity"}}


@pytest.mark.parametrize("role", REGIONS)
def test_seed_aurora_the_security_group_is_attached(
    templates: Mapping[str, Template], role: str
) -> None:
    (attached,) = cluster(templates[role])["VpcSecurityGroupIds"]
    group = templates[role]["Resources"][attached["Fn::GetAtt"][0]]
    rules = group["Properties"]["SecurityGroupIngress"]
    assert {rule["FromPort"] for rule in rules} == {5432}
    assert any("SourceSecurityGroupId" in rule for rule in rules)


@pytest.mark.parametrize("role", REGIONS)
def test_encrypted_by_customer_key_tls_required_iam_login_logs(
    templates: Mapping[str, Template], role: str
) -> None:
    settings = cluster(templates[role])
    assert settings["StorageEncrypted"] is True
    assert "KmsKeyId" in settings
    assert settings["EnableIAMDatabaseAuthentication"] is True
    assert settings["EnableCloudwatchLogsExports"] == ["postgresql"]
    group = only(templates[role], "AWS::RDS::DBClusterParameterGroup")["Properties"]
    assert str(group["Parameters"]["rds.force_ssl"]) == "1"


def in_(stack: cdk.Stack) -> dict[str, Any]:
    """What both halves are given."""
    return {
        "suffix": "dev",
        "key": kms.Key.from_key_arn(stack, "Key", "arn:aws:kms:eu-west-1:111111111111:key/mrk-1"),
        "vpc_id": "vpc-1",
        "isolated_subnet_ids": ["subnet-1", "subnet-2"],
        "client_security_group_id": "sg-1",
        "peer_cidr": "10.1.0.0/16",
        "min_capacity": 8,
        "max_capacity": 32,
    }


@pytest.mark.parametrize(
    ("settings", "expected"), [({}, True), ({"deletion_protection": False}, None)]
)
def test_protected_from_the_start_or_left_to_the_guard(
    settings: dict[str, bool], expected: bool | None
) -> None:
    """Absent, not false: a false would be drift, and an update would switch the guard's off again."""
    stack = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "alone")
    here = {**in_(stack), **settings}
    GlobalDatabase(
        stack,
        "Database",
        peer_region="eu-north-1",
        peer_key_arn="arn:aws:kms:eu-north-1:111111111111:key/mrk-1",
        private_subnet_ids=["subnet-3"],
        **here,
    )
    GlobalDatabaseReader(stack, "Reader", writer_endpoint="writer.example.com", **here)
    template = Synthesised.from_stack(stack).to_json()
    protected = [
        each["Properties"].get("DeletionProtection")
        for kind in ("AWS::RDS::GlobalCluster", "AWS::RDS::DBCluster")
        for each in of_type(template, kind)
    ]
    assert protected == [expected] * 3


def test_a_secondary_may_have_no_instance() -> None:
    stack = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "alone")
    GlobalDatabaseReader(
        stack, "Reader", writer_endpoint="writer.example.com", with_instance=False, **in_(stack)
    )
    template = Synthesised.from_stack(stack).to_json()
    assert len(of_type(template, "AWS::RDS::DBCluster")) == 1
    assert of_type(template, "AWS::RDS::DBInstance") == []


def test_the_tier_leaves_protection_to_the_guard(templates: Mapping[str, Template]) -> None:
    for role in REGIONS:
        for kind in ("AWS::RDS::GlobalCluster", "AWS::RDS::DBCluster"):
            for each in of_type(templates[role], kind):
                assert "DeletionProtection" not in each["Properties"]
                assert each["DeletionPolicy"] == "RetainExceptOnCreate"


def test_the_secondary_has_no_master_user_and_the_writers_password_is_no_literal(
    templates: Mapping[str, Template],
) -> None:
    assert not [name for name in cluster(templates["workload"]) if name.startswith("Master")]
    password = cluster(templates["primary"])["MasterUserPassword"]
    assert "{{resolve:secretsmanager:" in str(password)


def test_the_master_secret_has_a_replica_under_the_peers_key(
    templates: Mapping[str, Template],
) -> None:
    secret = only(templates["primary"], "AWS::SecretsManager::Secret")["Properties"]
    (replica,) = secret["ReplicaRegions"]
    assert replica["Region"] == {"Ref": "PeerRegion"}
    assert text(templates["primary"], replica["KmsKeyId"]) == (
        "arn:<Partition>:kms:<PeerRegion>:<AccountId>:key/<Key.KeyId>"
    )


@pytest.mark.parametrize("role", REGIONS)
def test_functions_log_in_as_their_own_user_alone(
    templates: Mapping[str, Template], role: str
) -> None:
    connects = [
        statement
        for each in of_type(templates[role], "AWS::IAM::Policy")
        for statement in each["Properties"]["PolicyDocument"]["Statement"]
        if statement["Action"] == "rds-db:connect"
    ]
    assert connects
    for allowed in connects:
        resources = allowed["Resource"]
        for resource in resources if isinstance(resources, list) else [resources]:
            assert text(templates[role], resource).endswith("/transactions")
