"""Who sees and launches what: shares between accounts, principals, regions."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from .service_catalog_estate import Estate, trust


@pytest.fixture
def estate(endpoint: str) -> Estate:
    """A published catalog that the tenant has not accepted yet."""
    made = Estate(endpoint).declare()
    made.publish()
    return made


def names(service_catalog: Any) -> list[str]:
    """The products that a caller finds."""
    found = service_catalog.search_products()["ProductViewSummaries"]
    return [product["Name"] for product in found]


def session(estate: Estate, role: str) -> Any:
    """Service Catalog in the tenant's account, as a session of a new role."""
    iam = estate.client("iam", estate.tenant)
    arn = iam.create_role(
        RoleName=role, Path="/team/", AssumeRolePolicyDocument=trust("ec2.amazonaws.com")
    )["Role"]["Arn"]
    keys = estate.client("sts", estate.tenant).assume_role(RoleArn=arn, RoleSessionName="anna")
    credentials = keys["Credentials"]
    return arn, estate.client(
        "servicecatalog",
        credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
    )


def test_a_share_counts_once_it_is_accepted_and_a_principal_associated(estate: Estate) -> None:
    portfolio = estate.ids["Portfolio"]
    root = f"arn:aws:iam::{estate.tenant}:root"
    with pytest.raises(ClientError, match=f"Portfolio {portfolio} not found"):
        estate.associate(root)
    estate.user.accept_portfolio_share(PortfolioId=portfolio)
    assert names(estate.user) == []
    estate.associate(root)
    assert names(estate.user) == ["tiny"]
    (share,) = estate.admin.describe_portfolio_shares(PortfolioId=portfolio, Type="ACCOUNT")[
        "PortfolioShareDetails"
    ]
    assert share["Accepted"] is True


def test_a_share_is_for_its_account_alone(estate: Estate) -> None:
    stranger = Estate(estate.endpoint)
    with pytest.raises(ClientError, match="not found"):
        stranger.user.accept_portfolio_share(PortfolioId=estate.ids["Portfolio"])


def test_a_withdrawn_share_takes_the_product_with_it(estate: Estate) -> None:
    estate.onboard()
    share = estate.resources.pop("Share")
    estate.publish()
    assert names(estate.user) == []
    with pytest.raises(ClientError, match="No launch paths found for resource") as refused:
        estate.provision("late")
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert estate.user.list_accepted_portfolio_shares()["PortfolioDetails"] == []

    estate.resources["Share"] = share
    estate.publish()
    assert names(estate.user) == []  # to be accepted again


def test_a_rejected_share_can_be_accepted_later(estate: Estate) -> None:
    estate.onboard()
    estate.user.reject_portfolio_share(PortfolioId=estate.ids["Portfolio"])
    assert names(estate.user) == []
    estate.user.accept_portfolio_share(PortfolioId=estate.ids["Portfolio"])
    assert estate.user.list_accepted_portfolio_shares()["PortfolioDetails"]


def test_only_the_associated_role_launches(estate: Estate) -> None:
    estate.user.accept_portfolio_share(PortfolioId=estate.ids["Portfolio"])
    arn, insider = session(estate, "dr-tenant")
    _, outsider = session(estate, "other")
    estate.associate(arn)
    assert (names(insider), names(outsider), names(estate.user)) == (["tiny"], [], [])
    with pytest.raises(ClientError, match="does not exist or access was denied"):
        outsider.describe_product(Name="tiny")


def test_a_pattern_lets_every_role_in_that_it_matches(estate: Estate) -> None:
    estate.user.accept_portfolio_share(PortfolioId=estate.ids["Portfolio"])
    _, insider = session(estate, "dr-tenant")
    _, outsider = session(estate, "other")
    estate.associate("arn:aws:iam:::role/*/dr-*", kind="IAM_PATTERN")
    assert (names(insider), names(outsider)) == (["tiny"], [])
    with pytest.raises(ClientError, match="Invalid principal ARN pattern"):
        estate.associate(f"arn:aws:iam::{estate.tenant}:role/dr-*", kind="IAM_PATTERN")
    with pytest.raises(ClientError, match="is not associated"):
        estate.user.disassociate_principal_from_portfolio(
            PortfolioId=estate.ids["Portfolio"], PrincipalARN="arn:aws:iam:::role/*/dr-*"
        )


def test_a_principal_that_does_not_exist_is_refused(estate: Estate) -> None:
    estate.user.accept_portfolio_share(PortfolioId=estate.ids["Portfolio"])
    with pytest.raises(ClientError, match="The principal does not exist"):
        estate.associate(f"arn:aws:iam::{estate.tenant}:role/absent")
    arn, _ = session(estate, "pathed")
    with pytest.raises(ClientError, match="The principal does not exist"):
        estate.associate(arn.replace("/team/", "/"))


def test_a_region_has_a_catalog_of_its_own(estate: Estate) -> None:
    elsewhere = estate.client("servicecatalog", estate.hub, region="us-west-2")
    assert elsewhere.list_portfolios()["PortfolioDetails"] == []
    with pytest.raises(ClientError, match="not found"):
        elsewhere.describe_portfolio(Id=estate.ids["Portfolio"])


def test_two_portfolios_are_two_paths_of_which_one_must_be_named(estate: Estate) -> None:
    estate.add("Second", "Portfolio", DisplayName="Second", ProviderName="Platform team")
    estate.add(
        "SecondAssociation",
        "PortfolioProductAssociation",
        PortfolioId={"Ref": "Second"},
        ProductId={"Ref": "Product"},
    )
    estate.publish()
    for portfolio in ("Portfolio", "Second"):
        estate.admin.associate_principal_with_portfolio(
            PortfolioId=estate.ids[portfolio],
            PrincipalARN=f"arn:aws:iam::{estate.hub}:root",
            PrincipalType="IAM",
        )
    order = {"ProductId": estate.ids["Product"], "ProvisioningArtifactName": "1.0.0"}
    with pytest.raises(ClientError, match="More than one launch path ids exist"):
        estate.admin.describe_provisioning_parameters(**order)
    chosen = estate.admin.describe_provisioning_parameters(**order, PathName="Tiers")
    assert [summary["Type"] for summary in chosen["ConstraintSummaries"]] == ["LAUNCH"]
    paths = estate.admin.list_launch_paths(ProductId=estate.ids["Product"])["LaunchPathSummaries"]
    assert {path["Name"] for path in paths} == {"Tiers", "Second"}
