"""Shares with an organisation or its units, which CloudFormation can't express; set by API.

    portfolio.yaml -> nodes wanted <-> DescribePortfolioShares -> create, update, delete -> wait

Accounts below a shared node have the portfolio without accepting it, and its principals by name with
it (principal sharing), so that nothing has to be associated in them. Shares with single accounts are
resources of the portfolios' stack.

https://docs.aws.amazon.com/servicecatalog/latest/dg/API_CreatePortfolioShare.html
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from ..definitions import Shares
from ..errors import PublishError, SetupError
from . import membership
from .accounts import poll_seconds
from .organization import ORGANIZATION, UNIT, Node

_FLAGS = {"ShareTagOptions": True, "SharePrincipals": True}


def wanted(shares: Shares) -> tuple[Node, ...]:
    """The nodes that the definition names."""
    if shares.organizational_units:
        return tuple((UNIT, unit) for unit in shares.organizational_units)
    return ((ORGANIZATION, shares.organization),) if shares.organization else ()


def found(servicecatalog: Any, portfolio: str) -> Mapping[Node, bool]:
    """The nodes that have the portfolio, and whether tag options and principals go with it."""
    return {
        (kind, entry["PrincipalId"].rpartition("/")[2]): all(
            entry.get(flag) == value for flag, value in _FLAGS.items()
        )
        for kind in (ORGANIZATION, UNIT)
        for entry in membership.pages(
            servicecatalog.describe_portfolio_shares,
            "PortfolioShareDetails",
            PortfolioId=portfolio,
            Type=kind,
        )
    }


def nodes(servicecatalog: Any, portfolios: Iterable[str]) -> set[Node]:
    """The nodes that have one of the portfolios."""
    return {node for portfolio in portfolios for node in found(servicecatalog, portfolio)}


def accepted(servicecatalog: Any, portfolio: str) -> Mapping[str, bool]:
    """The accounts that have a share of their own, and whether they accepted it."""
    return {
        entry["PrincipalId"]: entry["Accepted"]
        for entry in membership.pages(
            servicecatalog.describe_portfolio_shares,
            "PortfolioShareDetails",
            PortfolioId=portfolio,
            Type="ACCOUNT",
        )
    }


def reconcile(servicecatalog: Any, *, portfolio: str, shares: Shares) -> tuple[str, ...]:
    """Share with the nodes that the definition names, and no longer with others.

    Returns:
        What was done, in words.

    Raises:
        PublishError: A share was not made, or not for every account.
    """
    there = found(servicecatalog, portfolio)
    changes = []
    for node in wanted(shares):
        if node not in there:
            call, verb = servicecatalog.create_portfolio_share, "shared with"
        elif not there[node]:
            call, verb = servicecatalog.update_portfolio_share, "share mended of"
        else:
            continue
        # It may be listed as shared all the same, and the next run would leave it as it is.
        again = (
            "mend the reason, end the share and run the command again, which makes it anew: "
            f"aws servicecatalog delete-portfolio-share --portfolio-id {portfolio} "
            f"--organization-node Type={node[0]},Value={node[1]} "
            f"--region {servicecatalog.meta.region_name}"
        )
        _finish(servicecatalog, call(**_named(portfolio, node), **_FLAGS), node, hint=again)
        changes.append(f"{verb} {node[1]}")
    for node in there.keys() - set(wanted(shares)):
        answer = servicecatalog.delete_portfolio_share(**_named(portfolio, node))
        _finish(servicecatalog, answer, node, hint="mend the reason and run the command again")
        changes.append(f"no longer shared with {node[1]}")
    return tuple(changes)


def _named(portfolio: str, node: Node) -> dict[str, Any]:
    return {
        "PortfolioId": portfolio,
        "OrganizationNode": {"Type": node[0], "Value": node[1]},
    }


def check_access(servicecatalog: Any) -> None:
    """Refuse an organisation that does not let Service Catalog look at it.

    Raises:
        SetupError: Its management account has not enabled that.
    """
    if servicecatalog.get_aws_organizations_access_status()["AccessStatus"] != "ENABLED":
        raise SetupError(
            "a portfolio can't be shared with an organisation yet",
            why="Service Catalog's access to AWS Organizations is not enabled",
            hint="in the management account: aws servicecatalog enable-aws-organizations-access",
        )


def _finish(servicecatalog: Any, answer: Mapping[str, Any], node: Node, *, hint: str) -> None:
    """Wait until a share is what was asked for; it goes to each account below the node in turn."""
    token = answer.get("PortfolioShareToken")
    while token:
        told = servicecatalog.describe_portfolio_share_status(PortfolioShareToken=token)
        if told["Status"] == "COMPLETED":
            return
        if told["Status"] not in ("NOT_STARTED", "IN_PROGRESS"):
            errors = told.get("ShareDetails", {}).get("ShareErrors", [])
            raise PublishError(
                f"the share with {node[1]} is {told['Status']}",
                why="; ".join(
                    f"{each.get('Message') or each.get('Error')} "
                    f"({', '.join(each.get('Accounts', []))})"
                    for each in errors
                ),
                hint=hint,
            )
        time.sleep(poll_seconds())
