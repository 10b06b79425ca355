"""The policy documents of the launch role, the StackSet roles, the role that rebuilds a lost launch, and
the boundary.

A launch role's statements are of four kinds: what Service Catalog and CloudFormation call directly; what
CloudFormation calls for a resource, each action on the targets of the review; roles passed to the services
that take them; service-linked roles. A Deny keeps the catalog's own roles and its boundary.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from .. import names
from ..errors import ReleaseError
from .derivation import Rights
from .packing import Document, Statement, document, pack
from .review import Review, Target

Conditions = Mapping[str, Mapping[str, Any]]
Entry = Mapping[str, Any]

VIA_CLOUDFORMATION: Conditions = {
    "ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}
}
_STACK_SETS = "cloudformation.amazonaws.com"  # takes the administration role and no other


@dataclass(frozen=True)
class _Scope:
    """Where a role works."""

    partition: str
    account: str
    regions: Sequence[str]

    def fill(self, arn: str) -> str:
        return arn.format(partition=self.partition, account=self.account)

    def iam(self, path: str) -> str:
        return self.fill("arn:{partition}:iam::{account}:" + path)


def launch_policies(
    *,
    rights: Rights,
    review: Review,
    partition: str,
    account: str,
    regions: Sequence[str],
    asset_bucket_prefix: str,
) -> list[Document]:
    """What a launch role may do.

    Args:
        rights: What the product's primary templates need.
        review: Says which resources the actions may touch.
        partition: ``aws`` or a token.
        account: The tenant account's id.
        regions: The regions a launch may touch.
        asset_bucket_prefix: What stands before ``-<region>`` in the asset bucket's name.

    Raises:
        ReleaseError: An action has no target, or the actions don't fit into a role's policies.
    """
    scope = _Scope(partition, account, regions)
    direct = [
        _allow(
            "LaunchStacks",
            [
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
            scope.fill("arn:{partition}:cloudformation:*:{account}:stack/SC-*"),
        ),
        _allow(
            "CheckTemplates",
            ["cloudformation:GetTemplateSummary", "cloudformation:ValidateTemplate"],
            "*",
        ),
        _allow(
            "ReadTemplates",
            ["s3:GetObject"],
            "*",
            {"StringEquals": {"s3:ExistingObjectTag/servicecatalog:provisioning": "true"}},
        ),
        _read_assets(scope, asset_bucket_prefix),
        _allow(
            "ReadCatalogParameters",
            ["ssm:GetParameter", "ssm:GetParameters"],
            scope.fill("arn:{partition}:ssm:*:{account}:parameter/dr-catalog/*"),
        ),
        # A template's reference to the master password is resolved before any resource is made.
        _allow(
            "ResolveSecrets",
            ["secretsmanager:GetSecretValue"],
            scope.fill("arn:{partition}:secretsmanager:*:{account}:secret:dr-aurora-*"),
        ),
        _allow(
            "DecryptSecrets",
            ["kms:Decrypt"],
            scope.fill("arn:{partition}:kms:*:{account}:key/mrk-*"),
            {"StringLike": {"kms:ViaService": "secretsmanager.*.amazonaws.com"}},
        ),
    ]
    if _STACK_SETS in rights.passed_to:
        direct.append(
            _allow(
                "PassStackSetAdministration",
                ["iam:PassRole"],
                scope.iam(f"role/{names.STACKSET_ADMINISTRATION_ROLE}"),
                {"StringEquals": {"iam:PassedToService": _STACK_SETS}},
            )
        )
    return pack([*direct, *_derived(rights, review, scope, VIA_CLOUDFORMATION)])


def execution_policies(
    *,
    rights: Rights,
    witness: Rights,
    review: Review,
    partition: str,
    account: str,
    regions: Sequence[str],
    witness_region: str,
    asset_bucket_prefix: str,
) -> list[Document]:
    """What the StackSet execution role may do elsewhere; see ``launch_policies``.

    Args:
        rights: What the peer's templates need, in the pair.
        witness: What the templates of a witness need, in ``witness_region`` and nowhere else.
    """
    scope = _Scope(partition, account, regions)
    # What is in no region is the same for both.
    everywhere = frozenset(each for each in witness.actions if _target(each, review).is_global)
    rights = Rights(
        actions=rights.actions | everywhere,
        passed_to=rights.passed_to | witness.passed_to,
        linked_roles=rights.linked_roles | witness.linked_roles,
    )
    third = Rights(witness.actions - everywhere, frozenset(), frozenset())
    outside = [
        {**each, "Sid": f"Witness{each['Sid']}"}
        for each in _derived(third, review, _Scope(partition, account, (witness_region,)), {})
        if each["Effect"] == "Allow"
    ]
    direct = [
        _allow(
            "PeerStacks",
            [
                "cloudformation:CreateStack",
                "cloudformation:DeleteStack",
                "cloudformation:DescribeStackEvents",
                "cloudformation:DescribeStackResource",
                "cloudformation:DescribeStackResources",
                "cloudformation:DescribeStacks",
                "cloudformation:UpdateStack",
            ],
            scope.fill("arn:{partition}:cloudformation:*:{account}:stack/StackSet-dr-*"),
        ),
        _read_assets(scope, asset_bucket_prefix),
    ]
    return pack([*direct, *_derived(rights, review, scope, {}), *outside])


def restore_policies(
    *,
    rights: Rights,
    review: Review,
    partition: str,
    account: str,
    regions: Sequence[str],
    asset_bucket_prefix: str,
) -> list[Document]:
    """What CloudFormation may do as its service role, for a restore; see ``launch_policies``.

    Args:
        rights: What the templates need that rebuild a peer from copies.
    """
    scope = _Scope(partition, account, regions)
    return pack([_read_assets(scope, asset_bucket_prefix), *_derived(rights, review, scope, {})])


def administration_policy(*, partition: str, account: str) -> Document:
    """The StackSet administration role may assume the execution role, and that is all."""
    return document(
        [
            _allow(
                "AssumeExecution",
                ["sts:AssumeRole"],
                f"arn:{partition}:iam::{account}:role/{names.STACKSET_EXECUTION_ROLE}",
            )
        ]
    )


def boundary_policy(*, partition: str, account: str) -> Document:
    """The most that any role made by a launch can do, whatever its own policies say."""
    scope = _Scope(partition, account, ())
    return document(
        _conditional(
            {
                "Effect": "Allow",
                "Action": entry["actions"],
                "Resource": [scope.fill(arn) for arn in entry["resources"]],
            },
            entry.get("conditions", {}),
        )
        for entry in _fewer(boundary_entries())
    )


def _derived(
    rights: Rights, review: Review, scope: _Scope, conditions: Conditions
) -> Iterator[Statement]:
    """What the templates' resources need; ``conditions`` hold for every call made for a resource."""
    merged: dict[tuple[tuple[str, ...], bool, bool], tuple[str, list[str]]] = {}
    for action in sorted(rights.actions):
        target = _target(action, review)
        key = (target.resources, target.is_global, target.within_boundary)
        merged.setdefault(key, (target.name, []))[1].append(action)
    for (resources, is_global, within_boundary), (name, actions) in merged.items():
        equal: dict[str, Any] = {}
        if not is_global:
            equal["aws:RequestedRegion"] = list(scope.regions)
        if within_boundary:
            equal["iam:PermissionsBoundary"] = scope.iam(f"policy/{names.PERMISSIONS_BOUNDARY}")
        yield _allow(
            name,
            actions,
            [scope.fill(arn) for arn in resources],
            {**conditions, **({"StringEquals": equal} if equal else {})},
        )
    if takers := sorted(rights.passed_to - {_STACK_SETS}):
        yield _allow(
            "PassRoles",
            ["iam:PassRole"],
            scope.iam("role/dr-*"),
            {**conditions, "StringEquals": {"iam:PassedToService": takers}},
        )
    if rights.linked_roles:
        # Services that work in an account by a role of their own make it once, when first used.
        yield _allow(
            "ServiceLinkedRoles",
            ["iam:CreateServiceLinkedRole"],
            scope.iam("role/aws-service-role/*"),
            {"StringEquals": {"iam:AWSServiceName": sorted(rights.linked_roles)}},
        )
    yield from _keep_catalog(scope)


def _target(action: str, review: Review) -> Target:
    target = review.target(action)
    if "*" in action or target is None:
        raise ReleaseError(
            f"no launch role can be derived: nothing says which resources {action} may touch",
            hint="dr-catalog verify says which resource type needs it, and what to write",
        )
    return target


def _keep_catalog(scope: _Scope) -> Iterator[Statement]:
    """The catalog's own roles and boundary are named alike and are nobody's to change or pass from here."""
    yield {
        "Sid": "KeepCatalogRoles",
        "Effect": "Deny",
        "Action": [
            "iam:AttachRolePolicy",
            "iam:CreatePolicy",
            "iam:CreatePolicyVersion",
            "iam:CreateRole",
            "iam:DeletePolicy",
            "iam:DeletePolicyVersion",
            "iam:DeleteRole",
            "iam:DeleteRolePermissionsBoundary",
            "iam:DeleteRolePolicy",
            "iam:DetachRolePolicy",
            "iam:PutRolePermissionsBoundary",
            "iam:PutRolePolicy",
            "iam:SetDefaultPolicyVersion",
            "iam:TagPolicy",
            "iam:TagRole",
            "iam:UntagPolicy",
            "iam:UntagRole",
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateRole",
            "iam:UpdateRoleDescription",
        ],
        "Resource": [scope.iam("policy/dr-catalog-*"), scope.iam("role/dr-catalog-*")],
    }
    yield {
        "Sid": "PassNoCatalogRole",
        "Effect": "Deny",
        "Action": ["iam:PassRole"],
        "Resource": scope.iam("role/dr-catalog-*"),
        "Condition": {"StringNotEquals": {"iam:PassedToService": _STACK_SETS}},
    }


def _read_assets(scope: _Scope, asset_bucket_prefix: str) -> Statement:
    bucket = scope.fill("arn:{partition}:s3:::") + f"{asset_bucket_prefix}-*"
    return _allow("ReadAssets", ["s3:GetObject"], f"{bucket}/*")


def _allow(
    sid: str, actions: list[str], resource: str | list[str], conditions: Conditions | None = None
) -> Statement:
    statement = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}
    return _conditional(statement, conditions or {})


def _conditional(statement: Statement, conditions: Conditions) -> Statement:
    return {**statement, "Condition": dict(conditions)} if conditions else statement


def _fewer(entries: Sequence[Entry]) -> Iterator[Entry]:
    """The same in fewer statements: what acts on every resource, or on different services, stands in one.

    An action means nothing on another service's resources, so that nothing more is allowed by it.
    """
    free = [each for each in entries if "conditions" not in each]
    everywhere = [each for each in free if each["resources"] == ["*"]]
    named = [each for each in free if each not in everywhere]
    acted_on = Counter(service for each in named for service in _services(each))
    apart = [each for each in named if all(acted_on[name] == 1 for name in _services(each))]
    for together in (everywhere, apart):
        yield {
            key: list(dict.fromkeys(value for each in together for value in each[key]))
            for key in ("actions", "resources")
        }
    yield from (each for each in entries if each not in (*everywhere, *apart))


def _services(entry: Entry) -> set[str]:
    return {action.partition(":")[0] for action in entry["actions"]}


@cache
def boundary_entries() -> Sequence[Entry]:
    """The boundary as it is written."""
    text = Path(__file__).with_name("boundary.yaml").read_text(encoding="utf-8")
    entries: list[Entry] = yaml.safe_load(text)
    return entries
