"""What a launch, or a role that a launch makes, can't come by: any right that the boundary withholds.

Each attempt is decided by the embedded AWS's evaluation of policies. The first test shows that the attempts
are well formed: the same calls, made as a launch makes them, are allowed.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from embedded_aws.permissions.policies import refusal

from .conftest import ACCOUNT, PEER, REGION, WITNESS, documents

IAM = f"arn:aws:iam::{ACCOUNT}"
BOUNDARY = f"{IAM}:policy/dr-catalog-boundary"
MADE = f"{IAM}:role/dr-processor-x-{REGION}"
LAUNCH = f"{IAM}:role/dr-catalog-launch-warm-standby"
EXECUTION = f"{IAM}:role/dr-catalog-stackset-execution"
STACK_SET = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stackset"
WITHIN = {"iam:permissionsboundary": BOUNDARY}
TO_LAMBDA = {"iam:passedtoservice": "lambda.amazonaws.com"}
ROLES = pytest.mark.parametrize("role", ["launch", "execution"])


def attempt(role: str, action: str, resource: str, context: dict[str, Any]) -> str | None:
    """Why CloudFormation may not do it as the role; None where it may."""
    region = "us-east-1" if action.startswith("iam:") else REGION
    forwarded = {
        "aws:calledvia": ["cloudformation.amazonaws.com"],
        "aws:requestedregion": region,
        "aws:viaawsservice": "true",
    }
    return refusal(
        action=action,
        resource=resource,
        context={**forwarded, **context},
        policies=[json.dumps(each) for each in documents()[role]],
        boundary=None,
    )


@ROLES
@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("iam:CreateRole", MADE, WITHIN),
        ("iam:PutRolePolicy", MADE, WITHIN),
        ("iam:PutRolePermissionsBoundary", MADE, WITHIN),
        ("iam:UpdateAssumeRolePolicy", MADE, {}),
        ("iam:PassRole", MADE, TO_LAMBDA),
    ],
)
def test_a_launch_makes_and_passes_roles_within_the_boundary(
    role: str, action: str, resource: str, context: dict[str, Any]
) -> None:
    assert attempt(role, action, resource, context) is None


ANOTHER = {"iam:permissionsboundary": f"{IAM}:policy/dr-another"}
ADMINISTRATOR = {"iam:policyarn": "arn:aws:iam::aws:policy/AdministratorAccess"}
REFUSED: list[tuple[str, str, str, dict[str, Any]]] = [
    # A role that the boundary does not hold.
    ("a role without a boundary", "iam:CreateRole", MADE, {}),
    ("a role with another boundary", "iam:CreateRole", MADE, ANOTHER),
    ("a role of another name", "iam:CreateRole", f"{IAM}:role/admin", WITHIN),
    ("a role named to look so", "iam:CreateRole", f"{IAM}:role/admin/dr-x", WITHIN),
    ("rights for a role without a boundary", "iam:PutRolePolicy", MADE, {}),
    ("rights for a role with another", "iam:PutRolePolicy", MADE, ANOTHER),
    ("rights taken from a role without a boundary", "iam:DeleteRolePolicy", MADE, {}),
    ("another boundary", "iam:PutRolePermissionsBoundary", MADE, ANOTHER),
    ("no boundary any more", "iam:DeleteRolePermissionsBoundary", MADE, WITHIN),
    ("a managed policy", "iam:AttachRolePolicy", MADE, {**WITHIN, **ADMINISTRATOR}),
    # The boundary itself, and what it might be exchanged for.
    ("a new version of the boundary", "iam:CreatePolicyVersion", BOUNDARY, {}),
    ("an old version of the boundary", "iam:SetDefaultPolicyVersion", BOUNDARY, {}),
    ("the boundary gone", "iam:DeletePolicy", BOUNDARY, {}),
    ("a policy", "iam:CreatePolicy", f"{IAM}:policy/dr-mine", {}),
    # Someone else's rights.
    (
        "a role passed to a machine",
        "iam:PassRole",
        MADE,
        {"iam:passedtoservice": "ec2.amazonaws.com"},
    ),
    ("a role passed to nobody", "iam:PassRole", MADE, {}),
    ("a role that is not ours", "iam:PassRole", f"{IAM}:role/admin", TO_LAMBDA),
    ("the launch role itself", "iam:PassRole", LAUNCH, TO_LAMBDA),
    ("the execution role", "iam:PassRole", EXECUTION, TO_LAMBDA),
    ("the trust of another role", "iam:UpdateAssumeRolePolicy", f"{IAM}:role/admin", {}),
    (
        "the role of another service",
        "iam:CreateServiceLinkedRole",
        f"{IAM}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
        {"iam:awsservicename": "ecs.amazonaws.com"},
    ),
    ("a session", "sts:AssumeRole", EXECUTION, {}),
    ("a user", "iam:CreateUser", f"{IAM}:user/dr-x", {}),
    ("a user's key", "iam:CreateAccessKey", f"{IAM}:user/dr-x", {}),
    # Another's stack sets: they run as the execution role.
    ("a stack set of another name", "cloudformation:UpdateStackSet", f"{STACK_SET}/other:1", {}),
    ("instances of it", "cloudformation:CreateStackInstances", f"{STACK_SET}/other:1", {}),
    ("its end", "cloudformation:DeleteStackSet", f"{STACK_SET}/other:1", {}),
]
OWN_ROLES = [
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
]


@ROLES
@pytest.mark.parametrize(
    ("action", "resource", "context"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_a_launch_is_refused(
    role: str, action: str, resource: str, context: dict[str, Any]
) -> None:
    assert attempt(role, action, resource, context) is not None


@ROLES
@pytest.mark.parametrize("action", OWN_ROLES)
@pytest.mark.parametrize("own", [LAUNCH, EXECUTION])
def test_the_catalogs_own_roles_are_denied_even_within_the_boundary(
    role: str, action: str, own: str
) -> None:
    why = attempt(role, action, own, WITHIN)
    assert why == "with an explicit deny in an identity-based policy"


def test_only_cloudformation_takes_the_administration_role() -> None:
    administration = f"{IAM}:role/dr-catalog-stackset-administration"
    taken = {"iam:passedtoservice": "cloudformation.amazonaws.com"}
    assert attempt("launch", "iam:PassRole", administration, taken) is None
    assert attempt("execution", "iam:PassRole", administration, taken) is not None
    assert attempt("launch", "iam:PassRole", EXECUTION, taken) is not None
    assert attempt("launch", "iam:PassRole", MADE, taken) is not None


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("iam:CreateRole", MADE),
        ("rds:DeleteDBCluster", f"arn:aws:rds:{REGION}:{ACCOUNT}:cluster:dr-ledger-x"),
        ("s3:DeleteBucket", "arn:aws:s3:::dr-documents-x"),
        ("kms:PutKeyPolicy", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"),
        ("cloudformation:UpdateStackSet", f"{STACK_SET}/dr-foundation-x:1"),
    ],
)
def test_the_launch_role_itself_makes_nothing(action: str, resource: str) -> None:
    """Whoever holds its session outside CloudFormation."""
    assert attempt("launch", action, resource, WITHIN) is None
    assert attempt("launch", action, resource, {**WITHIN, "aws:calledvia": []}) is not None


@ROLES
def test_no_region_outside_the_pair(role: str) -> None:
    create = ("ec2:CreateVpc", "*")
    assert attempt(role, *create, {"aws:requestedregion": PEER}) is None
    for region in (WITNESS, "eu-central-1"):
        assert attempt(role, *create, {"aws:requestedregion": region}) is not None


def test_a_witness_is_made_in_its_region_alone() -> None:
    create = (
        "lambda:CreateFunction",
        f"arn:aws:lambda:*:{ACCOUNT}:function:dr-probe-x",
    )
    assert attempt("execution", *create, {"aws:requestedregion": WITNESS}) is None
    assert attempt("launch", *create, {"aws:requestedregion": WITNESS}) is not None
    assert attempt("execution", *create, {"aws:requestedregion": "eu-central-1"}) is not None


EVERYTHING = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }
)


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("iam:CreateRole", MADE, WITHIN),
        ("iam:PutRolePolicy", MADE, WITHIN),
        ("iam:DeleteRolePermissionsBoundary", MADE, {}),
        ("iam:PassRole", MADE, TO_LAMBDA),
        ("iam:PassRole", f"{IAM}:role/dr-replication-x", TO_LAMBDA),
        ("iam:CreatePolicyVersion", BOUNDARY, {}),
        ("iam:UpdateAssumeRolePolicy", LAUNCH, {}),
        ("sts:AssumeRole", EXECUTION, {}),
        ("cloudformation:CreateStackSet", "*", {}),
        ("cloudformation:CreateStack", f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/x/*", {}),
        ("servicecatalog:ProvisionProduct", "*", {}),
        ("lambda:UpdateFunctionCode", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:dr-x", {}),
        ("kms:PutKeyPolicy", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1", {}),
        ("s3:PutBucketPolicy", "arn:aws:s3:::dr-documents-x", {}),
        ("s3:GetObject", "arn:aws:s3:::another-bucket/key", {}),
        (
            "secretsmanager:GetSecretValue",
            f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:another-a1b2c3",
            {},
        ),
    ],
)
def test_a_role_made_by_a_launch_can_do_no_more_than_the_boundary(
    action: str, resource: str, context: dict[str, Any]
) -> None:
    """Though its own policies, which the template writes, allow everything."""
    (boundary,) = documents()["boundary"]
    common: dict[str, Any] = {"action": action, "resource": resource, "context": context}
    assert refusal(**common, policies=[EVERYTHING], boundary=None) is None
    why = refusal(**common, policies=[EVERYTHING], boundary=json.dumps(boundary))
    assert why == f"because no permissions boundary allows the {action} action"
