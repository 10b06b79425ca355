"""A launch under a role that lacks one action fails and names it; that each is needed is a unit test's to show."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from dr_catalog import names

from .conftest import REGION, TENANT, Identity

SUFFIX = "short"
LAUNCH_ROLE = names.LAUNCH_ROLE.of(suffix="warm-standby")
PURGE = ("--set", "DeletionProtection=false", "--set", "OnTermination=purge")


@contextmanager
def trimmed(iam: Any, *, role: str, action: str) -> Iterator[None]:
    """The role without the action for the time of a block, by another version of the policy that has it."""
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    arn, whole = next(
        (each["PolicyArn"], document)
        for each in attached
        if action in json.dumps(document := _document(iam, each["PolicyArn"]))
    )
    short = json.loads(json.dumps(whole))
    for statement in short["Statement"]:
        if action in statement["Action"]:
            statement["Action"].remove(action)
    _replace(iam, arn, short)
    try:
        yield
    finally:
        _replace(iam, arn, whole)


def _document(iam: Any, arn: str) -> Any:
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]


def _replace(iam: Any, arn: str, document: Any) -> None:
    before = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(document), SetAsDefault=True)
    iam.delete_policy_version(PolicyArn=arn, VersionId=before)


@pytest.mark.parametrize(
    ("role", "action", "resource"),
    [
        (LAUNCH_ROLE, "logs:CreateLogGroup", ":log-group:/aws/lambda/dr-"),
        (
            names.STACKSET_EXECUTION_ROLE,
            "kms:ReplicateKey",
            f"arn:aws:kms:{REGION}:{TENANT}:key/mrk-",
        ),
    ],
)
def test_a_launch_without_one_action_fails_and_names_it(
    tenant: Identity,
    person: Callable[[str], Identity],
    role: str,
    action: str,
    resource: str,
) -> None:
    with trimmed(person(TENANT).client("iam"), role=role, action=action):
        refused = tenant.run("launch", "warm-standby", "--suffix", SUFFIX, *PURGE)
    try:
        assert refused.exit_code == 1
        assert f"assumed-role/{role}/" in refused.stderr
        assert f"not authorized to perform: {action} on resource: arn:aws:" in refused.stderr
        assert resource in refused.stderr
        assert f"because no identity-based policy allows the {action} action" in refused.stderr
    finally:
        tenant.ok("terminate", "--suffix", SUFFIX, "--yes")
