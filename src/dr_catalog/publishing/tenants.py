"""Who has a stage's portfolios, what they run, and what of it is behind.

    stages -> hub: inventory, versions, shares -> each account, as its observer -> launches
           -> beside each launch: its version's guidance, the newest one, how many are between

Everything is read from AWS: what a stage has, not what the repository says.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..definitions import SemanticVersion, Stage, load_catalog
from ..definitions.product import DEFAULT_MARK, DEPRECATED_MARK
from ..errors import DrCatalogError, PublishError
from ..translation import translated
from . import inventory, sharing, usage
from .accounts import Accounts
from .commit import find_stage
from .inventory import Artifact, Inventory
from .target import Target

OWN, UNIT = "account", "organisation"


@dataclass(frozen=True)
class Running:
    """A launch, beside what its stage has.

    Args:
        guidance: ``default``, ``available``, ``deprecated``, ``retired``, or ``removed``.
        notice: When a deprecation ends and why; else empty.
        newest: The newest version that takes launches; empty where there is none.
        behind: How many versions that take launches are newer.
    """

    suffix: str
    region: str
    product: str
    version: str
    status: str
    guidance: str
    notice: str
    newest: str
    behind: int


@dataclass(frozen=True)
class Tenant:
    """An account that has a stage's portfolios.

    Args:
        share: ``account`` for a share of its own, ``organisation`` for one of a unit's, ``hub`` for
            the stage's own account.
        accepted: Whether the shares of its own are all accepted, in both regions; true for the others.
        unseen: Why its launches could not be read; empty where they could.
    """

    stage: str
    account: str
    share: str
    accepted: bool
    unseen: str
    launches: tuple[Running, ...]


@dataclass(frozen=True)
class Closed:
    """A stage that could not be looked at.

    Args:
        published: Whether it may have tenants; false where nothing is published yet.
    """

    stage: str
    error: DrCatalogError
    published: bool


@dataclass(frozen=True, kw_only=True)
class Tenants:
    """The tenants of one stage or of all.

    Args:
        root: The catalog's folder.
        stages: Names of stages; empty for all of them.
        accounts: Where the clients come from; their role enters stages of other accounts.
    """

    root: Path
    stages: Sequence[str]
    accounts: Accounts

    def run(self) -> tuple[tuple[Tenant, ...], tuple[Closed, ...]]:
        """The tenants, and the stages that could not be looked at.

        Raises:
            NotFoundError: There is no such stage.
        """
        with translated(endpoint=os.environ.get("AWS_ENDPOINT_URL")):
            catalog = load_catalog(self.root)
            names = self.stages or [stage.name for stage in catalog.pipeline.stages]
            wanted = [find_stage(catalog, name) for name in names]
        found: list[Tenant] = []
        closed: list[Closed] = []
        for stage in wanted:
            try:
                with translated(endpoint=os.environ.get("AWS_ENDPOINT_URL")):
                    found += tenants_of(stage, self.accounts)
            except _NotPublishedError as error:
                closed.append(Closed(stage.name, error, published=False))
            except DrCatalogError as error:
                closed.append(Closed(stage.name, error, published=True))
        return tuple(found), tuple(closed)


class _NotPublishedError(PublishError):
    """A stage without portfolios of the catalog."""


def tenants_of(stage: Stage, accounts: Accounts) -> list[Tenant]:
    """The tenants of a stage; its own account only where something is launched there.

    Raises:
        PublishError: The stage is not published.
        SetupError: The stage's account can't be entered.
    """
    target = Target(stage, accounts)
    there = target.each(lambda region: inventory.look(target.client("cloudformation", region)))
    for region, each in there.items():
        if not each.portfolios:
            raise _NotPublishedError(
                f"stage {stage.name} is not published in {region}",
                why=f"account {stage.account} has no portfolio of the catalog there",
                hint=f"dr-catalog publish --stage {stage.name}",
            )
    versions = target.each(lambda region: _versions(target, region, there[region]))
    shares = target.each(
        lambda region: [
            sharing.accepted(target.client("servicecatalog", region), portfolio)
            for portfolio in there[region].portfolios.values()
        ]
    )
    accepted = [each for found in shares.values() for each in found]
    own = {account for each in accepted for account in each}
    everyone = (*usage.tenants(target, there[target.home]), stage.account)
    found = usage.look(
        target,
        accounts=everyone,
        named={region: _named(there[region], versions[region]) for region in stage.regions},
    )
    return [
        Tenant(
            stage=stage.name,
            account=account,
            share="hub" if account == stage.account else OWN if account in own else UNIT,
            accepted=account not in own or all(each.get(account, False) for each in accepted),
            unseen=found.closed.get(account, ""),
            launches=launches,
        )
        for account in everyone
        for launches in (
            tuple(
                _running(launch, versions[launch.region].get(launch.product, {}))
                for launch in found.launches
                if launch.account == account
            ),
        )
        if launches or account != stage.account
    ]


Versions = Mapping[str, Mapping[str, Artifact]]
"""Product to version to what Service Catalog says of it."""


def _versions(target: Target, region: str, there: Inventory) -> Versions:
    servicecatalog = target.client("servicecatalog", region)
    return {
        name: inventory.artifacts(servicecatalog, product=name, product_id=key)
        for name, key in there.products.items()
    }


def _named(there: Inventory, versions: Versions) -> usage.Names:
    return usage.Names(
        products={key: name for name, key in there.products.items()},
        versions={each.id: each.name for found in versions.values() for each in found.values()},
    )


def _running(launch: usage.Launch, versions: Mapping[str, Artifact]) -> Running:
    artifact = versions.get(launch.version)
    open_ = sorted(
        (each.name for each in versions.values() if each.active and each.guidance != "DEPRECATED"),
        key=SemanticVersion.parse,
    )
    own = SemanticVersion.parse(launch.version) if artifact else None
    return Running(
        suffix=launch.suffix,
        region=launch.region,
        product=launch.product,
        version=launch.version,
        status=launch.status,
        guidance=_guidance(artifact),
        notice=_notice(artifact),
        newest=open_[-1] if open_ else "",
        behind=sum(own is None or SemanticVersion.parse(name) > own for name in open_),
    )


def _guidance(artifact: Artifact | None) -> str:
    if artifact is None:
        return "removed"
    if not artifact.active:
        return "retired"
    if artifact.guidance == "DEPRECATED":
        return "deprecated"
    return "default" if artifact.description.endswith(DEFAULT_MARK) else "available"


def _notice(artifact: Artifact | None) -> str:
    _, mark, rest = (artifact.description if artifact else "").rpartition(DEPRECATED_MARK)
    return f"{mark}{rest}".removeprefix("[deprecated, ").removesuffix("]") if mark else ""
