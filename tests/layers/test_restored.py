"""What the layers make where the peer has copies alone, and where it is built from them."""

from __future__ import annotations

import json
from functools import cache

import aws_cdk as cdk
from aws_cdk import aws_kms as kms

from dr_catalog.layers import (
    BackupPlan,
    DatabaseFromSnapshot,
    DnsRecord,
    GlobalTable,
    Monitoring,
    Network,
    RegionalBucket,
    RegionalEndpoint,
    ReplicaBucket,
    RestoreRole,
    Watched,
)

from .operations import PEER, REGION
from .reading import Template, actions, of_type, only, resources, statements

SNAPSHOT = "arn:aws:rds:eu-north-1:444444444444:cluster-snapshot:awsbackup:copyjob-1"
LAUNCH_KEY = f"arn:aws:kms:{REGION}:444444444444:key/mrk-1"


@cache
def templates() -> dict[str, Template]:
    """The launch region alone, what the peer keeps ready, and the peer as it is restored."""
    app = cdk.App(
        builtin_cloud_formation_validation=False, context={"aws:cdk:disable-asset-staging": True}
    )
    stacks = {name: cdk.Stack(app, name) for name in ("launch", "ready", "replica", "restored")}
    keys = {name: kms.Key.from_key_arn(each, "Key", LAUNCH_KEY) for name, each in stacks.items()}
    _launch(stacks["launch"], keys["launch"])
    RestoreRole(stacks["ready"], "Role", suffix="dev", key=keys["ready"], source_key_arn=LAUNCH_KEY)
    RegionalBucket(stacks["ready"], "Documents", suffix="dev", key=keys["ready"])
    ReplicaBucket(stacks["replica"], "Documents", suffix="dev", key=keys["replica"])
    _restored(stacks["restored"], keys["restored"])
    assembly = app.synth()
    found = {
        name: assembly.get_stack_artifact(stack.artifact_id).template
        for name, stack in stacks.items()
    }
    return {name: json.loads(json.dumps(template)) for name, template in found.items()}


def _launch(stack: cdk.Stack, key: kms.IKey) -> None:
    GlobalTable(stack, "Table", suffix="dev", key=key)
    endpoint = RegionalEndpoint(region=REGION, domain_name="d-1.example", hosted_zone_id="Z2")
    DnsRecord(stack, "Dns", suffix="dev", zone_id="Z1", zone_name="example.com", endpoint=endpoint)


def _restored(stack: cdk.Stack, key: kms.IKey) -> None:
    network = Network(
        stack,
        "Network",
        suffix="dev",
        cidr="10.1.0.0/16",
        peer_cidr=None,
        key=key,
        nat_per_zone="false",
    )
    DatabaseFromSnapshot(
        stack,
        "Database",
        suffix="dev",
        key=key,
        snapshot=SNAPSHOT,
        vpc_id=network.vpc_id,
        private_subnet_ids=network.private_subnet_ids[:2],
        isolated_subnet_ids=network.isolated_subnet_ids,
        client_security_group_id=network.function_security_group_id,
        min_capacity=8,
        max_capacity=32,
    )
    BackupPlan(stack, "Backup", suffix="dev", key=key, switched_on=True)
    Monitoring(
        stack,
        "Monitoring",
        suffix="dev",
        role="launch",
        key=key,
        peer_region=None,
        watched=Watched(table="dr-transactions-dev", vault="dr-vault-dev", copied=False),
    )


def allowed(template: Template) -> set[str]:
    """Every action of every policy."""
    return {action for each in statements(template, "") for action in actions(each)}


def test_a_table_without_a_peer_has_one_replica() -> None:
    table = only(templates()["launch"], "AWS::DynamoDB::GlobalTable")["Properties"]
    (replica,) = table["Replicas"]
    assert replica["Region"] == {"Ref": "AWS::Region"}


def test_one_record_leads_to_the_one_api_only_where_there_is_a_zone() -> None:
    record = only(templates()["launch"], "AWS::Route53::RecordSet")
    assert record["Condition"]
    assert record["Properties"] == {
        "AliasTarget": {
            "DNSName": "d-1.example",
            "EvaluateTargetHealth": False,
            "HostedZoneId": "Z2",
        },
        "HostedZoneId": "Z1",
        "Name": "dev.example.com",
        "Type": "A",
    }


def test_a_replicas_bucket_is_the_bucket_of_a_region_alone() -> None:
    found = templates()
    assert found["ready"]["Resources"].items() >= found["replica"]["Resources"].items()


def test_the_restore_role_reaches_the_suffixes_own_table_and_bucket_alone() -> None:
    template = templates()["ready"]
    mine = ("table/dr-transactions-dev", ":::dr-documents-dev-", ":key/mrk-1")
    for statement in statements(template, ""):
        for arn in resources(template, statement):
            assert any(each in arn for each in mine), arn
    role = only(template, "AWS::IAM::Role")["Properties"]
    principals = [each["Principal"] for each in role["AssumeRolePolicyDocument"]["Statement"]]
    assert principals == [{"Service": "backup.amazonaws.com"}]
    assert {"dynamodb:RestoreTableFromAwsBackup", "s3:PutObject"} <= allowed(template)


def test_a_restored_cluster_stands_alone_with_what_its_snapshot_has() -> None:
    template = templates()["restored"]
    cluster = only(template, "AWS::RDS::DBCluster")["Properties"]
    assert cluster["SnapshotIdentifier"] == SNAPSHOT
    assert cluster["KmsKeyId"] == LAUNCH_KEY
    assert {"GlobalClusterIdentifier", "MasterUsername", "MasterUserPassword", "DatabaseName"} & (
        cluster.keys()
    ) == set()
    assert of_type(template, "AWS::RDS::GlobalCluster") == []
    ledger = only(template, "Custom::DrDatabaseSetUp")["Properties"]
    assert "GlobalCluster" not in ledger
    assert ledger["SecretArn"] == "dr-aurora-dev"
    assert "rds:DescribeGlobalClusters" not in allowed(template)


def test_nothing_of_it_lets_in_or_waits_for_the_lost_region() -> None:
    template = templates()["restored"]
    words = json.dumps(template).replace(LAUNCH_KEY, "")
    assert REGION not in words
    assert PEER in words  # the snapshot is there, so the sweep looks at something
    plan = only(template, "AWS::Backup::BackupPlan")["Properties"]["BackupPlan"]
    assert [rule.get("CopyActions") for rule in plan["BackupPlanRule"]] == [None, None]
    names = [
        each["Properties"]["AlarmName"] for each in of_type(template, "AWS::CloudWatch::Alarm")
    ]
    assert "dr-backup-absent-dev" in names
    assert {"dr-copy-absent-dev", "dr-table-latency-dev"} & {*names} == set()
