"""What an account has of a portfolio in one region: the share it accepted, and who may launch.

Both belong to the account that launches, not to the hub that shares: each is read there, and written
there.

https://docs.aws.amazon.com/servicecatalog/latest/adminguide/catalogs_portfolios_sharing.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..definitions import Principal


def join(
    servicecatalog: Any, *, portfolio: str, account: str, principals: Iterable[Principal]
) -> tuple[str, ...]:
    """Accept the share and let the portfolio's principals of this account launch from it.

    Returns:
        What was done, in words.
    """
    changes: list[str] = []
    if not is_accepted(servicecatalog, portfolio):
        servicecatalog.accept_portfolio_share(PortfolioId=portfolio, PortfolioShareType="IMPORTED")
        changes.append("share accepted")
    there = dict(associated(servicecatalog, portfolio))
    partition = servicecatalog.meta.partition
    for principal in principals:
        owner = "" if principal.type == "IAM_PATTERN" else account
        arn = f"arn:{partition}:iam::{owner}:role/{principal.role}"
        if arn not in there:
            servicecatalog.associate_principal_with_portfolio(
                PortfolioId=portfolio, PrincipalARN=arn, PrincipalType=principal.type
            )
            changes.append(f"principal {principal.role}")
    return tuple(changes)


def is_accepted(servicecatalog: Any, portfolio: str) -> bool:
    """Whether the account has accepted the share of this portfolio."""
    accepted = pages(
        servicecatalog.list_accepted_portfolio_shares,
        "PortfolioDetails",
        PortfolioShareType="IMPORTED",
    )
    return any(entry["Id"] == portfolio for entry in accepted)


def associated(servicecatalog: Any, portfolio: str) -> tuple[tuple[str, str], ...]:
    """The ARN and the type of each principal that the account has associated with the portfolio."""
    found = pages(servicecatalog.list_principals_for_portfolio, "Principals", PortfolioId=portfolio)
    return tuple((entry["PrincipalARN"], entry["PrincipalType"]) for entry in found)


def pages(call: Callable[..., Any], field: str, **arguments: Any) -> Iterator[Any]:
    """Every entry of a Service Catalog list, which comes in pages of 20."""
    page: dict[str, str] = {}
    while True:
        answer = call(**arguments, **page)
        yield from answer[field]
        if not answer.get("NextPageToken"):
            return
        page = {"PageToken": answer["NextPageToken"]}
