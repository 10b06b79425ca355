"""Shares with nodes of an organisation, and what AWS Organizations answers to who may not ask."""

from __future__ import annotations

from typing import Any

import pytest

from dr_catalog.definitions import Shares
from dr_catalog.errors import NotFoundError, PublishError, SetupError
from dr_catalog.publishing import organization, sharing

from .conftest import HUB, Stubs

PORTFOLIO = "port-1"
UNIT, OLD = "ou-ab12-11111111", "ou-ab12-22222222"
SHARES = Shares(organization="o-exampleorg1", organizational_units=(UNIT,))
FLAGS = {"ShareTagOptions": True, "SharePrincipals": True}


@pytest.fixture(autouse=True)
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "poll_seconds", lambda: 0)


def shared(stubs: Stubs, *units: str, principals: bool = True) -> None:
    """With which units the portfolio is shared, by id or ARN; with no organisation."""
    for kind, listed in (("ORGANIZATION", ()), ("ORGANIZATIONAL_UNIT", units)):
        details = [
            {"PrincipalId": unit, "Type": kind, "Accepted": True, **FLAGS}
            | {"SharePrincipals": principals}
            for unit in listed
        ]
        stubs("servicecatalog", HUB).add_response(
            "describe_portfolio_shares",
            {"PortfolioShareDetails": details},
            {"PortfolioId": PORTFOLIO, "Type": kind},
        )


def told(stubs: Stubs, *statuses: str, errors: tuple[dict[str, Any], ...] = ()) -> None:
    """How far a share has come, look by look."""
    for status in statuses:
        answer = {
            "PortfolioShareToken": "share-1",
            "Status": status,
            "ShareDetails": {"ShareErrors": list(errors)},
        }
        stubs("servicecatalog", HUB).add_response("describe_portfolio_share_status", answer)


def node(unit: str) -> dict[str, Any]:
    return {
        "PortfolioId": PORTFOLIO,
        "OrganizationNode": {"Type": "ORGANIZATIONAL_UNIT", "Value": unit},
    }


def reconcile(stubs: Stubs, shares: Shares = SHARES) -> tuple[str, ...]:
    client = stubs.client("servicecatalog", HUB)
    return sharing.reconcile(client, portfolio=PORTFOLIO, shares=shares)


def test_what_is_right_is_left_alone(stubs: Stubs) -> None:
    shared(stubs, UNIT)
    assert reconcile(stubs) == ()


def test_a_share_is_made_waited_for_and_the_old_one_ended(stubs: Stubs) -> None:
    shared(stubs, OLD)
    stub, token = stubs("servicecatalog", HUB), {"PortfolioShareToken": "share-1"}
    stub.add_response("create_portfolio_share", token, {**node(UNIT), **FLAGS})
    told(stubs, "NOT_STARTED", "IN_PROGRESS", "COMPLETED")
    stub.add_response("delete_portfolio_share", token, node(OLD))
    told(stubs, "COMPLETED")
    assert reconcile(stubs) == (f"shared with {UNIT}", f"no longer shared with {OLD}")


def test_a_share_that_lacks_principals_is_mended(stubs: Stubs) -> None:
    shared(stubs, UNIT, principals=False)
    stub = stubs("servicecatalog", HUB)
    stub.add_response(
        "update_portfolio_share",
        {"PortfolioShareToken": "share-1", "Status": "NOT_STARTED"},
        {**node(UNIT), **FLAGS},
    )
    told(stubs, "COMPLETED")
    assert reconcile(stubs) == (f"share mended of {UNIT}",)


@pytest.mark.parametrize("status", ["COMPLETED_WITH_ERRORS", "ERROR"])
def test_a_share_that_did_not_reach_an_account_is_told(stubs: Stubs, status: str) -> None:
    shared(stubs)
    stubs("servicecatalog", HUB).add_response(
        "create_portfolio_share", {"PortfolioShareToken": "share-1"}, {**node(UNIT), **FLAGS}
    )
    error = {"Accounts": ["222222222222"], "Message": "The account is suspended", "Error": "E"}
    told(stubs, "IN_PROGRESS", status, errors=(error,))
    with pytest.raises(PublishError, match=f"the share with {UNIT} is {status}") as caught:
        reconcile(stubs)
    assert caught.value.why == "The account is suspended (222222222222)"
    # Where it is listed as shared, a mere rerun finds nothing to do.
    shared(stubs, UNIT)
    assert reconcile(stubs) == ()
    assert f"delete-portfolio-share --portfolio-id {PORTFOLIO} " in caught.value.hint
    assert f"Type=ORGANIZATIONAL_UNIT,Value={UNIT}" in caught.value.hint


def test_the_whole_organisation_is_one_node() -> None:
    assert sharing.wanted(Shares(organization="o-exampleorg1")) == (
        ("ORGANIZATION", "o-exampleorg1"),
    )
    assert sharing.wanted(Shares(accounts=("222222222222",))) == ()


def test_an_organisation_that_does_not_let_itself_be_seen_is_refused(stubs: Stubs) -> None:
    stub = stubs("servicecatalog", HUB)
    stub.add_response("get_aws_organizations_access_status", {"AccessStatus": "UNDER_CHANGE"})
    with pytest.raises(SetupError, match="can't be shared with an organisation yet") as caught:
        sharing.check_access(stubs.client("servicecatalog", HUB))
    assert "aws servicecatalog enable-aws-organizations-access" in caught.value.hint
    stub.add_response("get_aws_organizations_access_status", {"AccessStatus": "ENABLED"})
    sharing.check_access(stubs.client("servicecatalog", HUB))


def listed(stubs: Stubs, parent: str, accounts: tuple[str, ...], units: tuple[str, ...]) -> None:
    stub = stubs("organizations", HUB)
    rows = [{"Id": each, "Status": "ACTIVE"} for each in accounts]
    stub.add_response(
        "list_accounts_for_parent",
        {"Accounts": [*rows, {"Id": "999999999999", "Status": "SUSPENDED"}]},
        {"ParentId": parent},
    )
    stub.add_response(
        "list_organizational_units_for_parent",
        {"OrganizationalUnits": [{"Id": each} for each in units]},
        {"ParentId": parent},
    )


def test_members_are_the_active_accounts_of_every_unit_below(stubs: Stubs) -> None:
    listed(stubs, UNIT, ("222222222222",), (OLD,))
    listed(stubs, OLD, ("333333333333",), ())
    client = stubs.client("organizations", HUB)
    nodes = [("ORGANIZATIONAL_UNIT", UNIT)]
    assert organization.members_of(client, nodes) == ("222222222222", "333333333333")
    stubs("organizations", HUB).add_response("list_roots", {"Roots": [{"Id": "r-ab12"}]}, {})
    listed(stubs, "r-ab12", ("222222222222",), ())
    whole = [("ORGANIZATION", "o-exampleorg1")]
    assert organization.members_of(client, whole) == ("222222222222",)
    assert organization.members_of(client, []) == ()


@pytest.mark.parametrize(
    ("code", "expected", "hint"),
    [
        ("ParentNotFoundException", NotFoundError, "list-organizational-units-for-parent"),
        ("AccessDeniedException", SetupError, "register-delegated-administrator"),
        ("AWSOrganizationsNotInUseException", SetupError, "register-delegated-administrator"),
    ],
)
def test_who_may_not_ask_is_told_what_to_do(
    stubs: Stubs, code: str, expected: type[Exception], hint: str
) -> None:
    stubs("organizations", HUB).add_client_error("list_accounts_for_parent", code, "no")
    with pytest.raises(expected) as caught:
        organization.members(stubs.client("organizations", HUB), [UNIT])
    assert hint in caught.value.hint  # type: ignore[attr-defined]
    assert caught.value.why == "no"  # type: ignore[attr-defined]
