"""Onboarding, its repair and offboarding, in an account and from a hub of these tests' own.

The hub's portfolio is a small stack under the name that publishing gives it; its product makes one
parameter. All else is the real thing: the commands, the roles, the shares, AWS Backup's settings.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dr_catalog.cli.main import INTERRUPTED
from dr_catalog.cli.organisation import ACCESS_ROLE, assume, make_role
from dr_catalog.publishing import offboard
from dr_catalog.publishing.stack import remove

from .catalogs import catalog_root
from .conftest import PEER, REGION, Identity

HUB, ACCOUNT, UNPUBLISHED = "444444444444", "333333333333", "555555555555"
REGIONS = (REGION, PEER)
LAUNCH_ROLE = "dr-catalog-launch-warm-standby"
PARAMETERS = {"prefix": "/dr-catalog/asset-bucket-prefix", "peer": "/dr-catalog/peer-region"}
SETTINGS = {
    "ResourceTypeOptInPreference": {"Aurora": True, "DynamoDB": True, "S3": True},
    "ResourceTypeManagementPreference": {"DynamoDB": True},
}
PRINCIPAL = {"PrincipalARN": "arn:aws:iam:::role/dr-tenant", "PrincipalType": "IAM_PATTERN"}
PIPELINE = f"""\
name: own
account: "777777777777"
region: {REGION}
source: {{s3: {{bucket: own-source, key: catalog.zip}}}}
stages:
  - {{name: own, account: "{HUB}", regions: [{REGION}, {PEER}]}}
  - {{name: later, account: "{UNPUBLISHED}", regions: [{REGION}, {PEER}]}}
"""
TINY = {
    "Parameters": {"EnvironmentSuffix": {"Type": "String"}},
    "Resources": {
        "Told": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {
                "Name": {"Fn::Sub": "/dr/${EnvironmentSuffix}/tiny/told"},
                "Type": "String",
                "Value": "1",
            },
        }
    },
}


@pytest.fixture(autouse=True)
def as_tenant(synthesised_once: None) -> None:
    """These tests need no tenant of the published catalog's, and no synthesis of their own."""


@dataclass(frozen=True)
class Estate:
    """A hub, the administrator of an account, and a catalog that shares with it."""

    hub: Identity
    owner: Identity
    root: Path
    portfolios: dict[str, str]

    def run(self, *words: str, account: str = ACCOUNT, stage: str = "own") -> Any:
        return self.hub.run(*words, *self._of(account, stage))

    def json(self, *words: str) -> Any:
        """The changes that a command tells of, by region."""
        told = self.hub.json(*words, *self._of(ACCOUNT, "own"))
        return {each["region"]: each["changes"] for each in told}

    def _of(self, account: str, stage: str) -> tuple[str, ...]:
        return ("--account", account, "--stage", stage, "--root", str(self.root))

    def state(self, region: str) -> dict[str, Any]:
        """What onboarding is about, read from the account's own services."""
        call = partial(self.owner.client, region=region)
        catalog, portfolio = call("servicecatalog"), self.portfolios[region]
        accepted = catalog.list_accepted_portfolio_shares()["PortfolioDetails"]
        found = call("ssm").get_parameters(Names=list(PARAMETERS.values()))["Parameters"]
        settings = call("backup").describe_region_settings()
        return {
            "share": portfolio in {each["Id"] for each in accepted},
            "principals": catalog.list_principals_for_portfolio(PortfolioId=portfolio)["Principals"]
            if accepted
            else [],
            "parameters": {each["Name"]: each["Value"] for each in found},
            "settings": {name: settings[name] for name in SETTINGS},
            "roles": LAUNCH_ROLE in {each["RoleName"] for each in _roles(self.owner)},
        }


def onboarded(region: str) -> dict[str, Any]:
    return {
        "share": True,
        "principals": [PRINCIPAL],
        "parameters": {
            PARAMETERS["prefix"]: f"dr-catalog-assets-{HUB}",
            PARAMETERS["peer"]: PEER if region == REGION else REGION,
        },
        "settings": SETTINGS,
        "roles": True,
    }


OFFBOARDED = {
    "share": False,
    "principals": [],
    "parameters": {},
    "settings": SETTINGS,
    "roles": False,
}


def _roles(owner: Identity) -> list[dict[str, Any]]:
    roles: list[dict[str, Any]] = owner.client("iam").list_roles()["Roles"]
    return roles


@pytest.fixture(scope="module")
def estate(person: Callable[..., Identity], tmp_path_factory: pytest.TempPathFactory) -> Estate:
    accounts = (ACCOUNT, "666666666666")
    root = catalog_root(tmp_path_factory.mktemp("catalog"), accounts=accounts, pipeline=PIPELINE)
    hub, owner = person(HUB), person(ACCOUNT)
    # Publishing makes it; the roles' template is too long for a request.
    bucket = f"dr-catalog-assets-{HUB}-{REGION}"
    hub.client("s3").create_bucket(Bucket=bucket)
    hub.client("s3").put_bucket_policy(
        Bucket=bucket,
        Policy=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                    "Action": "s3:GetObject",
                    "Resource": f"arn:aws:s3:::{bucket}/*",
                },
            }
        ),
    )
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    hub.client("iam").create_role(
        RoleName=LAUNCH_ROLE,
        AssumeRolePolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": {**trust, "Principal": {"Service": "servicecatalog.amazonaws.com"}},
            }
        ),
    )
    endpoint = hub.settings["AWS_ENDPOINT_URL"]
    make_role(endpoint=endpoint, account=ACCOUNT, role=ACCESS_ROLE, trusted=(HUB,))
    make_role(endpoint=endpoint, account=ACCOUNT, role="dr-tenant", trusted=(ACCOUNT,))
    return Estate(hub, owner, root, {region: published(hub, region) for region in REGIONS})


def published(hub: Identity, region: str) -> str:
    """A portfolio with the tiny product, shared with the account."""
    bucket = f"templates-{HUB}-{region}"
    where = {} if region == REGION else {"LocationConstraint": region}
    given = {"CreateBucketConfiguration": where} if where else {}
    hub.client("s3", region).create_bucket(Bucket=bucket, **given)
    hub.client("s3", region).put_object(Bucket=bucket, Key="tiny.json", Body=json.dumps(TINY))
    url = f"https://s3.{region}.amazonaws.com/{bucket}/tiny.json"
    pair = {"PortfolioId": {"Ref": "Portfolio"}, "ProductId": {"Ref": "Product"}}
    version = {"Name": "1.0.0", "Info": {"LoadTemplateFromURL": url}}
    rows: dict[str, tuple[str, dict[str, Any]]] = {
        "Portfolio": ("Portfolio", {"DisplayName": "Own", "ProviderName": "Platform"}),
        "Product": (
            "CloudFormationProduct",
            {"Name": "tiny", "Owner": "us", "ProvisioningArtifactParameters": [version]},
        ),
        "Association": ("PortfolioProductAssociation", pair),
        "Role": ("LaunchRoleConstraint", {"LocalRoleName": LAUNCH_ROLE, **pair}),
        "Share": (
            "PortfolioShare",
            {"PortfolioId": {"Ref": "Portfolio"}, "AccountId": ACCOUNT},
        ),
    }
    resources = {
        name: {"Type": f"AWS::ServiceCatalog::{kind}", "Properties": properties}
        for name, (kind, properties) in rows.items()
    }
    resources["Role"]["DependsOn"] = "Association"
    output = {"PortfolioId": {"Value": {"Ref": "Portfolio"}}}
    cloudformation = hub.client("cloudformation", region)
    cloudformation.create_stack(
        StackName="dr-catalog-portfolio",
        TemplateBody=json.dumps({"Resources": resources, "Outputs": output}),
    )
    waiter = cloudformation.get_waiter("stack_create_complete")
    waiter.wait(StackName="dr-catalog-portfolio", WaiterConfig={"Delay": 0.1, "MaxAttempts": 100})
    (stack,) = cloudformation.describe_stacks(StackName="dr-catalog-portfolio")["Stacks"]
    portfolio: str = stack["Outputs"][0]["OutputValue"]
    return portfolio


@pytest.fixture
def account(estate: Estate) -> Estate:
    """The estate, onboarded; each test leaves the account so or offboarded."""
    estate.hub.ok("onboard", *estate._of(ACCOUNT, "own"))
    return estate


def test_onboarding_brings_everything_and_again_nothing(estate: Estate) -> None:
    changes = [
        "stack dr-catalog-region",
        "Own: share accepted",
        "Own: principal dr-tenant",
        "AWS Backup opted in to S3",
        "AWS Backup's advanced features for DynamoDB",
    ]
    assert estate.json("onboard") == {REGION: ["stack dr-catalog-roles", *changes], PEER: changes}
    assert [estate.state(region) for region in REGIONS] == [onboarded(each) for each in REGIONS]
    again = estate.run("onboard")
    assert again.stdout.count("nothing to do") == 2
    assert [estate.state(region) for region in REGIONS] == [onboarded(each) for each in REGIONS]


def test_onboarding_repairs_what_was_changed_by_hand(account: Estate) -> None:
    owner, portfolios = account.owner, account.portfolios
    owner.client("ssm").put_parameter(
        Name=PARAMETERS["prefix"], Value="another", Type="String", Overwrite=True
    )
    owner.client("ssm", PEER).delete_parameter(Name=PARAMETERS["peer"])
    owner.client("servicecatalog").disassociate_principal_from_portfolio(
        PortfolioId=portfolios[REGION], **PRINCIPAL
    )
    owner.client("servicecatalog").associate_principal_with_portfolio(
        PortfolioId=portfolios[REGION],
        PrincipalARN="arn:aws:iam:::role/dropped",
        PrincipalType="IAM_PATTERN",
    )
    owner.client("servicecatalog", PEER).reject_portfolio_share(PortfolioId=portfolios[PEER])
    owner.client("backup").update_region_settings(ResourceTypeOptInPreference={"Aurora": False})
    owner.client("backup", PEER).update_region_settings(
        ResourceTypeManagementPreference={"DynamoDB": False}
    )
    assert account.json("onboard") == {
        REGION: [
            f"parameter {PARAMETERS['prefix']}",
            "Own: principal dr-tenant",
            "Own: no longer principal dropped",
            "AWS Backup opted in to Aurora",
        ],
        PEER: [
            f"parameter {PARAMETERS['peer']}",
            "Own: share accepted",
            "Own: principal dr-tenant",
            "AWS Backup's advanced features for DynamoDB",
        ],
    }
    assert [account.state(region) for region in REGIONS] == [onboarded(each) for each in REGIONS]


def test_offboarding_is_refused_while_anything_is_launched(account: Estate) -> None:
    """By a role of the tenant's, in the region that is not the hub's first."""
    keys = dict(
        assume(endpoint=account.hub.settings["AWS_ENDPOINT_URL"], account=ACCOUNT, role="dr-tenant")
    )
    catalog = Identity({**account.owner.settings, **keys}).client("servicecatalog", PEER)
    record = catalog.provision_product(
        ProductName="tiny",
        ProvisioningArtifactName="1.0.0",
        ProvisionedProductName="dr-team-a",
        ProvisioningParameters=[{"Key": "EnvironmentSuffix", "Value": "team-a"}],
    )["RecordDetail"]
    refused = account.run("offboard", "--yes")
    assert refused.exit_code == 1
    assert refused.stderr.splitlines() == [
        f"error: account {ACCOUNT} can't be offboarded: 1 launch is there",
        f"  why:  'team-a' (tiny 1.0.0) in {PEER}",
        "  hint: terminate each with credentials of the account, such as: "
        f"dr-catalog terminate --suffix team-a --region {PEER}",
    ]
    assert [account.state(region) for region in REGIONS] == [onboarded(each) for each in REGIONS]
    settled(catalog, record["RecordId"])
    record = catalog.terminate_provisioned_product(ProvisionedProductName="dr-team-a")
    settled(catalog, record["RecordDetail"]["RecordId"])


def settled(catalog: Any, record: str) -> None:
    """Wait until a record has succeeded."""
    for _ in range(1000):
        found = catalog.describe_record(Id=record)["RecordDetail"]
        if found["Status"] in ("SUCCEEDED", "FAILED"):
            break
    assert found["Status"] == "SUCCEEDED", found


def test_offboarding_takes_all_of_it_and_resumes(account: Estate) -> None:
    asked = account.run("offboard")
    assert asked.exit_code == 2
    assert f"offboarding {ACCOUNT} needs a yes" in asked.stderr
    assert f"--account {ACCOUNT} --stage own" in asked.stderr
    assert account.state(REGION) == onboarded(REGION)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(offboard, "remove", interrupted)
        assert account.run("offboard", "--yes").exit_code == INTERRUPTED
    closed = {"share": False, "principals": []}
    assert [account.state(region) for region in REGIONS] == [
        {**onboarded(REGION), **closed},
        {**onboarded(PEER), **closed, "parameters": {}},
    ]
    assert account.json("offboard", "--yes") == {
        REGION: ["stack dr-catalog-region", "stack dr-catalog-roles"],
        PEER: [],
    }
    assert [account.state(region) for region in REGIONS] == [OFFBOARDED, OFFBOARDED]
    assert {each["RoleName"] for each in _roles(account.owner)} == {ACCESS_ROLE, "dr-tenant"}
    with pytest.raises(ClientError, match="NoSuchEntity"):
        account.owner.client("iam").get_policy(
            PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/dr-catalog-boundary"
        )
    again = account.run("offboard")  # nothing to do: nothing to ask
    assert (again.exit_code, again.stdout.count("nothing to do")) == (0, 2)


def interrupted(cloudformation: Any, *, name: str) -> bool:
    """The deletion of a stack, until someone presses ^C in the hub's first region."""
    if cloudformation.meta.region_name == REGION:
        raise KeyboardInterrupt
    return remove(cloudformation, name=name)


def test_offboarding_says_what_it_took_and_what_stays(account: Estate) -> None:
    done = account.run("offboard", "--yes")
    assert done.exit_code == 0, done.output
    taken = "Own: principal dr-tenant, Own: share, stack dr-catalog-region"
    assert done.stdout.splitlines() == [
        f"{ACCOUNT}  {REGION}  {taken}, stack dr-catalog-roles",
        f"{ACCOUNT}  {PEER}  {taken}",
    ]
    assert "the settings of AWS Backup stay as they are" in done.stderr


BOTH = pytest.mark.parametrize("command", ["onboard", "offboard"])


@BOTH
@pytest.mark.parametrize(
    ("account", "stage", "code", "expected"),
    [
        (ACCOUNT, "prod", 1, ("no stage 'prod'", "own, later", "--stage")),
        ("33333", "own", 2, ("'33333' is not an account id", "12 digits", "get-caller-identity")),
        (ACCOUNT, "own", 1, ("role/none can't be assumed from", "not authorized", "--role")),
        (ACCOUNT, "later", 1, (f"stage later, account {UNPUBLISHED}", HUB, "credentials of")),
    ],
)
def test_bad_input_is_refused_with_what_why_and_hint(
    estate: Estate,
    command: str,
    account: str,
    stage: str,
    code: int,
    expected: tuple[str, str, str],
) -> None:
    role = ("--role", "none") if "role/none" in expected[0] else ()
    told(estate.run(command, *role, account=account, stage=stage), code, expected)


def told(refused: Any, code: int, expected: tuple[str, str, str]) -> None:
    """The error's three lines, in order, and nothing on stdout."""
    assert (refused.exit_code, refused.stdout) == (code, ""), refused.stderr
    lines = refused.stderr.splitlines()[-3:]
    for line, begins, text in zip(
        lines, ("error: ", "  why:  ", "  hint: "), expected, strict=True
    ):
        assert line.startswith(begins)
        assert text in line
        assert len(line) > len(begins)


@pytest.mark.parametrize(
    ("command", "account", "expected"),
    [
        ("onboard", "777777777777", ("not shared with account 7", "666666666666", "publish")),
        ("onboard", "666666666666", ("not yet shared with account 6", "published", "publish")),
        ("offboard", HUB, (f"account {HUB} can't be offboarded", "publishes stage own", "tenant")),
    ],
)
def test_an_account_that_has_no_part_in_it_is_refused(
    estate: Estate,
    person: Callable[..., Identity],
    command: str,
    account: str,
    expected: tuple[str, str, str],
) -> None:
    made = estate.hub.settings["AWS_ENDPOINT_URL"]
    make_role(endpoint=made, account=account, role="entry", trusted=(HUB,))
    told(estate.run(command, "--role", "entry", account=account), 1, expected)


def test_a_hub_that_has_not_published_is_said(
    estate: Estate, person: Callable[..., Identity]
) -> None:
    words = ("--account", UNPUBLISHED, "--stage", "later", "--root", str(estate.root))
    refused = person(UNPUBLISHED).run("onboard", *words)
    told(
        refused,
        1,
        (
            f"stage later is not published in {REGION}",
            "no stack dr-catalog-portfolio",
            "dr-catalog publish --stage later",
        ),
    )


def test_the_role_of_another_hub_is_not_taken(
    account: Estate, person: Callable[..., Identity]
) -> None:
    make_role(
        endpoint=account.hub.settings["AWS_ENDPOINT_URL"],
        account=ACCOUNT,
        role="later",
        trusted=(UNPUBLISHED,),
    )
    words = ("--account", ACCOUNT, "--stage", "later", "--root", str(account.root))
    refused = person(UNPUBLISHED).run("offboard", "--role", "later", *words)
    told(
        refused,
        1,
        ("was not onboarded for stage later", f"dr-catalog-assets-{HUB}", "--stage own"),
    )
    assert account.state(REGION) == onboarded(REGION)


@BOTH
def test_an_endpoint_that_is_down_is_said_at_once(estate: Estate, command: str) -> None:
    down = Identity({**estate.hub.settings, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    refused = down.run(command, *estate._of(ACCOUNT, "own"))
    told(refused, 1, ("http://127.0.0.1:9 can't be reached", "connect", "dr-catalog local up"))
