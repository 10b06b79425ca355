"""Each thing that an account may lack is found, and said with the way out."""

from __future__ import annotations

from typing import Any

import pytest

from dr_catalog.doctor import CHECKS, MEND, OK, SKIPPED

from .conftest import (
    ACCOUNT,
    BLOCKS,
    PEER,
    PORTFOLIO,
    REGION,
    Account,
    Look,
    parameter,
    principals,
    role,
)

NAMES = [check.name for check in CHECKS if check.group == "onboarding"]
ONBOARD = f"dr-catalog onboard --account {ACCOUNT} --stage"
STACKSET = "dr-catalog-stackset-"
LAUNCH = "dr-catalog-launch-warm-standby"


@pytest.mark.parametrize("name", ["account", "region", *NAMES])
def test_an_onboarded_account_is_well(look: Look, name: str) -> None:
    found = look(name)
    assert (found.state, found.mend) == (OK, "")
    assert found.found


# check, what is answered otherwise, what is found, the way out
WRONG: list[tuple[str, dict[tuple[str, ...], Any], str, str]] = [
    (
        "region pair",
        {("get_parameter", REGION, "/dr-catalog/peer-region"): "ParameterNotFound"},
        "us-east-1 has no /dr-catalog/peer-region",
        ONBOARD,
    ),
    (
        "region pair",
        {("get_parameter", REGION, "/dr-catalog/peer-region"): parameter(REGION)},
        "names itself",
        ONBOARD,
    ),
    (
        "region pair",
        {("get_parameter", PEER, "/dr-catalog/peer-region"): parameter("eu-west-1")},
        "us-west-2 -> eu-west-1",
        ONBOARD,
    ),
    (
        "region pair",
        {("get_parameter", PEER, "/dr-catalog/peer-region"): "ParameterNotFound"},
        "us-west-2 -> nothing",
        ONBOARD,
    ),
    (
        "asset bucket",
        {("get_parameter", PEER, "/dr-catalog/asset-bucket-prefix"): "ParameterNotFound"},
        "us-west-2 has no /dr-catalog/asset-bucket-prefix",
        ONBOARD,
    ),
    (
        "asset bucket",
        {("get_parameter", PEER, "/dr-catalog/asset-bucket-prefix"): parameter("assets-2")},
        "different hubs: us-east-1: assets-1, us-west-2: assets-2",
        ONBOARD,
    ),
    (
        "StackSet roles",
        {("get_role", f"{STACKSET}execution"): "NoSuchEntity"},
        f"no role {STACKSET}execution",
        ONBOARD,
    ),
    (
        "StackSet roles",
        {
            ("get_role", f"{STACKSET}administration"): role(
                f"{STACKSET}administration", "Service", "ec2.amazonaws.com"
            )
        },
        "administration does not trust cloudformation.amazonaws.com",
        ONBOARD,
    ),
    (
        "StackSet roles",
        # What IAM shows once the role that is trusted was deleted and made again.
        {("get_role", f"{STACKSET}execution"): role(f"{STACKSET}execution", "AWS", "AROAEXAMPLE")},
        "execution does not trust arn:aws:iam::222222222222:role/dr-catalog-stackset-admin",
        ONBOARD,
    ),
    ("boundary", {("get_policy",): "NoSuchEntity"}, "policy/dr-catalog-boundary", ONBOARD),
    (
        "portfolio",
        {("list_accepted_portfolio_shares", PEER, "IMPORTED"): {"PortfolioDetails": []}},
        "us-west-2 has no portfolio",
        ONBOARD,
    ),
    (
        "principals",
        {("list_principals_for_portfolio", PEER): principals()},
        "in us-west-2 nobody may launch from Recovery tiers (port-1)",
        ONBOARD,
    ),
    (
        "principals",
        {
            ("list_accepted_portfolio_shares", PEER, "IMPORTED"): {
                "PortfolioDetails": [PORTFOLIO, BLOCKS]
            },
            ("list_principals_for_portfolio", PEER, BLOCKS["Id"]): principals(),
        },
        "in us-west-2 nobody may launch from Building blocks (port-2)",
        ONBOARD,
    ),
    (
        "products",
        {
            ("search_products",): {"ProductViewSummaries": []},
            ("list_portfolios",): "AccessDeniedException",
        },
        "offered no product",
        "which role may launch",
    ),
    ("launch roles", {("get_role", LAUNCH): "NoSuchEntity"}, f"no role {LAUNCH}", ONBOARD),
    (
        "launch roles",
        {("get_role", LAUNCH): role(LAUNCH, "Service", "cloudformation.amazonaws.com")},
        f"{LAUNCH} does not trust servicecatalog.amazonaws.com",
        ONBOARD,
    ),
    ("account", {("get_caller_identity",): "ExpiredToken"}, "have expired", "sign in again"),
]


@pytest.mark.parametrize(("name", "answers", "found", "mend"), WRONG)
def test_what_is_wrong_is_found_with_the_way_out(
    look: Look, account: Account, name: str, answers: dict[Any, Any], found: str, mend: str
) -> None:
    account.answers |= answers
    finding = look(name)
    assert finding.state == MEND
    assert found in finding.found
    assert mend in finding.mend


def test_every_check_has_a_way_to_fail() -> None:
    assert {row[0] for row in WRONG} >= set(NAMES)


@pytest.mark.parametrize(
    ("name", "operation"),
    [
        ("StackSet roles", ("get_role", f"{STACKSET}administration")),
        ("boundary", ("get_policy",)),
        ("portfolio", ("list_portfolios",)),
        ("principals", ("list_portfolios",)),
        ("launch roles", ("get_role", LAUNCH)),
    ],
)
def test_what_these_credentials_may_not_see_is_skipped(
    look: Look, account: Account, name: str, operation: tuple[str, ...]
) -> None:
    account.answers[operation] = "AccessDenied"
    finding = look(name)
    assert (finding.state, finding.mend) == (SKIPPED, "")
    assert "may not call" in finding.found


def test_an_organisation_s_share_is_a_portfolio_too(look: Look, account: Account) -> None:
    for region in (REGION, PEER):
        nothing, both = {"PortfolioDetails": []}, {"PortfolioDetails": [PORTFOLIO, BLOCKS]}
        account.answers["list_accepted_portfolio_shares", region, "IMPORTED"] = nothing
        account.answers["list_accepted_portfolio_shares", region, "AWS_ORGANIZATIONS"] = both
    told = "Recovery tiers (port-1), Building blocks (port-2)"
    assert look("portfolio").found == f"{REGION}: {told}; {PEER}: {told}"
    assert look("principals").found == "those of the organisation's shares"


def test_who_is_no_principal_is_told_whom_to_sign_in_as(look: Look, account: Account) -> None:
    account.answers[("search_products",)] = {"ProductViewSummaries": []}
    finding = look("products")
    assert finding.state == SKIPPED
    assert "sign in as role/dr-tenant" in finding.found
    assert look("launch roles").state == SKIPPED


def test_pages_are_read_to_their_end(look: Look, account: Account) -> None:
    def pages() -> Any:
        first = {"ProductViewSummaries": [{"Name": "a"}], "NextPageToken": "2"}
        second = {"ProductViewSummaries": [{"Name": "b"}]}
        return iter((first, second))

    answers, real = pages(), account.call
    account.call = lambda service, operation, *a, **k: (  # type: ignore[method-assign]
        next(answers) if operation == "search_products" else real(service, operation, *a, **k)
    )
    assert look("products").found == "a, b"
