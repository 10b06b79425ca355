"""Which accounts an organisation has, and where in it; asked of AWS Organizations.

Only the management account and accounts that are registered as delegated administrators may ask.

https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccountsForParent.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from ..errors import NotFoundError, SetupError

ORGANIZATION, UNIT = "ORGANIZATION", "ORGANIZATIONAL_UNIT"
Node = tuple[str, str]
"""ORGANIZATION or ORGANIZATIONAL_UNIT, and its id."""
_UNKNOWN = ("ParentNotFoundException", "OrganizationalUnitNotFoundException")
_NO_RIGHT = ("AccessDeniedException", "AWSOrganizationsNotInUseException")


def members_of(organizations: Any, nodes: Iterable[Node]) -> tuple[str, ...]:
    """The active accounts below what a portfolio is shared with; none without nodes.

    Raises:
        NotFoundError: There is no such unit.
        SetupError: This account may not ask.
    """
    wanted = list(nodes)
    if not wanted:
        return ()
    whole = any(kind == ORGANIZATION for kind, _ in wanted)
    return members(organizations, () if whole else [key for _, key in wanted])


def members(organizations: Any, units: Iterable[str]) -> tuple[str, ...]:
    """The active accounts of the units and of the units below them; of all roots without units.

    Raises:
        NotFoundError: There is no such unit.
        SetupError: This account may not ask.
    """
    try:
        wanted = list(units) or [
            root["Id"] for root in _pages(organizations, "list_roots", "Roots")
        ]
        found = [account for unit in wanted for account in _below(organizations, unit)]
    except ClientError as error:
        code, why = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        if code in _UNKNOWN:
            raise NotFoundError(
                "there is no such organisational unit",
                why=why or ", ".join(units),
                hint="`aws organizations list-organizational-units-for-parent` lists them",
            ) from error
        if code in _NO_RIGHT:
            raise SetupError(
                "this account may not ask AWS Organizations for accounts",
                why=why,
                hint="in the management account: aws organizations "
                "register-delegated-administrator --service-principal "
                "servicecatalog.amazonaws.com --account-id <this account>",
            ) from error
        raise
    return tuple(dict.fromkeys(found))


def _below(organizations: Any, parent: str) -> Iterator[str]:
    given = {"ParentId": parent}
    for account in _pages(organizations, "list_accounts_for_parent", "Accounts", given):
        if account["Status"] == "ACTIVE":
            yield account["Id"]
    units = "list_organizational_units_for_parent"
    for unit in _pages(organizations, units, "OrganizationalUnits", given):
        yield from _below(organizations, unit["Id"])


def _pages(
    organizations: Any, operation: str, kind: str, given: dict[str, str] | None = None
) -> Iterator[Any]:
    for page in organizations.get_paginator(operation).paginate(**given or {}):
        yield from page[kind]
