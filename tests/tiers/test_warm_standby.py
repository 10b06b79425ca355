"""What the tier composes, in which order, and what it tells and asks the tenant.

Seed rows "all layers" (both regions were one) and "tags, deletion" (literal tags, RETAIN everywhere).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase

import pytest

from dr_catalog.launch_roles import boundary_policy

from ..layers.reading import Template, actions, of_type, only, statements, text

ROLES = ["primary", "foundation", "workload"]


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


def test_the_order_is_the_one_the_services_force(primary: Template) -> None:
    waits = {
        name: set(resource.get("DependsOn", [])) for name, resource in primary["Resources"].items()
    }

    def of(prefix: str) -> set[str]:
        return {name for name in waits if name.startswith(prefix)}

    foundation, workload = of("FoundationStackSet"), of("WorkloadStackSet")
    for store in of("Table4") | of("DocumentsBucket0"):
        assert foundation <= waits[store]
        assert store in waits[next(iter(workload))]
    assert workload <= waits[next(iter(of("PeerEndpoint")))]


def test_the_guard_waits_for_everything_that_it_guards(primary: Template) -> None:
    guard = only(primary, "Custom::DrDeleteGuard")
    own = {name for name in primary["Resources"] if name.startswith("Guard")}
    assert set(primary["Resources"]) - own <= set(guard["DependsOn"])
    # And for its own protection parameter, which it reads when it is deleted.
    assert any(name.startswith("GuardParameter") for name in guard["DependsOn"])


def test_the_rights_to_destroy_exist_only_while_the_launch_asks_for_it(primary: Template) -> None:
    (purge,) = [
        resource for name, resource in primary["Resources"].items() if name.startswith("GuardPurge")
    ]
    condition = primary["Conditions"][purge["Condition"]]
    assert condition == {"Fn::Equals": [{"Ref": "OnTermination"}, "purge"]}
    assert [each["Sid"] for each in statements(primary, "GuardPolicy")] == [
        "Log",
        "Trace",
        "ReadProtection",
        "ContinueItself",
    ]


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
        resource["Type"]
        for template in templates.values()
        for resource in template["Resources"].values()
        if resource.get("DeletionPolicy", "Delete") != "Delete"
    }
    assert kept == {
        "AWS::DynamoDB::GlobalTable",
        "AWS::KMS::Key",
        "AWS::KMS::ReplicaKey",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
    }
    for template in templates.values():
        for resource in template["Resources"].values():
            assert resource.get("DeletionPolicy") != "Retain"


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
    for name in ("Endpoint", "BucketName", "KeyArn"):
        assert outputs[name]["Description"]
        assert outputs[f"Peer{name}"]["Description"]
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
