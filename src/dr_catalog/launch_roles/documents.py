"""The policy documents of the launch role, the StackSet roles and the boundary.

Data flows one way: ``actions.yaml`` is read into groups, each group becomes a statement with the
conditions that its role asks for, and the statements are packed into documents that fit IAM's limit
of 6,144 characters a managed policy (white space does not count). The boundary, ``boundary.yaml``, must
fit into one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from .. import names

Statement = dict[str, Any]
Document = dict[str, Any]

MANAGED_POLICY_LIMIT = 6144
PLACEHOLDER_ROOM = 200  # what is substituted may be longer than its placeholder
VIA_CLOUDFORMATION = {"ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}}


@dataclass(frozen=True)
class Group:
    """One entry of ``actions.yaml``."""

    name: str
    roles: tuple[str, ...]
    resources: tuple[str, ...]
    actions: tuple[str, ...]
    is_global: bool


@cache
def groups() -> tuple[Group, ...]:
    """The hand-kept lists."""
    return tuple(
        Group(
            name=entry["name"],
            roles=tuple(entry["roles"]),
            resources=tuple(entry["resources"]),
            actions=tuple(entry["actions"]),
            is_global=entry.get("global", False),
        )
        for entry in _read("actions.yaml")
    )


def _read(file: str) -> list[dict[str, Any]]:
    text = resources.files(__package__).joinpath(file).read_text(encoding="utf-8")
    entries: list[dict[str, Any]] = yaml.safe_load(text)
    return entries


def launch_policies(
    *, partition: str, account: str, regions: Sequence[str], asset_bucket_prefix: str
) -> list[Document]:
    """What the launch role may do.

    Args:
        partition: ``aws`` or a token.
        account: The tenant account's id.
        regions: The regions a launch may touch.
        asset_bucket_prefix: What stands before ``-<region>`` in the asset bucket's name.
    """
    role = f"arn:{partition}:iam::{account}:role"
    direct: list[Statement] = [
        {
            "Sid": "LaunchStacks",
            "Effect": "Allow",
            "Action": [
                "cloudformation:CreateChangeSet",  # a plan is a change set, made under this role
                "cloudformation:CreateStack",
                "cloudformation:DeleteChangeSet",
                "cloudformation:DeleteStack",
                "cloudformation:DescribeChangeSet",
                "cloudformation:DescribeStackEvents",
                "cloudformation:DescribeStacks",
                "cloudformation:ListChangeSets",
                "cloudformation:SetStackPolicy",
                "cloudformation:UpdateStack",
            ],
            "Resource": f"arn:{partition}:cloudformation:*:{account}:stack/SC-*",
        },
        {
            "Sid": "CheckTemplates",
            "Effect": "Allow",
            "Action": ["cloudformation:GetTemplateSummary", "cloudformation:ValidateTemplate"],
            "Resource": "*",
        },
        {
            "Sid": "ReadTemplates",
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": "*",
            "Condition": {
                "StringEquals": {"s3:ExistingObjectTag/servicecatalog:provisioning": "true"}
            },
        },
        _read_assets(partition, asset_bucket_prefix),
        _read_catalog_parameters(partition, account),
        *_resolve_secrets(partition, account),
        {
            "Sid": "PassStackSetAdministration",
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": f"{role}/{names.STACKSET_ADMINISTRATION_ROLE}",
            "Condition": {"StringEquals": {"iam:PassedToService": "cloudformation.amazonaws.com"}},
        },
        *_service_linked_roles(partition, account),
    ]
    called = _grouped(
        "launch",
        partition=partition,
        account=account,
        regions=regions,
        conditions=VIA_CLOUDFORMATION,
    )
    return _pack([*direct, *called])


def execution_policies(
    *, partition: str, account: str, regions: Sequence[str], asset_bucket_prefix: str
) -> list[Document]:
    """What the StackSet execution role may do in the peer region; see ``launch_policies``."""
    direct: list[Statement] = [
        {
            "Sid": "PeerStacks",
            "Effect": "Allow",
            "Action": [
                "cloudformation:CreateStack",
                "cloudformation:DeleteStack",
                "cloudformation:DescribeStackEvents",
                "cloudformation:DescribeStackResource",
                "cloudformation:DescribeStackResources",
                "cloudformation:DescribeStacks",
                "cloudformation:UpdateStack",
            ],
            "Resource": f"arn:{partition}:cloudformation:*:{account}:stack/StackSet-dr-*",
        },
        _read_assets(partition, asset_bucket_prefix),
        *_service_linked_roles(partition, account),
    ]
    called = _grouped(
        "execution", partition=partition, account=account, regions=regions, conditions={}
    )
    return _pack([*direct, *called])


def administration_policy(*, partition: str, account: str) -> Document:
    """The StackSet administration role may assume the execution role, and that is all."""
    return _document(
        [
            {
                "Sid": "AssumeExecution",
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Resource": f"arn:{partition}:iam::{account}:role/{names.STACKSET_EXECUTION_ROLE}",
            }
        ]
    )


def boundary_policy(*, partition: str, account: str) -> Document:
    """The most that any role made by a launch can do, whatever its own policies say."""
    return _document(
        _conditional(
            {
                "Effect": "Allow",
                "Action": entry["actions"],
                "Resource": [
                    arn.format(partition=partition, account=account) for arn in entry["resources"]
                ],
            },
            entry.get("conditions", {}),
        )
        for entry in _read("boundary.yaml")
    )


def _grouped(
    role: str,
    *,
    partition: str,
    account: str,
    regions: Sequence[str],
    conditions: dict[str, dict[str, Any]],
) -> Iterable[Statement]:
    in_pair = {"StringEquals": {"aws:RequestedRegion": list(regions)}}
    for group in groups():
        if role not in group.roles:
            continue
        yield _conditional(
            {
                "Sid": group.name,
                "Effect": "Allow",
                "Action": list(group.actions),
                "Resource": [
                    arn.format(partition=partition, account=account) for arn in group.resources
                ],
            },
            conditions if group.is_global else {**conditions, **in_pair},
        )
    roles = f"arn:{partition}:iam::{account}:role/dr-*"
    boundary = f"arn:{partition}:iam::{account}:policy/{names.PERMISSIONS_BOUNDARY}"
    yield _conditional(
        {
            "Sid": "RolesWithinBoundary",
            "Effect": "Allow",
            "Action": ["iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"],
            "Resource": roles,
        },
        {**conditions, "StringEquals": {"iam:PermissionsBoundary": boundary}},
    )
    # The catalog's own roles are named alike and are nobody's to change from here.
    yield {
        "Sid": "KeepCatalogRoles",
        "Effect": "Deny",
        "Action": [
            "iam:CreateRole",
            "iam:DeleteRole",
            "iam:DeleteRolePolicy",
            "iam:PutRolePermissionsBoundary",
            "iam:PutRolePolicy",
            "iam:TagRole",
            "iam:UntagRole",
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateRole",
            "iam:UpdateRoleDescription",
        ],
        "Resource": f"arn:{partition}:iam::{account}:role/dr-catalog-*",
    }
    yield _conditional(
        {"Sid": "PassRoles", "Effect": "Allow", "Action": "iam:PassRole", "Resource": roles},
        {
            **conditions,
            "StringEquals": {
                "iam:PassedToService": [
                    "backup.amazonaws.com",
                    "lambda.amazonaws.com",
                    "s3.amazonaws.com",
                    "vpc-flow-logs.amazonaws.com",
                ]
            },
        },
    )


def _conditional(statement: Statement, conditions: dict[str, dict[str, Any]]) -> Statement:
    return {**statement, "Condition": conditions} if conditions else statement


def _read_assets(partition: str, asset_bucket_prefix: str) -> Statement:
    bucket = f"arn:{partition}:s3:::{asset_bucket_prefix}-*"
    return _allow("ReadAssets", ["s3:GetObject"], f"{bucket}/*")


def _read_catalog_parameters(partition: str, account: str) -> Statement:
    return _allow(
        "ReadCatalogParameters",
        ["ssm:GetParameter", "ssm:GetParameters"],
        f"arn:{partition}:ssm:*:{account}:parameter/dr-catalog/*",
    )


def _resolve_secrets(partition: str, account: str) -> Iterable[Statement]:
    """A template's reference to the master password is resolved before any resource is made."""
    yield _allow(
        "ResolveSecrets",
        ["secretsmanager:GetSecretValue"],
        f"arn:{partition}:secretsmanager:*:{account}:secret:dr-aurora-*",
    )
    yield {
        **_allow("DecryptSecrets", ["kms:Decrypt"], f"arn:{partition}:kms:*:{account}:key/mrk-*"),
        "Condition": {"StringLike": {"kms:ViaService": "secretsmanager.*.amazonaws.com"}},
    }


def _service_linked_roles(partition: str, account: str) -> Iterable[Statement]:
    """Services that work in an account by a role of their own make it once, when first used."""
    yield {
        **_allow(
            "ServiceLinkedRoles",
            ["iam:CreateServiceLinkedRole"],
            f"arn:{partition}:iam::{account}:role/aws-service-role/*",
        ),
        "Condition": {
            "StringEquals": {
                "iam:AWSServiceName": [
                    "backup.amazonaws.com",
                    "mrk.kms.amazonaws.com",
                    "ops.apigateway.amazonaws.com",
                    "rds.amazonaws.com",
                    "replication.dynamodb.amazonaws.com",
                    "restore-testing.backup.amazonaws.com",
                ]
            }
        },
    }


def _allow(sid: str, actions: list[str], resource: str) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}


def _document(statements: Iterable[Statement]) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _pack(statements: Iterable[Statement]) -> list[Document]:
    """Statements in order, in as few documents as the limit allows."""
    packed: list[list[Statement]] = [[]]
    for statement in statements:
        candidate = [*packed[-1], statement]
        size = len(json.dumps(_document(candidate), separators=(",", ":")))
        if packed[-1] and size > MANAGED_POLICY_LIMIT - PLACEHOLDER_ROOM:
            packed.append([statement])
        else:
            packed[-1] = candidate
    return [_document(statements) for statements in packed]
