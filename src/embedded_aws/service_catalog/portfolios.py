"""Portfolios: what they hold, who may launch from them, and what their constraints ask.

A portfolio belongs to one account and region. Another account reaches it only through an accepted
share (`sharing`), and brings principals of its own to it.
https://docs.aws.amazon.com/servicecatalog/latest/adminguide/catalogs_portfolios.html
"""

from __future__ import annotations

import json
from typing import Any

from ..organizations import state as organizations
from . import state
from .errors import (
    DuplicateError,
    InUseError,
    LimitExceededError,
    NotFoundError,
)
from .identity import check_principal, is_principal
from .paging import page
from .state import Caller, Constraint, Portfolio, Principal, Product, TagOption

PRODUCTS_MAX = 150
PATTERNS_MAX = 10
TAG_OPTIONS_MAX = 25


def arn(portfolio: Portfolio) -> str:
    """The portfolio's ARN."""
    return (
        f"arn:aws:catalog:{portfolio['region']}:{portfolio['account']}:portfolio/{portfolio['id']}"
    )


def is_shared_with(portfolio: Portfolio, caller: Caller) -> bool:
    """Whether the caller's account has accepted a share, or is below a node that has one."""
    return is_accepted(portfolio, caller) or bool(nodes_over(portfolio, caller))


def is_accepted(portfolio: Portfolio, caller: Caller) -> bool:
    """Whether the caller's account has accepted a share; one that is withdrawn takes that along."""
    return caller.get(state.acceptances, portfolio["id"]) is not None


def nodes_over(portfolio: Portfolio, caller: Caller) -> list[dict[str, bool]]:
    """What goes with the shares of the organisation and units that the caller's account is in."""
    if not portfolio["nodes"] or caller.account == portfolio["account"]:
        return []
    organization = organizations.of(caller.account)
    if organization is None:
        return []
    above = organizations.path(organization, caller.account)
    return [settings for node, settings in portfolio["nodes"].items() if node in above]


def owned(caller: Caller, portfolio_id: str) -> Portfolio:
    """The caller's own portfolio of this id, or the refusal that it is not there."""
    portfolio = caller.get(state.portfolios, portfolio_id)
    if portfolio is None:
        raise NotFoundError(f"Portfolio {portfolio_id} not found.")
    return portfolio


def reachable(caller: Caller, portfolio_id: str) -> Portfolio:
    """A portfolio that the caller's account owns or has accepted, or the refusal."""
    portfolio = caller.anywhere(state.portfolios, portfolio_id)
    if portfolio is None or not (
        portfolio["account"] == caller.account or is_shared_with(portfolio, caller)
    ):
        raise NotFoundError(f"Portfolio {portfolio_id} not found.")
    return portfolio


def launchable(caller: Caller) -> list[Portfolio]:
    """The portfolios from which this principal may launch, oldest first."""
    everything = [
        portfolio
        for (_, region, _), portfolio in state.portfolios.all_items()
        if region == caller.region
        and (portfolio["account"] == caller.account or is_shared_with(portfolio, caller))
    ]
    return sorted(
        (
            portfolio
            for portfolio in everything
            if any(is_principal(caller, p) for p in _admitted(caller, portfolio))
        ),
        key=lambda portfolio: portfolio["created"],
    )


def principals_of(caller: Caller, portfolio_id: str) -> list[Principal]:
    """What the caller's account has associated with the portfolio."""
    return caller.get(state.principals, portfolio_id) or []


def _admitted(caller: Caller, portfolio: Portfolio) -> list[Principal]:
    """Whom the caller's account has associated, and the patterns that come with a node's share."""
    own = principals_of(caller, portfolio["id"])
    if not any(settings["share_principals"] for settings in nodes_over(portfolio, caller)):
        return own
    theirs = state.principals.get_scoped(portfolio["account"], portfolio["region"], portfolio["id"])
    return [*own, *(each for each in theirs or [] if each["kind"] == "IAM_PATTERN")]


def constraints_of(portfolio_id: str, product_id: str | None = None) -> list[Constraint]:
    """The portfolio's constraints, or those on one of its products."""
    return [
        constraint
        for constraint in state.constraints.all_values()
        if constraint["portfolio_id"] == portfolio_id
        and product_id in (None, constraint["product_id"])
    ]


def tag_options_of(
    caller: Caller, portfolio: Portfolio, product: Product | None = None
) -> list[TagOption]:
    """The tag options of a portfolio, or of one of its products, as far as the caller shares them."""
    holder = product or portfolio
    shares = [portfolio["shares"].get(caller.account, {}), *nodes_over(portfolio, caller)]
    if portfolio["account"] != caller.account and not any(
        share.get("share_tag_options") for share in shares
    ):
        return []
    wanted = holder["tag_option_ids"]
    return [option for option in state.tag_options.all_values() if option["id"] in wanted]


# What the resource types and the operations change.


def delete_portfolio(caller: Caller, portfolio_id: str) -> None:
    """Forget a portfolio that nothing hangs on.

    Raises:
        InUseError: It still has products, principals, constraints or shares.
    """
    portfolio = owned(caller, portfolio_id)
    for what, left in (
        ("Products", portfolio["product_ids"]),
        ("Principals", principals_of(caller, portfolio_id)),
        ("Constraints", constraints_of(portfolio_id)),
        ("Shares", [*portfolio["shares"], *portfolio["nodes"]]),
    ):
        if left:
            raise InUseError(f"Portfolio {portfolio_id} still has associated {what}")
    caller.drop(state.portfolios, portfolio_id)


def add_product(caller: Caller, portfolio_id: str, product_id: str) -> None:
    """Offer a product of the caller's in a portfolio of the caller's."""
    portfolio = owned(caller, portfolio_id)
    if caller.get(state.products, product_id) is None:
        raise NotFoundError(f"Product {product_id} not found.")
    if product_id in portfolio["product_ids"]:
        return
    if len(portfolio["product_ids"]) >= PRODUCTS_MAX:
        raise LimitExceededError(
            f"You have reached the maximum number of products ({PRODUCTS_MAX}) "
            f"for portfolio {portfolio_id}"
        )
    portfolio["product_ids"].append(product_id)


def remove_product(caller: Caller, portfolio_id: str, product_id: str) -> None:
    """Take a product out of a portfolio.

    Raises:
        InUseError: Constraints of the portfolio still name the product.
    """
    portfolio = owned(caller, portfolio_id)
    if product_id not in portfolio["product_ids"]:
        raise NotFoundError(f"Product {product_id} is not associated with portfolio {portfolio_id}")
    if constraints_of(portfolio_id, product_id):
        raise InUseError(
            f"Product {product_id} still has associated Constraints in portfolio {portfolio_id}"
        )
    portfolio["product_ids"].remove(product_id)


def add_principal(caller: Caller, portfolio_id: str, principal: Principal) -> None:
    """Let a principal of the caller's account launch from a portfolio it owns or has accepted."""
    reachable(caller, portfolio_id)
    check_principal(caller, principal)
    present = principals_of(caller, portfolio_id)
    if principal in present:
        return
    patterns = sum(other["kind"] == "IAM_PATTERN" for other in present)
    if principal["kind"] == "IAM_PATTERN" and patterns >= PATTERNS_MAX:
        raise LimitExceededError(
            f"You have reached the maximum number of principal patterns ({PATTERNS_MAX}) "
            f"for portfolio {portfolio_id}"
        )
    caller.put(state.principals, portfolio_id, [*present, principal])


def remove_principal(caller: Caller, portfolio_id: str, principal: Principal) -> None:
    """End an association of the caller's account."""
    reachable(caller, portfolio_id)
    present = principals_of(caller, portfolio_id)
    if principal not in present:
        raise NotFoundError(
            f"Principal {principal['arn']} is not associated with portfolio {portfolio_id}"
        )
    caller.put(state.principals, portfolio_id, [p for p in present if p != principal])


def add_constraint(
    caller: Caller,
    *,
    kind: str,
    portfolio_id: str,
    product_id: str,
    description: str,
    parameters: dict[str, Any],
) -> Constraint:
    """Constrain a product of a portfolio of the caller's; a product takes one launch constraint."""
    portfolio = owned(caller, portfolio_id)
    if product_id not in portfolio["product_ids"]:
        raise NotFoundError(f"Product {product_id} is not associated with portfolio {portfolio_id}")
    if kind == "LAUNCH" and any(
        constraint["kind"] == "LAUNCH" for constraint in constraints_of(portfolio_id, product_id)
    ):
        raise DuplicateError(
            f"Only one launch constraint is allowed for product {product_id} "
            f"in portfolio {portfolio_id}"
        )
    constraint: Constraint = {
        "id": state.new_id("cons"),
        "account": caller.account,
        "kind": kind,
        "description": description,
        "portfolio_id": portfolio_id,
        "product_id": product_id,
        "parameters": parameters,
    }
    caller.put(state.constraints, constraint["id"], constraint)
    return constraint


def add_tag_option(caller: Caller, holder_id: str, tag_option_id: str) -> None:
    """Hold the launches of a portfolio or a product to a tag option."""
    holder = caller.get(state.portfolios, holder_id) or caller.get(state.products, holder_id)
    if holder is None:
        raise NotFoundError(f"Resource {holder_id} not found.")
    if caller.get(state.tag_options, tag_option_id) is None:
        raise NotFoundError(f"TagOption {tag_option_id} not found.")
    if tag_option_id in holder["tag_option_ids"]:
        raise DuplicateError(f"TagOption {tag_option_id} is already associated with {holder_id}")
    if len(holder["tag_option_ids"]) >= TAG_OPTIONS_MAX:
        raise LimitExceededError(
            f"You have reached the maximum number of TagOptions ({TAG_OPTIONS_MAX}) for {holder_id}"
        )
    holder["tag_option_ids"].append(tag_option_id)


def remove_tag_option(caller: Caller, holder_id: str, tag_option_id: str) -> None:
    """End the association of a tag option."""
    holder = caller.get(state.portfolios, holder_id) or caller.get(state.products, holder_id)
    if holder is None or tag_option_id not in holder["tag_option_ids"]:
        raise NotFoundError(f"TagOption {tag_option_id} is not associated with {holder_id}")
    holder["tag_option_ids"].remove(tag_option_id)


# What the operations answer.


def detail(portfolio: Portfolio) -> dict[str, Any]:
    """The wire's ``PortfolioDetail``."""
    return {
        "Id": portfolio["id"],
        "ARN": arn(portfolio),
        "DisplayName": portfolio["name"],
        "Description": portfolio["description"],
        "CreatedTime": portfolio["created"],
        "ProviderName": portfolio["provider"],
    }


def tag_option_detail(option: TagOption) -> dict[str, Any]:
    """The wire's ``TagOptionDetail``."""
    return {
        "Key": option["key"],
        "Value": option["value"],
        "Active": option["active"],
        "Id": option["id"],
        "Owner": option["account"],
    }


def tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    """The wire's list of tags."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _constraint_detail(constraint: Constraint) -> dict[str, Any]:
    return {
        "ConstraintId": constraint["id"],
        "Type": constraint["kind"],
        "Description": constraint["description"],
        "Owner": constraint["account"],
        "ProductId": constraint["product_id"],
        "PortfolioId": constraint["portfolio_id"],
    }


def list_portfolios(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_ListPortfolios: the portfolios the account owns."""
    details = [detail(portfolio) for portfolio in caller.own(state.portfolios)]
    return page(details, request, operation="ListPortfolios", name="PortfolioDetails")


def describe_portfolio(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_DescribePortfolio."""
    portfolio = reachable(caller, request["Id"])
    return {
        "PortfolioDetail": detail(portfolio),
        "Tags": tag_list(portfolio["tags"]),
        "TagOptions": [tag_option_detail(option) for option in tag_options_of(caller, portfolio)],
        "Budgets": [],
    }


def associate_principal(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_AssociatePrincipalWithPortfolio."""
    principal: Principal = {"arn": request["PrincipalARN"], "kind": request["PrincipalType"]}
    add_principal(caller, request["PortfolioId"], principal)
    return {}


def disassociate_principal(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_DisassociatePrincipalFromPortfolio."""
    kind = request.get("PrincipalType") or "IAM"
    remove_principal(caller, request["PortfolioId"], {"arn": request["PrincipalARN"], "kind": kind})
    return {}


def list_principals(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_ListPrincipalsForPortfolio: those that the caller's account has associated."""
    reachable(caller, request["PortfolioId"])
    listed = [
        {"PrincipalARN": principal["arn"], "PrincipalType": principal["kind"]}
        for principal in principals_of(caller, request["PortfolioId"])
    ]
    return page(listed, request, operation="ListPrincipalsForPortfolio", name="Principals")


def list_constraints(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_ListConstraintsForPortfolio."""
    portfolio = reachable(caller, request["PortfolioId"])
    listed = constraints_of(portfolio["id"], request.get("ProductId"))
    return page(
        [_constraint_detail(constraint) for constraint in listed],
        request,
        operation="ListConstraintsForPortfolio",
        name="ConstraintDetails",
    )


def describe_constraint(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_DescribeConstraint."""
    constraint = caller.anywhere(state.constraints, request["Id"])
    if constraint is None:
        raise NotFoundError(f"Constraint {request['Id']} not found.")
    reachable(caller, constraint["portfolio_id"])
    return {
        "ConstraintDetail": _constraint_detail(constraint),
        "ConstraintParameters": json.dumps(constraint["parameters"]),
        "Status": "AVAILABLE",
    }


def list_tag_options(caller: Caller, request: dict[str, Any]) -> dict[str, Any]:
    """API_ListTagOptions."""
    wanted = {name.lower(): value for name, value in (request.get("Filters") or {}).items()}
    listed = [
        tag_option_detail(option)
        for option in caller.own(state.tag_options)
        if all(option[name] == value for name, value in wanted.items())
    ]
    return page(
        listed,
        request,
        operation="ListTagOptions",
        name="TagOptionDetails",
        token_name="PageToken",
    )
