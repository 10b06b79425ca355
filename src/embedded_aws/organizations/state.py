"""The organisations there are, each one record under its management account.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_getting-started_concepts.html
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from typing import Any, TypedDict

from ..extension import account_region_store

LOCK = threading.RLock()
_GLOBAL = "aws-global"
_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


class Unit(TypedDict):
    """An organisational unit."""

    name: str
    parent: str


class Organization(TypedDict):
    """An organisation; ``accounts`` maps each to its root or unit, ``invited`` a handshake to whom."""

    id: str
    root: str
    management: str
    units: dict[str, Unit]
    accounts: dict[str, str]
    invited: dict[str, str]
    delegated: dict[str, list[str]]
    trusted: list[str]


# Organisation id -> Organization, of the management account.
organizations = account_region_store()


def new_id(prefix: str) -> str:
    """An identifier such as ``o-4dm35moh4lx4q``."""
    return f"{prefix}-" + "".join(secrets.choice(_ALPHABET) for _ in range(10))


def found(management: str) -> Organization:
    """A new organisation with its root."""
    made: Organization = {
        "id": new_id("o"),
        "root": new_id("r")[:6],
        "management": management,
        "units": {},
        "accounts": {},
        "invited": {},
        "delegated": {},
        "trusted": [],
    }
    made["accounts"][management] = made["root"]
    organizations.set_scoped(management, _GLOBAL, made["id"], made)
    return made


def everywhere() -> Iterator[Organization]:
    """Every organisation."""
    for _, record in organizations.all_items():
        yield record


def of(account: str) -> Organization | None:
    """The organisation that the account is in; None where it is in none."""
    return next((each for each in everywhere() if account in each["accounts"]), None)


def administers(organization: Organization, account: str, service: str = "") -> bool:
    """Whether the account manages the organisation, or does so for a service (any, without one)."""
    services = organization["delegated"].get(account, [])
    return account == organization["management"] or (
        service in services if service else bool(services)
    )


def path(organization: Organization, account: str) -> tuple[str, ...]:
    """The organisation, the root and the units down to the account."""
    found_path: list[str] = []
    node = organization["accounts"][account]
    while node != organization["root"]:
        found_path.append(node)
        node = organization["units"][node]["parent"]
    return (organization["id"], organization["root"], *reversed(found_path))


def members(organization: Organization, node: str) -> tuple[str, ...]:
    """The accounts below the organisation or one of its units."""
    return tuple(each for each in organization["accounts"] if node in path(organization, each))


def reset() -> None:
    """Forget everything."""
    with LOCK:
        organizations.clear()


def arn(organization: Organization, kind: str, name: str) -> str:
    """The ARN of something in the organisation."""
    return f"arn:aws:organizations::{organization['management']}:{kind}/{organization['id']}/{name}"


Answer = dict[str, Any]
