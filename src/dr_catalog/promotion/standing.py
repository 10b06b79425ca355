"""What each stage has, as its Service Catalog says: which version is what, and with which digest.

stage -> the portfolio's stack and each product's versions, in both regions -> Standing
standings -> rows, a version each, and what differs between stages and between regions
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ..definitions import SemanticVersion, Stage
from ..definitions.product import DEFAULT_MARK
from ..errors import DrCatalogError
from ..publishing import Accounts
from ..publishing.inventory import Artifact, artifacts, look
from ..publishing.target import Target
from ..translation import translated

DEFAULT, AVAILABLE, DEPRECATED, RETIRED = "default", "available", "deprecated", "retired"


@dataclass(frozen=True, kw_only=True)
class Version:
    """A version in one region of a stage.

    Args:
        state: ``default``, ``available``, ``deprecated`` or ``retired``.
        digest: The SHA-256 digest of its primary template.
    """

    state: str
    digest: str


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A stage as it is.

    Args:
        stage: Its name.
        unreachable: Why it could not be asked; empty when it could.
        regions: Region to product to version, the home region first.
    """

    stage: str
    unreachable: str = ""
    regions: Mapping[str, Mapping[str, Mapping[str, Version]]] = field(default_factory=dict)

    def versions(self, product: str) -> Mapping[str, Version]:
        """A product's versions in the home region."""
        home: Mapping[str, Mapping[str, Version]] = next(iter(self.regions.values()), {})
        return home.get(product, {})

    def default(self, product: str) -> str:
        """The product's default version there; empty when there is none."""
        return next(
            (name for name, each in self.versions(product).items() if each.state == DEFAULT), ""
        )


@dataclass(frozen=True, kw_only=True)
class Row:
    """One version of a product.

    Args:
        stages: Stage to state; a stage without it, or one that can't be asked, has no entry.
        differs: What is not the same in the stages or regions that have it; empty when nothing is.
    """

    product: str
    version: str
    stages: Mapping[str, str]
    differs: tuple[str, ...]


def standing(stage: Stage, accounts: Accounts) -> Standing:
    """Ask a stage's account; one that can't be entered is told as such."""
    try:
        with translated(endpoint=os.environ.get("AWS_ENDPOINT_URL")):
            target = Target(stage, accounts)
            return Standing(
                stage=stage.name, regions=target.each(lambda region: _region(target, region))
            )
    except DrCatalogError as error:
        return Standing(
            stage=stage.name, unreachable=": ".join(filter(None, (error.what, error.why)))
        )


def standings(stages: Iterable[Stage], accounts: Accounts) -> tuple[Standing, ...]:
    """Ask every stage, at once."""
    stages = tuple(stages)
    with ThreadPoolExecutor(max_workers=max(len(stages), 1)) as pool:
        return tuple(pool.map(lambda stage: standing(stage, accounts), stages))


def rows(found: Iterable[Standing]) -> tuple[Row, ...]:
    """Every version that some stage has, by product, the newest first."""
    found = tuple(found)
    versions = {
        (product, version)
        for each in found
        for products in each.regions.values()
        for product, versions in products.items()
        for version in versions
    }
    by_age = sorted(versions, key=lambda pair: SemanticVersion.parse(pair[1]), reverse=True)
    return tuple(
        Row(
            product=product,
            version=version,
            stages={
                each.stage: each.versions(product)[version].state
                for each in found
                if version in each.versions(product)
            },
            differs=tuple(_differences(product, version, found)),
        )
        for product, version in sorted(by_age, key=lambda pair: pair[0])
    )


def _region(target: Target, region: str) -> Mapping[str, Mapping[str, Version]]:
    there = look(target.client("cloudformation", region))
    return {
        product: {
            version: Version(state=_state(artifact), digest=there.sha256(product, version))
            for version, artifact in artifacts(
                target.client("servicecatalog", region), product=product, product_id=key
            ).items()
        }
        for product, key in there.products.items()
    }


def _state(artifact: Artifact) -> str:
    if not artifact.active:
        return RETIRED
    if artifact.guidance == "DEPRECATED":
        return DEPRECATED
    return DEFAULT if artifact.description.endswith(DEFAULT_MARK) else AVAILABLE


def _differences(product: str, version: str, found: tuple[Standing, ...]) -> Iterable[str]:
    reached = [each for each in found if not each.unreachable]
    for each in reached:
        here = {
            region: products.get(product, {}).get(version)
            for region, products in each.regions.items()
        }
        if len(set(here.values())) > 1:
            told = ", ".join(
                f"{region} {there.state} {there.digest[:8]}" if there else f"{region} lacks it"
                for region, there in here.items()
            )
            yield f"{each.stage}: {told}"
    with_it = {
        each.stage: each.versions(product)[version]
        for each in reached
        if version in each.versions(product)
    }
    missing = [each.stage for each in reached if each.stage not in with_it]
    if missing:
        yield f"not in {', '.join(missing)}"
    if len({each.digest for each in with_it.values()}) > 1:
        told = ", ".join(f"{stage} {each.digest[:8]}" for stage, each in with_it.items())
        yield f"other bytes: {told}"
    defaults = {each.stage: each.default(product) for each in reached}
    if DEFAULT in {each.state for each in with_it.values()}:
        others = [
            f"{stage} {name or 'none'}" for stage, name in defaults.items() if name != version
        ]
        if others:
            yield f"default elsewhere: {', '.join(others)}"
