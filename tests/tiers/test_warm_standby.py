"""What the tier composes, in which order, and what it tells and asks the tenant.

Seed rows "all layers" (both regions were one) and "tags, deletion" (literal tags, RETAIN everywhere).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from graphlib import TopologicalSorter

import pytest

from dr_catalog.launch_roles import boundary_policy
from dr_catalog.layers._code import HANDLERS

from ..layers.reading import (
    Template,
    actions,
    needed,
    of_type,
    only,
    statements,
    text,
    waits,
)

ROLES = ["primary", "foundation", "workload", "witness"]


def stack_set(primary: Template, prefix: str) -> Template:
    (found,) = [
        resource for name, resource in primary["Resources"].items() if name.startswith(prefix)
    ]
    return found


def test_seed_regions_the_peer_comes_up_in_the_other_region(primary: Template) -> None:
    for prefix in ("FoundationStackSet", "WorkloadStackSet"):
        settings = stack_set(primary, prefix)["Properties"]
        (group,) = settings["StackInstancesGroup"]
        assert group["Regions"] == [{"Ref": "PeerRegion"}]
        assert group["DeploymentTargets"]["Accounts"] == [{"Ref": "AWS::AccountId"}]
        assert settings["PermissionModel"] == "SELF_MANAGED"


def test_the_witness_comes_up_in_a_third_region_where_one_is_given(primary: Template) -> None:
    witness = stack_set(primary, "WitnessStackSet")
    (group,) = witness["Properties"]["StackInstancesGroup"]
    assert group["Regions"] == [{"Ref": "WitnessRegion"}]
    assert primary["Conditions"][witness["Condition"]] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "WitnessRegion"}, ""]}]
    }
    handed = {
        each["ParameterKey"]: each["ParameterValue"] for each in witness["Properties"]["Parameters"]
    }
    assert handed["VotesRegion"] == {"Ref": "PeerRegion"}
    told = only(primary, "Custom::DrUpdateGuard")["Properties"]
    assert "WitnessRegion" not in told["Fixed"]  # it may come, move and go


def test_the_witness_is_a_probe_with_its_code_in_the_template(
    templates: Mapping[str, Template],
) -> None:
    template = templates["witness"]
    assert {each["Type"] for each in template["Resources"].values()} == {
        "AWS::Events::Rule",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::Lambda::Function",
        "AWS::Lambda::Permission",
        "AWS::Logs::LogGroup",
    }
    function = only(template, "AWS::Lambda::Function")["Properties"]
    code = function["Code"]["ZipFile"]
    assert code == (HANDLERS / "probe" / "index.py").read_text(encoding="utf-8")
    assert len(code.encode()) <= 4096
    assert function["Environment"]["Variables"]["PEER_REGION"] == {"Ref": "VotesRegion"}
    (publish,) = [each for each in statements(template, "Probe") if each["Sid"] == "Publish"]
    assert publish["Condition"]["StringEquals"]["aws:RequestedRegion"] == {"Ref": "VotesRegion"}
    assert only(template, "AWS::Logs::LogGroup")["Properties"]["RetentionInDays"] == 30


STORES = (
    "DatabaseMasterSecret",
    "DatabaseGlobalCluster",
    "DatabaseWriterCluster",
    "DatabaseWriterInstance",
    "DatabaseLedger",
    "Table",
    "DocumentsBucket",
)
PEERING = tuple(f"PeeringRoute{number}" for number in (1, 2, 4))  # the third may not be there
ORDER = [
    *[("FoundationStackSet", first) for first in ("Key", "RangesPlan", "NetworkVpc")],
    *[(store, "FoundationStackSet") for store in (*STORES, *PEERING)],
    *[("WorkloadStackSet", store) for store in (*STORES, *PEERING, "Vault")],
    # A launch that is deleted must not look like one that is down: detection goes before its API and probe.
    *[
        ("WorkloadStackSet", asked)
        for asked in ("TransactionsApi", "ProbeFunction", "RecoveryStateTable")
    ],
    *[
        (last, "WorkloadStackSet")
        for last in (
            "PeerEndpoint",
            "PeerDomain",
            "DnsLaunchCheck",
            "DnsPeerCheck",
            "DnsLaunchRecord",
            "DnsPeerRecord",
            "BackupPlan",
            "BackupSelection",
        )
    ],
]
"""What comes later and what it needs: the five steps of the tier."""


def logical(primary: Template, construct: str) -> str:
    """The logical id of a construct's resource."""
    (found,) = (
        name for name in primary["Resources"] if re.fullmatch(f"{construct}[0-9A-F]{{8}}", name)
    )
    return found


@pytest.mark.parametrize(("later", "earlier"), ORDER)
def test_the_order_is_the_one_the_services_force(
    primary: Template, later: str, earlier: str
) -> None:
    first, last = logical(primary, earlier), logical(primary, later)
    assert first in needed(waits(primary), last)


def test_there_is_an_order(primary: Template) -> None:
    waiting = waits(primary)
    assert len([*TopologicalSorter(waiting).static_order()]) == len(primary["Resources"])


def test_the_guard_waits_for_everything_that_it_guards(primary: Template) -> None:
    """By DependsOn, or by a reference for what is made on a condition: AWS refuses a DependsOn there."""
    made = primary["Resources"]
    (name,) = (name for name, each in made.items() if each["Type"] == "Custom::DrDeleteGuard")
    guard = made[name]
    conditional = {name for name, each in made.items() if "Condition" in each}
    assert set(guard["DependsOn"]) == set(made) - conditional - {name}
    after = {}
    for each in guard["Properties"]["After"]:
        condition, there, absent = each["Fn::If"]
        assert absent == {"Ref": "AWS::NoValue"}
        after[there["Ref"]] = condition
    assert after == {name: made[name]["Condition"] for name in conditional}
    assert any(name.startswith("DnsPeerRecord") for name in conditional)


def test_everything_waits_for_the_update_guard_but_the_key_and_its_own(primary: Template) -> None:
    waiting = waits(primary)
    guard = logical(primary, "UpdateGuard")
    spared = {name for name in waiting if guard not in waiting[name]}
    assert spared == {name for name in waiting if name.startswith(("Key", "UpdateGuard"))}
    assert {primary["Resources"][name]["Type"] for name in spared if name.startswith("Key")} == {
        "AWS::KMS::Key",
        "AWS::KMS::Alias",
        "AWS::SSM::Parameter",
    }


def test_the_update_guard_is_told_all_parameters_and_those_that_stay(primary: Template) -> None:
    told = only(primary, "Custom::DrUpdateGuard")["Properties"]
    given = set(primary["Parameters"]) - {"EnvironmentSuffix"}
    assert told["Parameters"] == {name: {"Ref": name} for name in given}
    records = told["Fixed"].pop("Records")["Fn::If"]
    assert records[1:] == ["weighted", "failover"]
    assert primary["Conditions"][records[0]] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "PeerWeight"}, "0"]}]
    }
    assert told["Fixed"] == {
        name: {"Ref": name}
        for name in ("EnvironmentSuffix", "PeerRegion", "Cidr", "PeerCidr", "Zones")
    }
    assert told["Content"] == "@content@"


@pytest.mark.parametrize("construct", ["FoundationStackSet", "WorkloadStackSet"])
def test_the_peers_templates_are_given_all_they_ask(
    templates: Mapping[str, Template], construct: str
) -> None:
    primary = templates["primary"]
    role = construct.removesuffix("StackSet").lower()
    asked = templates[role]["Parameters"]
    handed = [
        each["ParameterKey"] for each in stack_set(primary, construct)["Properties"]["Parameters"]
    ]
    assert len(handed) == len(set(handed))
    assert set(handed) == set(asked)


def test_what_the_primary_reads_in_the_peer_is_written_there(
    templates: Mapping[str, Template],
) -> None:
    written = {
        text(template, each["Properties"]["Name"])
        for template in (templates["foundation"], templates["workload"])
        for each in of_type(template, "AWS::SSM::Parameter")
    }
    read = {
        f"{text(templates['primary'], each['Properties']['Path'])}/{name}"
        for each in of_type(templates["primary"], "Custom::DrPeerParameter")
        for name in each["Properties"]["Names"]
    }
    assert len(read) == 8
    assert read <= written


def test_a_zone_is_given_whole_or_not_at_all(primary: Template) -> None:
    (rule,) = primary["Rules"].values()
    (assertion,) = rule["Assertions"]
    neither, both = assertion["Assert"]["Fn::Or"]
    empty = [{"Fn::Equals": [{"Ref": name}, ""]} for name in ("ZoneId", "ZoneName")]
    assert neither == {"Fn::And": empty}
    assert both == {"Fn::And": [{"Fn::Not": [each]} for each in empty]}


def test_the_rights_to_destroy_exist_only_while_the_launch_asks_for_it(primary: Template) -> None:
    (purge,) = [
        resource for name, resource in primary["Resources"].items() if name.startswith("GuardPurge")
    ]
    condition = primary["Conditions"][purge["Condition"]]
    assert condition == {"Fn::Equals": [{"Ref": "OnTermination"}, "purge"]}
    always = {action for each in statements(primary, "GuardPolicy") for action in actions(each)}
    destructive = ("Delete", "Remove", "Schedule", "Disassociate", "Abort")
    assert {each for each in always if each.partition(":")[2].startswith(destructive)} == {
        "rds:DeleteDBInstance"  # those that a recovery made; see test_guard.py
    }


@pytest.mark.parametrize("role", ROLES)
def test_templates_are_neutral(templates: Mapping[str, Template], role: str) -> None:
    written = json.dumps(templates[role])
    for literal in ("us-east-1", "us-west-2", "111111111111", "222222222222", "arn:aws:"):
        assert literal not in written


def test_seed_tags_come_from_the_parameter(templates: Mapping[str, Template]) -> None:
    tagged = 0
    for template in templates.values():
        for resource in template["Resources"].values():
            tags = resource["Properties"].get("Tags")
            if isinstance(tags, list):
                found = {tag["Key"]: tag["Value"] for tag in tags}
                assert found["dr:suffix"] == {"Ref": "EnvironmentSuffix"}
                assert found["dr:tier"] == "warm-standby"
                tagged += 1
    assert tagged > 10


def test_seed_deletion_data_is_retained_but_not_what_a_rollback_made(
    templates: Mapping[str, Template],
) -> None:
    kept = {
        role: {
            resource["Type"].removeprefix("AWS::")
            for resource in template["Resources"].values()
            if resource.get("DeletionPolicy", "Delete") != "Delete"
        }
        for role, template in templates.items()
    }
    bucket = {"S3::Bucket", "S3::BucketPolicy"}
    cluster = {"RDS::DBCluster", "RDS::DBSubnetGroup", "RDS::DBClusterParameterGroup"}
    assert kept == {
        "primary": {
            "KMS::Key",
            "Backup::BackupVault",
            "DynamoDB::GlobalTable",
            "SecretsManager::Secret",
            "RDS::GlobalCluster",
            *bucket,
            *cluster,
        },
        "foundation": {"KMS::ReplicaKey", "Backup::BackupVault", *bucket},
        "workload": cluster,
        "witness": set(),
    }
    for template in templates.values():
        for resource in template["Resources"].values():
            policy = resource.get("DeletionPolicy")
            assert policy in (None, "Delete", "RetainExceptOnCreate")
            if policy == "RetainExceptOnCreate":  # nor lost when an update replaces it
                assert resource["UpdateReplacePolicy"] == "Retain"


def test_one_parameter_matters_and_the_rest_have_defaults(primary: Template) -> None:
    required = [name for name, each in primary["Parameters"].items() if "Default" not in each]
    assert required == ["EnvironmentSuffix"]
    interface = primary["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(primary["Parameters"]) == sorted(interface["ParameterLabels"])


def test_no_launch_can_name_another_peer_parameter(primary: Template) -> None:
    peer = primary["Parameters"]["PeerRegion"]
    assert peer["AllowedValues"] == [peer["Default"]] == ["/dr-catalog/peer-region"]


def test_outputs_tell_both_regions(primary: Template) -> None:
    outputs = primary["Outputs"]
    both = {"Endpoint", "BucketName", "KeyArn", "VpcId"}
    assert set(outputs) == {
        *both,
        *(f"Peer{name}" for name in both),
        "Region",
        "PeerRegionName",
        "Url",
        "TableName",
        "WriterEndpoint",
        "ReaderEndpoint",
        "VaultName",
        "TopicArn",
    }
    for name in outputs:
        assert outputs[name]["Description"]
    for name in both:
        assert outputs[name]["Value"] != outputs[f"Peer{name}"]["Value"]
    assert text(primary, outputs["PeerBucketName"]["Value"]).endswith("<PeerRegion>")


@pytest.mark.parametrize("role", ROLES)
def test_every_role_has_the_boundary(templates: Mapping[str, Template], role: str) -> None:
    for made in of_type(templates[role], "AWS::IAM::Role"):
        boundary = text(templates[role], made["Properties"]["PermissionsBoundary"])
        assert boundary == "arn:<Partition>:iam::<AccountId>:policy/dr-catalog-boundary"


@pytest.mark.parametrize("role", ROLES)
def test_the_boundary_lets_every_role_do_what_its_policies_say(
    templates: Mapping[str, Template], role: str
) -> None:
    boundary = boundary_policy(partition="aws", account="222222222222")["Statement"]
    allowed = {action for statement in boundary for action in actions(statement)}
    for statement in statements(templates[role], ""):
        if statement["Effect"] == "Deny":
            continue
        for action in actions(statement):
            # kms:ReEncrypt* and the like are written out in the boundary.
            assert [each for each in allowed if fnmatchcase(each, action)], action
