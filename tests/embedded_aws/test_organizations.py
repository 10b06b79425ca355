"""An organisation: who is in it, who may look, and what a share with a part of it reaches."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

import embedded_aws
from embedded_aws.organizations.service import OPERATIONS

from . import service_catalog_contract as contract
from .service_catalog_estate import Estate

ADMINISTRATOR = "servicecatalog.amazonaws.com"


def test_the_operations_are_those_of_the_document() -> None:
    text = (Path(embedded_aws.__file__).parent / "OPERATIONS.md").read_text()
    section = re.search(r"^## organizations\n((?:- \w+\n)+)", text, re.MULTILINE)
    assert section is not None
    assert set(re.findall(r"^- (\w+)$", section[1], re.MULTILINE)) == OPERATIONS


@pytest.fixture(scope="module")
def estate(endpoint: str) -> Estate:
    """A published catalog, shared with no account; the tenant is in a unit of the hub's organisation."""
    made = Estate(endpoint).declare()
    del made.resources["Share"]
    made.add(
        "Principal",
        "PortfolioPrincipalAssociation",
        PortfolioId={"Ref": "Portfolio"},
        PrincipalARN="arn:aws:iam:::role/dr-*",
        PrincipalType="IAM_PATTERN",
    )
    made.publish()
    contract.ANSWERED.clear()
    made.ids["Unit"] = made.organize()
    return made


def organizations(estate: Estate, account: str) -> Any:
    return estate.client("organizations", account)


def code(refused: Any) -> str:
    return str(refused.value.response["Error"]["Code"])


def test_accounts_are_found_where_they_are(estate: Estate) -> None:
    theirs, unit = organizations(estate, estate.hub), estate.ids["Unit"]
    root = theirs.list_roots()["Roots"][0]["Id"]
    listed = theirs.list_accounts_for_parent(ParentId=unit)["Accounts"]
    assert [(each["Id"], each["Status"]) for each in listed] == [(estate.tenant, "ACTIVE")]
    assert [each["Id"] for each in theirs.list_accounts_for_parent(ParentId=root)["Accounts"]] == [
        estate.hub
    ]
    units = [
        theirs.create_organizational_unit(ParentId=unit, Name=f"team-{number}")
        for number in range(21)
    ]
    pages = theirs.get_paginator("list_organizational_units_for_parent").paginate(ParentId=unit)
    found = [len(page["OrganizationalUnits"]) for page in pages]
    assert found == [20, 1]
    assert len({each["OrganizationalUnit"]["Id"] for each in units}) == 21
    theirs.register_delegated_administrator(AccountId=estate.tenant, ServicePrincipal=ADMINISTRATOR)
    assert organizations(estate, estate.tenant).describe_organization()["Organization"]["Id"]
    assert contract.ANSWERED >= OPERATIONS


@pytest.mark.parametrize(
    ("call", "arguments", "expected"),
    [
        ("list_accounts_for_parent", {"ParentId": "ou-aaaa-00000000"}, "ParentNotFoundException"),
        ("list_accounts_for_parent", {"ParentId": "teams"}, "InvalidInputException"),
        ("create_organization", {}, "AlreadyInOrganizationException"),
    ],
)
def test_what_is_wrong_is_refused(
    estate: Estate, call: str, arguments: dict[str, str], expected: str
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(organizations(estate, estate.hub), call)(**arguments)
    assert code(refused) == expected


def test_only_members_that_may_look_look(endpoint: str) -> None:
    stranger = Estate(endpoint)
    with pytest.raises(ClientError) as refused:
        organizations(stranger, stranger.hub).list_roots()
    assert code(refused) == "AWSOrganizationsNotInUseException"
    stranger.organize()
    with pytest.raises(ClientError) as refused:
        organizations(stranger, stranger.tenant).list_roots()
    assert code(refused) == "AccessDeniedException"


def names(service_catalog: Any) -> list[str]:
    return [each["Name"] for each in service_catalog.search_products()["ProductViewSummaries"]]


def test_a_share_with_a_unit_reaches_its_accounts_without_acceptance(estate: Estate) -> None:
    """And its role patterns with it, where principals are shared; all of it ends with the share."""
    admin, portfolio = estate.admin, {"PortfolioId": estate.ids["Portfolio"]}
    unit = {"Type": "ORGANIZATIONAL_UNIT", "Value": estate.ids["Unit"]}
    role = estate.client("iam", estate.tenant).create_role(
        RoleName="dr-tenant", AssumeRolePolicyDocument="{}"
    )["Role"]["Arn"]
    keys = estate.client("sts", estate.tenant).assume_role(RoleArn=role, RoleSessionName="anna")
    member = estate.client(
        "servicecatalog",
        keys["Credentials"]["AccessKeyId"],
        aws_secret_access_key=keys["Credentials"]["SecretAccessKey"],
        aws_session_token=keys["Credentials"]["SessionToken"],
    )
    admin.create_portfolio_share(**portfolio, OrganizationNode=unit)
    theirs = member.list_accepted_portfolio_shares(PortfolioShareType="AWS_ORGANIZATIONS")
    assert [each["Id"] for each in theirs["PortfolioDetails"]] == [estate.ids["Portfolio"]]
    assert member.list_accepted_portfolio_shares()["PortfolioDetails"] == []
    assert names(member) == []
    token = admin.update_portfolio_share(**portfolio, OrganizationNode=unit, SharePrincipals=True)[
        "PortfolioShareToken"
    ]
    assert names(member) == ["tiny"]
    told = [admin.describe_portfolio_share_status(PortfolioShareToken=token) for _ in range(2)]
    assert [each["Status"] for each in told] == ["IN_PROGRESS", "COMPLETED"]
    assert told[1]["ShareDetails"]["SuccessfulShares"] == [estate.tenant]
    assert names(Estate(estate.endpoint).user) == []
    (share,) = admin.describe_portfolio_shares(**portfolio, Type="ORGANIZATIONAL_UNIT")[
        "PortfolioShareDetails"
    ]
    assert (share["PrincipalId"], share["SharePrincipals"]) == (estate.ids["Unit"], True)
    admin.delete_portfolio_share(**portfolio, OrganizationNode=unit)
    assert names(member) == []


def test_a_share_with_an_organisation_needs_its_consent(endpoint: str) -> None:
    estate = Estate(endpoint).declare()
    estate.publish()
    theirs = organizations(estate, estate.hub)
    key = theirs.create_organization()["Organization"]["Id"]
    share = {
        "PortfolioId": estate.ids["Portfolio"],
        "OrganizationNode": {"Type": "ORGANIZATION", "Value": key},
    }
    with pytest.raises(ClientError, match="access is not enabled") as refused:
        estate.admin.create_portfolio_share(**share)
    assert code(refused) == "OperationNotSupportedException"
    estate.admin.enable_aws_organizations_access()
    assert estate.admin.create_portfolio_share(**share)["PortfolioShareToken"]
    with pytest.raises(ClientError, match="not found"):
        estate.admin.create_portfolio_share(
            PortfolioId=estate.ids["Portfolio"],
            OrganizationNode={"Type": "ORGANIZATIONAL_UNIT", "Value": "ou-aaaa-00000000"},
        )


def test_a_bucket_knows_where_in_an_organisation_a_caller_is(estate: Estate) -> None:
    bucket, storage = f"organised-{estate.hub}", estate.client("s3", estate.hub)
    storage.create_bucket(Bucket=bucket)
    storage.put_object(Bucket=bucket, Key="a", Body=b"a")
    key = organizations(estate, estate.hub).describe_organization()["Organization"]["Id"]

    def let(operator: str, name: str, value: str) -> None:
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{bucket}/*",
            "Condition": {operator: {name: value}},
        }
        document = {"Version": "2012-10-17", "Statement": [statement]}
        storage.put_bucket_policy(Bucket=bucket, Policy=json.dumps(document))

    def reads(account: str) -> bool:
        try:
            estate.client("s3", account).get_object(Bucket=bucket, Key="a")
        except ClientError:
            return False
        return True

    stranger = Estate(estate.endpoint).tenant
    let("StringEquals", "aws:PrincipalOrgID", key)
    assert (reads(estate.tenant), reads(stranger)) == (True, False)
    unit = "ForAnyValue:StringLike", "aws:PrincipalOrgPaths"
    let(*unit, f"{key}/*/{estate.ids['Unit']}/*")
    assert (reads(estate.tenant), reads(stranger)) == (True, False)
    let(*unit, f"{key}/*/ou-aaaa-00000000/*")
    assert not reads(estate.tenant)
