"""Who runs what of a stage's portfolios: the launches in each account that has it.

    shares (accounts, units) -> accounts -> observer role in each, from the hub -> scan, both regions

Onboarding makes the role; it trusts the hub alone and reads launches, nothing else. The scan knows
every launch of an account, by ids; the hub's own lists give them names.

https://docs.aws.amazon.com/servicecatalog/latest/dg/API_ScanProvisionedProducts.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from .. import names
from ..definitions import Stage
from ..errors import SetupError
from . import membership, organization, sharing
from .accounts import Accounts
from .inventory import Inventory, artifacts
from .target import Target

AT_ONCE = 8
_MINE = {"Key": "Account", "Value": "self"}


@dataclass(frozen=True, order=True)
class Launch:
    """A provisioned product of the stage's portfolios.

    Args:
        version: Its version's name; the id where the version is no longer there.
        layer: The layer that is launched alone; empty for a tier.
    """

    account: str
    region: str
    suffix: str
    product: str
    version: str
    status: str
    layer: str = ""

    @property
    def options(self) -> str:
        """What a command needs to find it."""
        return names.launch_options(suffix=self.suffix, layer=self.layer)

    def __str__(self) -> str:
        return f"'{self.suffix}' ({self.product} {self.version}) of {self.account} in {self.region}"


@dataclass(frozen=True)
class Usage:
    """What the accounts run.

    Args:
        closed: The accounts that could not be entered, and why.
    """

    launches: tuple[Launch, ...]
    closed: Mapping[str, str]


@dataclass(frozen=True)
class Names:
    """What the ids of one region's products and versions stand for."""

    products: Mapping[str, str]
    versions: Mapping[str, str]


def look(target: Target, *, accounts: Iterable[str], named: Mapping[str, Names]) -> Usage:
    """Ask every account in both regions, several at once.

    Args:
        accounts: The accounts to ask; the hub itself may be among them.
        named: For each region, what the hub's ids stand for.
    """
    stage = target.stage
    inside = target.accounts.from_within(stage.account, role=names.OBSERVER_ROLE)
    found: list[Launch] = []
    closed: dict[str, str] = {}

    def ask(account: str) -> tuple[str, list[Launch], str]:
        try:
            return account, list(_launches(inside, stage, account, named)), ""
        except SetupError as error:
            return account, [], error.why or error.what

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        for account, launches, why in pool.map(ask, dict.fromkeys(accounts)):
            found += launches
            if why:
                closed[account] = why
    return Usage(launches=tuple(sorted(found)), closed=closed)


def _launches(
    inside: Accounts, stage: Stage, account: str, named: Mapping[str, Names]
) -> Iterator[Launch]:
    for region in stage.regions:
        known = named[region]
        servicecatalog = inside.client("servicecatalog", account=account, region=region)
        for entry in membership.pages(
            servicecatalog.scan_provisioned_products,
            "ProvisionedProducts",
            AccessLevelFilter=_MINE,
        ):
            if entry.get("ProductId") in known.products:
                version = entry.get("ProvisioningArtifactId", "")
                suffix, layer = names.of_launch(entry["Name"])
                yield Launch(
                    account=account,
                    region=region,
                    suffix=suffix,
                    product=known.products[entry["ProductId"]],
                    version=known.versions.get(version, version),
                    status=entry["Status"],
                    layer=layer,
                )


def tenants(target: Target, home: Inventory) -> tuple[str, ...]:
    """The accounts that have the stage's portfolios: by shares of their own, or by their organisation's.

    Args:
        home: What the home region has.
    """
    nodes = sharing.nodes(target.client("servicecatalog", target.home), home.portfolios.values())
    if not nodes:
        return home.accounts
    members = organization.members_of(target.client("organizations", target.home), nodes)
    stage = target.stage.account
    return tuple(dict.fromkeys((*home.accounts, *(each for each in members if each != stage))))


def names_of(servicecatalog: Any, inventory: Inventory) -> Names:
    """The names behind a region's ids: one call a product."""
    return Names(
        products={key: name for name, key in inventory.products.items()},
        versions={
            artifact.id: artifact.name
            for name, key in inventory.products.items()
            for artifact in artifacts(servicecatalog, product=name, product_id=key).values()
        },
    )
