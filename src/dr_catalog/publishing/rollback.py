"""Make an older version the default again: a change of ``product.yaml`` to commit, and what it means.

    the stage has the version, with the release's bytes -> product.yaml rewritten in two places
    -> what going back would change, from the releases -> who runs something newer

Guidance is the catalog's, not a stage's: nothing is changed in AWS here. The commit goes through the
pipeline like any other, and reaches the stage when its turn comes. The stage is named to prove that the
version is there, so that the change can't send tenants to one that their stage lacks.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..definitions import Product, ProductVersion, SemanticVersion, Stage, load_catalog
from ..errors import NotFoundError, PublishError
from ..releases.contract import compare
from ..releases.layout import load_release
from ..translation import translated
from . import inventory, usage
from .accounts import Accounts
from .commit import find_stage
from .inventory import Inventory
from .rewriting import set_default
from .target import Target


@dataclass(frozen=True)
class RolledBack:
    """What a rollback changed, and whom it concerns.

    Args:
        file: The ``product.yaml``.
        former: The default before; the version itself where nothing had to be changed.
        changed: Whether the file was rewritten.
        launches: The stage's launches of newer versions.
        unseen: Accounts whose launches could not be read.
        losses: For each newer version that is launched, what of its data-bearing resources going back
            to the version would replace or remove.
    """

    file: str
    stage: str
    product: str
    version: str
    former: str
    changed: bool
    launches: tuple[usage.Launch, ...]
    unseen: tuple[str, ...]
    losses: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Rollback:
    """A product's version, made the default again.

    Args:
        root: The catalog's folder.
        product: The product's name.
        stage: The stage that must have the version.
        version: The version to go back to.
        accounts: Where the clients come from; their role enters the stage if it is another account's.
    """

    root: Path
    product: str
    stage: str
    version: str
    accounts: Accounts

    def run(self) -> RolledBack:
        """Rewrite ``product.yaml``; running it again changes nothing.

        Raises:
            NotFoundError: There is no such product, stage or version.
            PublishError: The version is retired, or the stage does not have it, or has other bytes.
            SetupError: The stage's account can't be entered.
        """
        with translated(endpoint=os.environ.get("AWS_ENDPOINT_URL")):
            catalog = load_catalog(self.root)
            stage = find_stage(catalog, self.stage)
            product = catalog.products.get(self.product)
            offered = catalog.offer_of(stage).products
            if product is None or product.product not in offered:
                raise NotFoundError(
                    f"stage {stage.name} offers no product '{self.product}'",
                    why=f"it offers {', '.join(offered)}",
                    hint="name one of them",
                )
            entry = self._entry(product)
            target = Target(stage, self.accounts)
            there = target.each(
                lambda region: inventory.look(target.client("cloudformation", region))
            )
            self._check_published(product, stage, there)
            former = product.default
            assert former is not None  # there are versions, and one of them is the default
            file = product.folder / "product.yaml"
            changed = entry.guidance != "default"
            # Everything is read before the file is written, so that a failure leaves it as it was.
            found = self._newer(target, there)
            losses = {
                newer: _losses(product, newer, entry.version)
                for newer in sorted({each.version for each in found.launches})
                if product.version(newer) is not None
            }
            if changed:
                set_default(file, version=entry.version)
            return RolledBack(
                file=str(file),
                stage=stage.name,
                product=product.product,
                version=entry.version,
                former=former.version,
                changed=changed,
                launches=found.launches,
                unseen=tuple(sorted(found.closed)),
                losses=losses,
            )

    def _entry(self, product: Product) -> ProductVersion:
        entry = product.version(self.version)
        if entry is None:
            raise NotFoundError(
                f"{product.product} has no version {self.version}",
                why=f"it has {', '.join(each.version for each in product.versions) or 'none'}",
                hint="name one of them with --to",
            )
        if entry.guidance == "retired":
            raise PublishError(
                f"{product.product} {entry.version} is retired",
                why="it takes neither launches nor updates, so it can't be the default",
                hint="name a version that is available or deprecated with --to",
            )
        return entry

    def _check_published(
        self, product: Product, stage: Stage, there: Mapping[str, Inventory]
    ) -> None:
        ours = load_release(product, self.version).manifest.templates["primary"].sha256
        for region, each in there.items():
            published = each.sha256(product.product, self.version)
            if published != ours:
                raise PublishError(
                    f"stage {stage.name} does not have {product.product} {self.version}",
                    why=f"it has other bytes under this version in {region}"
                    if published
                    else f"account {stage.account} has no such version in {region}",
                    hint=f"name a version that is there with --to, or dr-catalog publish "
                    f"--stage {stage.name}",
                )

    def _newer(self, target: Target, there: Mapping[str, Inventory]) -> usage.Usage:
        found = usage.look(
            target,
            accounts=(target.stage.account, *usage.tenants(target, there[target.home])),
            named=target.each(
                lambda region: usage.names_of(
                    target.client("servicecatalog", region), there[region]
                )
            ),
        )
        goal = SemanticVersion.parse(self.version)
        newer = tuple(
            each
            for each in found.launches
            if each.product == self.product and _is_newer(each.version, goal)
        )
        return usage.Usage(launches=newer, closed=found.closed)


def _is_newer(version: str, goal: SemanticVersion) -> bool:
    # An id stands where the version is no longer there: it can't be told, so it is left out.
    return not version.startswith("pa-") and SemanticVersion.parse(version) > goal


def _losses(product: Product, newer: str, older: str) -> tuple[str, ...]:
    contract = compare(
        before=newer,
        after=older,
        old=load_release(product, newer).templates,
        new=load_release(product, older).templates,
    )
    return tuple(
        f"{each.name}: {each.what}"
        for each in contract.changes
        if each.data_bearing and each.breaking
    )
