"""Seed row "Aurora": no secondary cluster, t3.medium, security group never attached, version 14.6."""

from __future__ import annotations

import pytest

from . import ledger_stacks
from .reading import Template, of_type, only, text

REGIONS = ["primary", "workload"]


@pytest.fixture(scope="module")
def stacks() -> dict[str, Template]:
    return ledger_stacks.templates()


def cluster(template: Template) -> Template:
    return only(template, "AWS::RDS::DBCluster")["Properties"]


def test_seed_aurora_is_a_global_database_with_a_cluster_in_each_region(
    stacks: dict[str, Template],
) -> None:
    database = only(stacks["primary"], "AWS::RDS::GlobalCluster")["Properties"]
    name = text(stacks["primary"], database["GlobalClusterIdentifier"])
    assert name == "dr-ledger-<EnvironmentSuffix>"
    assert database["StorageEncrypted"] is True
    assert not of_type(stacks["workload"], "AWS::RDS::GlobalCluster")
    for role in REGIONS:
        assert "GlobalClusterIdentifier" in cluster(stacks[role])


def test_seed_aurora_members_state_the_global_clusters_version(
    stacks: dict[str, Template],
) -> None:
    database = only(stacks["primary"], "AWS::RDS::GlobalCluster")["Properties"]
    assert int(database["EngineVersion"].split(".")[0]) >= 16
    for role in REGIONS:
        assert cluster(stacks[role])["EngineVersion"] == database["EngineVersion"]


@pytest.mark.parametrize("role", REGIONS)
def test_seed_aurora_instances_are_serverless(stacks: dict[str, Template], role: str) -> None:
    instance = only(stacks[role], "AWS::RDS::DBInstance")["Properties"]
    assert instance["DBInstanceClass"] == "db.serverless"
    assert instance["PubliclyAccessible"] is False
    scaling = cluster(stacks[role])["ServerlessV2ScalingConfiguration"]
    assert scaling == {"MinCapacity": {"Ref": "MinCapacity"}, "MaxCapacity": {"Ref": "MaxCapacity"}}


@pytest.mark.parametrize("role", REGIONS)
def test_seed_aurora_the_security_group_is_attached(stacks: dict[str, Template], role: str) -> None:
    (attached,) = cluster(stacks[role])["VpcSecurityGroupIds"]
    group = stacks[role]["Resources"][attached["Fn::GetAtt"][0]]
    rules = group["Properties"]["SecurityGroupIngress"]
    assert {rule["FromPort"] for rule in rules} == {5432}
    assert any("SourceSecurityGroupId" in rule for rule in rules)


@pytest.mark.parametrize("role", REGIONS)
def test_encrypted_by_customer_key_tls_required_iam_login_logs(
    stacks: dict[str, Template], role: str
) -> None:
    settings = cluster(stacks[role])
    assert settings["StorageEncrypted"] is True
    assert "KmsKeyId" in settings
    assert settings["EnableIAMDatabaseAuthentication"] is True
    assert settings["EnableCloudwatchLogsExports"] == ["postgresql"]
    group = only(stacks[role], "AWS::RDS::DBClusterParameterGroup")["Properties"]
    assert str(group["Parameters"]["rds.force_ssl"]) == "1"


def test_the_secondary_has_no_master_user_and_the_writers_password_is_no_literal(
    stacks: dict[str, Template],
) -> None:
    assert not [name for name in cluster(stacks["workload"]) if name.startswith("Master")]
    password = cluster(stacks["primary"])["MasterUserPassword"]
    assert "{{resolve:secretsmanager:" in str(password)


def test_the_master_secret_has_a_replica_under_the_peers_key(stacks: dict[str, Template]) -> None:
    secret = only(stacks["primary"], "AWS::SecretsManager::Secret")["Properties"]
    assert secret["ReplicaRegions"] == [
        {"Region": {"Ref": "PeerRegion"}, "KmsKeyId": {"Ref": "PeerKeyArn"}}
    ]


@pytest.mark.parametrize("role", REGIONS)
def test_the_processor_logs_in_as_its_own_user_alone(
    stacks: dict[str, Template], role: str
) -> None:
    connects = [
        statement
        for each in of_type(stacks[role], "AWS::IAM::Policy")
        for statement in each["Properties"]["PolicyDocument"]["Statement"]
        if statement["Action"] == "rds-db:connect"
    ]
    (allowed,) = connects
    assert text(stacks[role], allowed["Resource"]).endswith("/transactions")
