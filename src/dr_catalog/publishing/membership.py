"""What an account has of a portfolio in one region: the share it accepted, and who may launch.

Both belong to the account that launches, not to the hub that shares: each is read there, and written
there.

https://docs.aws.amazon.com/servicecatalog/latest/adminguide/catalogs_portfolios_sharing.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ..definitions import Principal
from ..errors import PublishError

IMPORTED, ORGANIZATION = "IMPORTED", "AWS_ORGANIZATIONS"
"""How a portfolio reaches an account: by a share that it accepts, or by one of its organisation's."""


def join(
    servicecatalog: Any,
    *,
    portfolio: str,
    account: str,
    principals: Iterable[Principal],
    own_share: bool,
) -> tuple[str, ...]:
    """Accept the share and let the portfolio's principals of this account launch from it, no others.

    Args:
        own_share: Whether the account has a share of its own; else one of its organisation's reaches
            it, which needs no acceptance and brings role patterns along.

    Returns:
        What was done, in words.

    Raises:
        PublishError: The organisation's share has not come to the account yet.
    """
    changes: list[str] = []
    if own_share and not reaches(servicecatalog, portfolio, IMPORTED):
        servicecatalog.accept_portfolio_share(PortfolioId=portfolio, PortfolioShareType=IMPORTED)
        changes.append("share accepted")
    elif not own_share and not reaches(servicecatalog, portfolio, ORGANIZATION):
        raise PublishError(
            f"the portfolio has not come to account {account} yet "
            f"in {servicecatalog.meta.region_name}",
            why="a share with an organisational unit goes to its accounts one after the other",
            hint="wait a minute and run the command again; it resumes",
        )
    partition = servicecatalog.meta.partition
    wanted = {
        (f"arn:{partition}:iam::{owner}:role/{principal.role}", principal.type)
        for principal in principals
        if own_share or principal.type != "IAM_PATTERN"
        for owner in ("" if principal.type == "IAM_PATTERN" else account,)
    }
    there = set(associated(servicecatalog, portfolio))
    for arn, kind in sorted(wanted - there):
        servicecatalog.associate_principal_with_portfolio(
            PortfolioId=portfolio, PrincipalARN=arn, PrincipalType=kind
        )
        changes.append(f"principal {arn.rpartition('/')[2]}")
    for arn, kind in sorted(there - wanted):
        servicecatalog.disassociate_principal_from_portfolio(
            PortfolioId=portfolio, PrincipalARN=arn, PrincipalType=kind
        )
        changes.append(f"no longer principal {arn.rpartition('/')[2]}")
    return tuple(changes)


def reaches(servicecatalog: Any, portfolio: str, kind: str) -> bool:
    """Whether the account has the portfolio, by a share of this kind (``IMPORTED`` or the other)."""
    accepted = pages(
        servicecatalog.list_accepted_portfolio_shares, "PortfolioDetails", PortfolioShareType=kind
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
