"""What a launch may do: narrowed by name, region, path and boundary, and within IAM's limits."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase

import pytest

from dr_catalog.errors import ReleaseError
from dr_catalog.launch_roles import boundary_policy
from dr_catalog.launch_roles.documents import boundary_entries
from dr_catalog.launch_roles.packing import MANAGED_POLICY_LIMIT, pack

from .conftest import ACCOUNT, SCOPE, WITNESS, documents, listed, statements

DIRECT = {
    "CheckTemplates",
    "DecryptSecrets",
    "LaunchStacks",
    "PassStackSetAdministration",
    "ReadAssets",
    "ReadCatalogParameters",
    "ReadTemplates",
    "ResolveSecrets",
    "ServiceLinkedRoles",
}
"""Statements of the launch role that Service Catalog or CloudFormation uses without CalledVia."""

NO_REGIONS = {"route53"}
"""Services whose requests carry another region than that of the stack."""

ALL = ["launch", "execution", "administration", "boundary"]


@pytest.mark.parametrize("role", ALL)
def test_documents_fit_iams_limits(role: str) -> None:
    assert len(documents()[role]) <= 10
    for each in documents()[role]:
        assert len(json.dumps(each, separators=(",", ":"))) <= 6144


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_the_boundary_fits_in_every_partition(partition: str) -> None:
    made = boundary_policy(partition=partition, account=ACCOUNT)
    assert len(json.dumps(made, separators=(",", ":"))) <= MANAGED_POLICY_LIMIT


def test_the_boundary_allows_in_fewer_statements_what_its_file_says_and_no_more() -> None:
    """For each service's own resources, and for those on which another service's entries act."""
    written = [
        (action, arn, json.dumps(each.get("conditions", {})))
        for each in boundary_entries()
        for action in each["actions"]
        for arn in each["resources"]
    ]
    statements = boundary_policy(partition="{partition}", account="{account}")["Statement"]
    assert len(statements) < len(boundary_entries())
    made = {
        (action, arn, json.dumps(each.get("Condition", {})))
        for each in statements
        for action in each["Action"]
        for arn in each["Resource"]
    }
    assert set(written) <= made
    for action, arn, _ in made - set(written):
        service = action.partition(":")[0]
        covered = any(given == action and fnmatchcase(arn, known) for given, known, _ in written)
        assert arn.split(":")[2] != service or covered, (action, arn)


@pytest.mark.parametrize("role", ["launch", "execution"])
def test_statements_with_the_same_resources_and_conditions_are_one(role: str) -> None:
    seen = [
        json.dumps([each["Resource"], each.get("Condition", {})], sort_keys=True)
        for each in statements(role)
        if each["Effect"] == "Allow"
    ]
    assert len(seen) == len(set(seen))


def test_a_statement_that_no_policy_holds_is_split_and_loses_nothing() -> None:
    actions = [f"service:Action{number:04}" for number in range(800)]
    long = {"Sid": "Long", "Effect": "Allow", "Action": actions, "Resource": "*"}
    packed = pack([long])
    assert len(packed) > 1
    pieces = [each for policy in packed for each in policy["Statement"]]
    assert sorted(action for each in pieces for action in each["Action"]) == actions
    assert len({each["Sid"] for each in pieces}) == len(pieces)
    for policy in packed:
        assert len(json.dumps(policy, separators=(",", ":"))) <= MANAGED_POLICY_LIMIT


def test_more_policies_than_a_role_may_have_are_refused() -> None:
    actions = [f"service:Action{number:04}" for number in range(4000)]
    long = {"Sid": "Long", "Effect": "Allow", "Action": actions, "Resource": "*"}
    with pytest.raises(ReleaseError, match="a role would need"):
        pack([long])


@pytest.mark.parametrize("role", ALL)
def test_nothing_is_allowed_by_wildcard(role: str) -> None:
    for statement in statements(role):
        for action in listed(statement["Action"]):
            assert "*" not in action


def test_resources_are_made_only_through_cloudformation() -> None:
    called = [
        each
        for each in statements("launch")
        if each["Sid"] not in DIRECT and each["Effect"] == "Allow"
    ]
    assert len(called) > 10
    for statement in called:
        via = statement["Condition"]["ForAnyValue:StringEquals"]["aws:CalledVia"]
        assert via == "cloudformation.amazonaws.com"


@pytest.mark.parametrize("role", ["launch", "execution"])
def test_what_carries_no_name_is_held_by_the_pair(role: str) -> None:
    open_ended = [
        each
        for each in statements(role)
        if "*" in listed(each["Resource"]) and each["Sid"] not in DIRECT
    ]
    regional, of_no_region = [], set()
    for statement in open_ended:
        services = {action.partition(":")[0] for action in listed(statement["Action"])}
        if services & NO_REGIONS:
            assert services <= NO_REGIONS
            of_no_region.add(statement["Sid"])
        else:
            regional.append(statement)
    assert of_no_region == {"Zones"}
    assert {
        each["Sid"]: each["Condition"]["StringEquals"]["aws:RequestedRegion"] for each in regional
    } == {
        "InThePair": SCOPE["regions"],
        **({"WitnessInThePair": [WITNESS]} if role == "execution" else {}),
    }


@pytest.mark.parametrize("role", ["launch", "execution"])
def test_a_role_can_be_made_only_within_the_boundary_and_never_leaves_it(role: str) -> None:
    for statement in statements(role):
        actions = listed(statement["Action"])
        if statement["Effect"] == "Deny":
            continue
        assert "iam:DeleteRolePermissionsBoundary" not in actions
        assert "iam:AttachRolePolicy" not in actions
        if "iam:CreateRole" in actions or "iam:PutRolePolicy" in actions:
            boundary = statement["Condition"]["StringEquals"]["iam:PermissionsBoundary"]
            assert boundary == f"arn:aws:iam::{ACCOUNT}:policy/dr-catalog-boundary"


@pytest.mark.parametrize("role", ["launch", "execution"])
def test_roles_are_passed_only_to_the_services_that_take_them(role: str) -> None:
    for statement in statements(role):
        if statement["Effect"] == "Allow" and "iam:PassRole" in listed(statement["Action"]):
            assert statement["Condition"]["StringEquals"]["iam:PassedToService"]
            assert all("role/dr-" in each for each in listed(statement["Resource"]))


@pytest.mark.parametrize("role", ["launch", "execution"])
def test_the_catalogs_own_roles_are_out_of_reach(role: str) -> None:
    denied, passed = sorted(
        (each for each in statements(role) if each["Effect"] == "Deny"),
        key=lambda each: str(each["Sid"]),
    )
    assert (passed["Action"], passed["Resource"]) == (
        ["iam:PassRole"],
        f"arn:aws:iam::{ACCOUNT}:role/dr-catalog-*",
    )
    assert denied["Resource"] == [
        f"arn:aws:iam::{ACCOUNT}:policy/dr-catalog-*",
        f"arn:aws:iam::{ACCOUNT}:role/dr-catalog-*",
    ]
    changing = {
        action
        for each in statements(role)
        for action in listed(each["Action"])
        if each["Effect"] == "Allow"
        and action.startswith("iam:")
        and not action.startswith(("iam:Get", "iam:List", "iam:PassRole"))
        and any("role/dr-*" in resource for resource in listed(each["Resource"]))
    }
    assert changing <= set(denied["Action"])


def allows(role: str, action: str, arn: str) -> bool:
    return any(
        each["Effect"] == "Allow"
        and action in listed(each["Action"])
        and any(fnmatchcase(arn, resource) for resource in listed(each["Resource"]))
        for each in statements(role)
    )


@pytest.mark.parametrize("role", ["launch", "execution"])
@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("rds:CreateDBInstance", "rds:ap-southeast-1:222222222222:og:default:aurora-postgresql-17"),
        ("rds:CreateDBInstance", "rds:ap-southeast-1:222222222222:pg:default.aurora-postgresql17"),
        ("cloudwatch:DescribeAlarms", "cloudwatch:ap-southeast-1:222222222222:alarm:*"),
    ],
)
def test_what_is_asked_of_things_that_are_not_ours(role: str, action: str, resource: str) -> None:
    assert allows(role, action, f"arn:aws:{resource}")


@pytest.mark.parametrize("kind", ["cluster-pg", "pg"])
def test_a_cluster_is_restored_with_the_default_parameters(kind: str) -> None:
    group = f"arn:aws:rds:ap-southeast-2:{ACCOUNT}:{kind}:default.aurora-postgresql17"
    assert allows("boundary", "rds:RestoreDBClusterFromSnapshot", group)
