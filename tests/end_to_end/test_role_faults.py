"""A launch role that is missing, trusts another or may not enough: in an account of its own.

Each fails a launch with one message that names the role or the action, leaves nothing in either
region, and once it is mended the same command launches.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from dr_catalog import names
from dr_catalog.cli.organisation import ACCESS_ROLE, assume, make_role

from .catalogs import catalog_root
from .conftest import HUB, PEER, REGION, TENANT, Identity, without_synthesis
from .estate import estate
from .test_failed_launches import husk

ACCOUNT, SUFFIX = "888888888888", "roles"
ROLE = "dr-catalog-launch-warm-standby"
PURGE = ("--set", "DeletionProtection=false", "--set", "OnTermination=purge")
LAUNCH = ("launch", "warm-standby", "--suffix", SUFFIX, "--version", "1.0.0", *PURGE)
SETTLED: dict[str, Any] = {"WaiterConfig": {"Delay": 0.1, "MaxAttempts": 100}}


@dataclass(frozen=True)
class Account:
    """An onboarded account: its administrator, and someone who launches."""

    admin: Identity
    tenant: Identity

    @property
    def iam(self) -> Any:
        return self.admin.client("iam")

    def policies(self) -> list[str]:
        """The ARNs of the launch role's policies."""
        attached = self.iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
        return [each["PolicyArn"] for each in attached]

    @contextmanager
    def missing(self) -> Iterator[None]:
        """The role is not there."""
        role, policies = self.iam.get_role(RoleName=ROLE)["Role"], self.policies()
        for each in policies:
            self.iam.detach_role_policy(RoleName=ROLE, PolicyArn=each)
        self.iam.delete_role(RoleName=ROLE)
        try:
            yield
        finally:
            trust = json.dumps(role["AssumeRolePolicyDocument"])
            self.iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust)
            for each in policies:
                self.iam.attach_role_policy(RoleName=ROLE, PolicyArn=each)

    @contextmanager
    def untrusting(self) -> Iterator[None]:
        """The role trusts another service."""
        trust = self.iam.get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"]
        other = json.dumps(trust).replace("servicecatalog.", "ec2.")
        self.iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=other)
        try:
            yield
        finally:
            self.iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps(trust))

    @contextmanager
    def short(self) -> Iterator[None]:
        """The role may do all but make a key, which comes first."""
        changed = []
        for arn in self.policies():
            version = self.iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            found = self.iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
            whole = json.dumps(found["Document"])
            less = whole.replace('"kms:CreateKey", ', "")
            if less != whole:
                self._set(arn, less, instead=version)
                changed.append((arn, whole))
        assert changed
        try:
            yield
        finally:
            for arn, whole in changed:
                version = self.iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
                self._set(arn, whole, instead=version)

    def _set(self, arn: str, document: str, *, instead: str) -> None:
        self.iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)
        self.iam.delete_policy_version(PolicyArn=arn, VersionId=instead)


FAULTS: dict[str, tuple[Callable[[Account], AbstractContextManager[None]], tuple[str, ...]]] = {
    "missing": (Account.missing, (f"onboard account {ACCOUNT} again", "assuming the role", ROLE)),
    "untrusting": (Account.untrusting, ("which restores the role", "assuming the role", ROLE)),
    "short": (Account.short, ("AWS::KMS::Key", REGION, "kms:CreateKey", ROLE)),
}


@pytest.fixture(scope="module")
def account(
    hub: Identity,
    person: Callable[..., Identity],
    synthesised: Mapping[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Account]:
    """The account, with which the hub shares for as long as these tests run."""
    root = catalog_root(tmp_path_factory.mktemp("catalog"), accounts=[ACCOUNT])
    endpoint = hub.settings["AWS_ENDPOINT_URL"]
    make_role(endpoint=endpoint, account=ACCOUNT, role=ACCESS_ROLE, trusted=(HUB,))
    make_role(endpoint=endpoint, account=ACCOUNT, role="dr-tenant", trusted=(ACCOUNT,))
    words = ("--account", ACCOUNT, "--stage", "dev", "--root", str(root))
    with shared(hub, REGION), shared(hub, PEER), without_synthesis(synthesised):
        hub.ok("onboard", *words)
        keys = dict(assume(endpoint=endpoint, account=ACCOUNT, role="dr-tenant"))
        yield Account(person(ACCOUNT), person(keys.pop("AWS_ACCESS_KEY_ID"), **keys))
        hub.ok("offboard", *words, "--yes")


@contextmanager
def shared(hub: Identity, region: str) -> Iterator[None]:
    """Portfolio and code of one region are the account's as well, as if it had been published so."""
    cloudformation, s3 = hub.client("cloudformation", region), hub.client("s3", region)
    (portfolio,) = hub.client("servicecatalog", region).list_portfolios()["PortfolioDetails"]
    share = {"PortfolioId": portfolio["Id"], "AccountId": ACCOUNT}
    resource = {"Type": "AWS::ServiceCatalog::PortfolioShare", "Properties": share}
    template = json.dumps({"Resources": {"Share": resource}})
    cloudformation.create_stack(StackName="another-share", TemplateBody=template)
    cloudformation.get_waiter("stack_create_complete").wait(StackName="another-share", **SETTLED)
    bucket = names.ASSET_BUCKET.of(account=HUB, region=region)
    policy = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    assert TENANT in policy
    s3.put_bucket_policy(Bucket=bucket, Policy=policy.replace(TENANT, ACCOUNT))
    yield
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    cloudformation.delete_stack(StackName="another-share")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="another-share", **SETTLED)


@pytest.fixture(autouse=True)
def as_tenant() -> None:
    """These tests need no tenant of another account."""


@contextmanager
def cleared(account: Account) -> Iterator[None]:
    """What a launch leaves of itself is terminated in the end."""
    try:
        yield
    finally:
        account.tenant.ok("terminate", "--suffix", SUFFIX, "--yes")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_launch_role_is_told_and_leaves_nothing(account: Account, fault: str) -> None:
    put, told = FAULTS[fault]
    before = estate(account.admin)
    with cleared(account), put(account):
        without = estate(account.admin)
        refused = account.tenant.run(*LAUNCH)
        assert (refused.exit_code, refused.stdout) == (1, "")
        error = refused.stderr.partition("error: ")[2]
        assert refused.stderr.count("\nerror: ") == 1
        assert [each for each in told if each not in error] == []
        assert "hint: " in error
        assert husk(left := estate(account.admin) - without), sorted(left)
        again = account.tenant.run(*LAUNCH)
        assert again.exit_code == 1
        assert told[-1] in again.stderr
        assert f"dr-catalog terminate --suffix {SUFFIX}" in again.stderr
    assert estate(account.admin) == before


def test_once_it_is_mended_the_same_command_launches(account: Account) -> None:
    before = estate(account.admin)
    account.tenant.ok(*LAUNCH)
    account.tenant.ok("terminate", "--suffix", SUFFIX, "--yes")
    assert estate(account.admin) == before


def test_a_suffix_that_a_stack_of_ones_own_holds_is_told(account: Account) -> None:
    """A stack outside Service Catalog has made what the suffix names; it stays as it is."""
    table = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "TableName": f"dr-transactions-{SUFFIX}",
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "own", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "own", "KeyType": "HASH"}],
        },
    }
    cloudformation = account.admin.client("cloudformation")
    template = json.dumps({"Resources": {"Own": table}})
    cloudformation.create_stack(StackName="own", TemplateBody=template)
    cloudformation.get_waiter("stack_create_complete").wait(StackName="own", **SETTLED)
    before = estate(account.admin)
    with cleared(account):
        refused = account.tenant.run("launch", "warm-standby", "--suffix", SUFFIX, *PURGE)
        after = estate(account.admin)
    assert (refused.exit_code, refused.stdout) == (1, "")
    error = refused.stderr.partition("error: ")[2]
    for each in ("AWS::DynamoDB::GlobalTable", f"dr-transactions-{SUFFIX}", "already exists"):
        assert each in error
    assert husk(after - before), sorted(after - before)
    assert estate(account.admin) == before
    cloudformation.delete_stack(StackName="own")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="own", **SETTLED)
