"""Portfolio shares with an organisation or its units: no account below accepts, each simply has it.

A share goes to the accounts one after the other, so the operation answers with a token, and the token
tells how far it came.
https://docs.aws.amazon.com/servicecatalog/latest/dg/API_CreatePortfolioShare.html
"""

from __future__ import annotations

from typing import Any

from ..organizations import state as organizations
from . import state
from .errors import InvalidParametersError, NotFoundError, ServiceCatalogError
from .portfolios import owned
from .state import Caller, Portfolio

SERVICE = "servicecatalog.amazonaws.com"
_KINDS = {"ORGANIZATION": "o-", "ORGANIZATIONAL_UNIT": "ou-"}


class NotSupportedError(ServiceCatalogError):
    """The account's organisation does not allow it."""

    code = "OperationNotSupportedException"


def enable_access(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_EnableAWSOrganizationsAccess: of the management account."""
    organization = _organization(caller)
    if organization["management"] != caller.account:
        raise NotSupportedError("Only the management account of an organization can enable access")
    if SERVICE not in organization["trusted"]:
        organization["trusted"].append(SERVICE)
    return {}


def access_status(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_GetAWSOrganizationsAccessStatus."""
    organization = organizations.of(caller.account)
    enabled = organization is not None and SERVICE in organization["trusted"]
    return {"AccessStatus": "ENABLED" if enabled else "DISABLED"}


def create_node(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """A share with a node; one that is there stays what it is."""
    portfolio = owned(caller, request["PortfolioId"])
    node = _node(caller, request)
    if node not in portfolio["nodes"]:
        portfolio["nodes"][node] = _flags(request)
    return _started(caller, portfolio, node)


def update_node(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """What goes with a node's share: what the request does not name stays."""
    portfolio, node = _shared(caller, request)
    given = {
        field: request[member]
        for field, member in _FLAGS.items()
        if request.get(member) is not None
    }
    portfolio["nodes"][node].update(given)
    return {**_started(caller, portfolio, node), "Status": "NOT_STARTED"}


def delete_node(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """The end of a node's share; what accounts below had associated goes with it."""
    portfolio, node = _shared(caller, request)
    answer = _started(caller, portfolio, node)
    del portfolio["nodes"][node]
    organization = _organization(caller)
    for account in organizations.members(organization, node):
        if account != portfolio["account"] and account not in portfolio["shares"]:
            state.principals.pop_scoped(account, portfolio["region"], portfolio["id"], None)
    return answer


def describe_status(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_DescribePortfolioShareStatus: in progress at the first look, then complete."""
    token = request["PortfolioShareToken"]
    record = caller.get(state.share_tokens, token)
    if record is None:
        raise NotFoundError(f"Portfolio share token {token} not found.")
    record["looks"] += 1
    done = record["looks"] > 1
    return {
        "PortfolioShareToken": token,
        "PortfolioId": record["portfolio"],
        "OrganizationNodeValue": record["node"],
        "Status": "COMPLETED" if done else "IN_PROGRESS",
        "ShareDetails": {
            "SuccessfulShares": record["accounts"] if done else [],
            "ShareErrors": [],
        },
    }


def shared_nodes(portfolio: Portfolio, kind: str) -> list[dict[str, Any]]:
    """The shares with nodes of a kind; such a share counts as accepted."""
    return [
        {
            "PrincipalId": node,
            "Type": kind,
            "Accepted": True,
            "ShareTagOptions": settings["share_tag_options"],
            "SharePrincipals": settings["share_principals"],
        }
        for node, settings in portfolio["nodes"].items()
        if kind in _KINDS and node.startswith(_KINDS[kind])
    ]


_FLAGS = {"share_tag_options": "ShareTagOptions", "share_principals": "SharePrincipals"}


def _flags(request: dict[str, Any]) -> dict[str, bool]:
    return {field: bool(request.get(member)) for field, member in _FLAGS.items()}


def _organization(caller: Caller) -> organizations.Organization:
    organization = organizations.of(caller.account)
    if organization is None:
        raise NotSupportedError(f"Account {caller.account} is not a member of an organization")
    return organization


def _node(caller: Caller, request: dict[str, Any]) -> str:
    """The node that the request names, by id or ARN, of the organisation that the caller administers."""
    organization = _organization(caller)
    if SERVICE not in organization["trusted"]:
        raise NotSupportedError("AWS Organizations access is not enabled for Service Catalog")
    if not organizations.administers(organization, caller.account, SERVICE):
        raise NotSupportedError(
            "Only the management account or a delegated administrator can share with an organization"
        )
    kind = request["OrganizationNode"].get("Type")
    node = str(request["OrganizationNode"].get("Value", "")).rpartition("/")[2]
    known = {"ORGANIZATION": {organization["id"]}, "ORGANIZATIONAL_UNIT": organization["units"]}
    if kind not in known:
        raise InvalidParametersError("Only an organization or a unit can be a node here")
    if node not in known[kind]:
        raise NotFoundError(f"Organization node {node} not found.")
    return node


def _shared(caller: Caller, request: dict[str, Any]) -> tuple[Portfolio, str]:
    portfolio, node = owned(caller, request["PortfolioId"]), _node(caller, request)
    if node not in portfolio["nodes"]:
        raise NotFoundError(f"Portfolio {portfolio['id']} is not shared with {node}")
    return portfolio, node


def _started(caller: Caller, portfolio: Portfolio, node: str) -> dict[str, Any]:
    token = state.new_id("share")
    accounts = organizations.members(_organization(caller), node)
    record = {
        "portfolio": portfolio["id"],
        "node": node,
        "accounts": [each for each in accounts if each != portfolio["account"]],
        "looks": 0,
    }
    caller.put(state.share_tokens, token, record)
    return {"PortfolioShareToken": token}
