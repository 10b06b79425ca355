"""Portfolio shares between accounts: given by the owner, accepted or rejected by the recipient.

A share is regional, as the portfolio is. The recipient's account sees nothing before it accepts, and
nothing once the share is withdrawn; what it had associated goes with the share.
https://docs.aws.amazon.com/servicecatalog/latest/adminguide/catalogs_portfolios_sharing.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import state
from .errors import InvalidParametersError, NotFoundError
from .node_sharing import create_node, delete_node, shared_nodes, update_node
from .paging import page
from .portfolios import detail, is_accepted, nodes_over, owned
from .state import Caller, Portfolio

Operation = Callable[[Caller, dict[str, Any]], dict[str, Any]]


def share(caller: Caller, portfolio_id: str, account: str, *, share_tag_options: bool) -> None:
    """Offer a portfolio of the caller's to another account; again, to change the flag."""
    portfolio = owned(caller, portfolio_id)
    if account == caller.account:
        raise InvalidParametersError("A portfolio cannot be shared with the account that owns it")
    portfolio["shares"][account] = {"share_tag_options": share_tag_options}


def withdraw(caller: Caller, portfolio_id: str, account: str) -> None:
    """End a share; the recipient's acceptance and principals go with it."""
    portfolio = owned(caller, portfolio_id)
    if portfolio["shares"].pop(account, None) is None:
        raise NotFoundError(f"Portfolio {portfolio_id} is not shared with account {account}")
    _forget(portfolio, account)


def _forget(portfolio: Portfolio, account: str) -> None:
    for store in (state.acceptances, state.principals):
        store.pop_scoped(account, portfolio["region"], portfolio["id"], None)


def _offered(caller: Caller, request: dict[str, Any]) -> Portfolio:
    if (request.get("PortfolioShareType") or "IMPORTED") != "IMPORTED":
        raise InvalidParametersError("Only shares of type IMPORTED can be accepted or rejected")
    portfolio = caller.anywhere(state.portfolios, request["PortfolioId"])
    if portfolio is None or caller.account not in portfolio["shares"]:
        raise NotFoundError(f"Portfolio {request['PortfolioId']} not found.")
    return portfolio


def accept(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_AcceptPortfolioShare."""
    portfolio = _offered(caller, request)
    if not is_accepted(portfolio, caller):
        caller.put(state.acceptances, portfolio["id"], state.now())
    return {}


def reject(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_RejectPortfolioShare: the share stays offered, and can be accepted later."""
    _forget(_offered(caller, request), caller.account)
    return {}


def list_accepted(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_ListAcceptedPortfolioShares: of type IMPORTED the accepted, else those of the organisation."""
    reaches = {"IMPORTED": is_accepted, "AWS_ORGANIZATIONS": nodes_over}.get(
        request.get("PortfolioShareType") or "IMPORTED"
    )
    listed = [
        detail(portfolio)
        for (_, region, _), portfolio in state.portfolios.all_items()
        if region == caller.region and reaches is not None and reaches(portfolio, caller)
    ]
    return page(listed, request, operation="ListAcceptedPortfolioShares", name="PortfolioDetails")


def list_access(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_ListPortfolioAccess: the accounts the caller's portfolio is shared with."""
    accounts = list(owned(caller, request["PortfolioId"])["shares"])
    return page(accounts, request, operation="ListPortfolioAccess", name="AccountIds")


def describe_shares(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_DescribePortfolioShares: with accounts, with the organisation, or with units."""
    portfolio = owned(caller, request["PortfolioId"])
    if request["Type"] == "ORGANIZATION_MEMBER_ACCOUNT":
        raise InvalidParametersError("Shares by member account are not part of the embedded AWS")
    listed = shared_nodes(portfolio, request["Type"])
    if request["Type"] == "ACCOUNT":
        listed = [
            {
                "PrincipalId": account,
                "Type": "ACCOUNT",
                "Accepted": state.acceptances.contains_scoped(
                    account, portfolio["region"], portfolio["id"]
                ),
                "ShareTagOptions": settings["share_tag_options"],
                "SharePrincipals": False,
            }
            for account, settings in portfolio["shares"].items()
        ]
    return page(listed, request, operation="DescribePortfolioShares", name="PortfolioShareDetails")


def create(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_CreatePortfolioShare: with an account or a node of the caller's organisation."""
    return _either(caller, request, create_node, _create_account)


def update(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_UpdatePortfolioShare: what goes with a node's share."""
    return _either(caller, request, update_node, _not_here)


def delete(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_DeletePortfolioShare."""
    return _either(caller, request, delete_node, _delete_account)


def _either(
    caller: Caller, request: dict[str, Any], node: Operation, account: Operation
) -> dict[str, Any]:
    if bool(request.get("AccountId")) == bool(request.get("OrganizationNode")):
        raise InvalidParametersError("Exactly one of AccountId and OrganizationNode must be given")
    return (node if request.get("OrganizationNode") else account)(caller, request)


def _create_account(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    flag = bool(request.get("ShareTagOptions"))
    share(caller, request["PortfolioId"], request["AccountId"], share_tag_options=flag)
    return {}


def _delete_account(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    withdraw(caller, request["PortfolioId"], request["AccountId"])
    return {}


def _not_here(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    raise InvalidParametersError("Updating an account's share is not part of the embedded AWS")
