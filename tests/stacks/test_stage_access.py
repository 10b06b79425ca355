"""The roles of a stage's account: trusted by the builds that need them, and no more than those need."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest

from dr_catalog.publishing.account import REGION, ROLES
from dr_catalog.publishing.inventory import PORTFOLIO
from dr_catalog.publishing.steps import ASSETS
from dr_catalog.releases.rights import handled
from dr_catalog.stacks._stage_rights import STACKS

from .conftest import Synthesised, Template, listed, rights, text

ACCOUNTS = {"dev": "111111111111", "staging": "333333333333", "prod": "444444444444"}


def roles(synthesised: Synthesised, stage: str) -> dict[str, Any]:
    """A stage's roles by name."""
    return {
        each["Properties"]["RoleName"]: each["Properties"]
        for each in synthesised.access[stage]["Resources"].values()
    }


def trusted(role: Mapping[str, Any]) -> set[str]:
    """The ARNs of the builds' roles that may come; the trust names them as a condition alone."""
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert text(statement["Principal"]["AWS"]) == "arn:aws:iam::555555555555:root"
    assert list(statement["Condition"]) == ["ArnEquals"]
    (found,) = statement["Condition"]["ArnEquals"].values()
    assert found
    return {text(each) for each in found}


@pytest.mark.parametrize("name", ["ours", "gates", "bare"])
def test_who_may_enter_is_who_is_let_in(synthesised: Mapping[str, Synthesised], name: str) -> None:
    found = synthesised[name]
    let_in = {
        (stage.account, role, build)
        for stage in found.definition.stages
        for role, properties in roles(found, stage.name).items()
        for build in trusted(properties)
    }
    may = {
        (arn.split(":")[4], arn.rpartition("/")[2], f"arn:aws:iam::555555555555:role/{build}")
        for build, role in found.of_type("AWS::IAM::Role").items()
        for arn in rights(role).get("sts:AssumeRole", ())
    }
    assert let_in == may
    assert may


def test_a_stage_without_a_canary_or_a_neighbour_has_no_role_for_it(
    synthesised: Mapping[str, Synthesised],
) -> None:
    publish, canary, reader = (f"dr-catalog-{name}" for name in ("publish", "canary", "reader"))
    assert set(roles(synthesised["ours"], "dev")) == {publish, canary, reader}
    assert set(roles(synthesised["ours"], "prod")) == {publish, reader}  # staging's approval reads
    assert set(roles(synthesised["bare"], "only")) == {publish}


def allowed(role: Mapping[str, Any], action: str) -> set[str]:
    """The resources on which a role may do this."""
    service, _, name = action.partition(":")
    return {
        resource
        for each, resources in rights(role).items()
        if fnmatchcase(f"{service}:{name.lower()}", each.lower())
        for resource in resources
    }


# What a schema names and these stacks never need: the properties that need it are not set.
UNUSED = {
    "AWS::IAM::ManagedPolicy": ["iam:*Group*", "iam:*User*"],
    "AWS::IAM::Role": ["iam:*PermissionsBoundary"],
    "AWS::S3::Bucket": [
        *("s3tables:*", "s3:*MetadataTable*", "s3:*Metadata*Configuration", "iam:PassRole"),
        *("s3:Put*Replication*", "s3:PutBucketNotification", "s3:PutBucketLogging", "s3:*Website"),
        *(
            "s3:PutAnalytics*",
            "s3:PutInventory*",
            "s3:PutMetrics*",
            "s3:PutLifecycle*",
            "s3:*C[oO][rR][sS]",
        ),
        *("s3:PutAccelerate*", "s3:PutIntelligent*", "s3:*ObjectLock*", "s3:Put*Acl", "s3:*Abac"),
        *("s3:DeleteBucket", "s3:DeleteBucketA*", "s3:DeleteBucketM*", "s3:DeleteBucketEncryption"),
        *(
            "s3:DeleteBucketL*",
            "s3:DeleteBucketR*",
            "s3:DeleteBucketT*",
            "s3:DeleteObject",
            "s3:*agResource",
        ),
        *("s3:ListTagsForResource",),
    ],
    "AWS::ServiceCatalog::CloudFormationProduct": ["codestar-connections:*", "cloudformation:Get*"],
    "AWS::ServiceCatalog::PortfolioPrincipalAssociation": ["iam:GetUser", "iam:GetGroup"],
}


def test_publishing_may_make_what_its_stacks_hold(
    ours: Synthesised, published: Mapping[str, set[str]]
) -> None:
    role = roles(ours, "dev")["dr-catalog-publish"]
    missing = {
        f"{kind} {action}"
        for kind, actions in published.items()
        for action in actions
        if not allowed(role, action)
        and not any(fnmatchcase(action, each) for each in UNUSED.get(kind, ()))
    }
    assert missing == set()
    for kind, patterns in UNUSED.items():  # and nothing is called unused that is not asked for
        for pattern in patterns:
            assert any(fnmatchcase(action, pattern) for action in published[kind]), pattern


@pytest.fixture(scope="module")
def published(app_templates: Mapping[str, Template]) -> dict[str, set[str]]:
    """The types of the stacks that publishing deploys, and the actions of their handlers."""
    stacks = (
        "Assets-dev-us-east-1",
        "Portfolio-dev-us-east-1",
        "OnboardingRegion",
        "OnboardingRoles",
    )
    kinds = {each["Type"] for name in stacks for each in app_templates[name]["Resources"].values()}
    verbs = ("create", "read", "update", "delete", "tagging")
    return {kind: set(handled(kind, verbs)) for kind in kinds}


def test_publishing_is_bound_to_its_own_stacks(ours: Synthesised) -> None:
    assert set(STACKS) == {ASSETS, PORTFOLIO, REGION, ROLES}
    stacks = allowed(roles(ours, "dev")["dr-catalog-publish"], "cloudformation:ExecuteChangeSet")
    assert stacks == {
        f"arn:aws:cloudformation:{region}:111111111111:stack/{name}/*"
        for region in ("us-east-1", "us-west-2")
        for name in STACKS
    }


@pytest.mark.parametrize("stage", ACCOUNTS)
def test_no_role_reaches_the_pipelines_own_roles(ours: Synthesised, stage: str) -> None:
    for role in roles(ours, stage).values():
        for action, resources in rights(role).items():
            if action.startswith("iam:") and action not in ("iam:GetRole", "iam:ListRoles"):
                for name in ("publish", "canary", "reader"):
                    own = f"arn:aws:iam::{ACCOUNTS[stage]}:role/dr-catalog-{name}"
                    assert not any(fnmatchcase(own, each) for each in resources), action


def test_the_reader_and_the_canary_write_nothing_but_the_canarys_records(
    ours: Synthesised,
) -> None:
    reading = re.compile(r"(Describe|Get|List|Search|Scan)[A-Za-z]*|GET")
    writing = {
        name: {
            action: resources
            for action, resources in rights(role).items()
            if not reading.fullmatch(action.partition(":")[2])
        }
        for name, role in roles(ours, "dev").items()
    }
    assert writing["dr-catalog-reader"] == {}
    regions = ("us-east-1", "us-west-2")
    records = {
        f"arn:aws:ssm:{region}:111111111111:parameter/dr-catalog/canary/*" for region in regions
    }
    assert writing["dr-catalog-canary"] == {
        "execute-api:Invoke": {
            f"arn:aws:execute-api:{region}:111111111111:*/*/GET/*" for region in regions
        },
        "servicecatalog:ProvisionProduct": {"*"},
        "servicecatalog:TerminateProvisionedProduct": {"*"},
        "servicecatalog:UpdateProvisionedProduct": {"*"},
        "ssm:DeleteParameters": records,
        "ssm:PutParameter": records,
    }


def test_launches_of_others_are_not_the_canarys(ours: Synthesised) -> None:
    (statement,) = (
        each
        for policy in roles(ours, "dev")["dr-catalog-canary"]["Policies"]
        for each in policy["PolicyDocument"]["Statement"]
        if "servicecatalog:TerminateProvisionedProduct" in each["Action"]
    )
    assert statement["Condition"] == {
        "StringEquals": {
            "aws:RequestedRegion": ["us-east-1", "us-west-2"],
            "servicecatalog:roleLevel": "self",
        }
    }


def test_what_has_no_resource_is_bound_to_the_stages_regions(ours: Synthesised) -> None:
    everywhere = re.compile(r"(iam|organizations|route53):.*|s3:ListAllMyBuckets")
    for role in roles(ours, "staging").values():
        for policy in role["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                if statement["Resource"] != "*":
                    continue
                bound = "aws:RequestedRegion" in json.dumps(statement.get("Condition", {}))
                assert bound or all(
                    everywhere.fullmatch(action) for action in listed(statement["Action"])
                )
