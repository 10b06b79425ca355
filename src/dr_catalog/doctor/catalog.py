"""The catalog in this folder, and whether these credentials belong to it."""

from __future__ import annotations

from importlib import metadata

from ..definitions import Catalog, load_catalog
from ..releases.layout import load_release
from .machine import numbers
from .model import Check, Mend, Skip, Surroundings

FOLDERS = ("portfolio", "products", "pipeline")


def files(surroundings: Surroundings) -> str:
    """Every definition is as it must be."""
    catalog = _catalog(surroundings)
    stages = ", ".join(stage.name for stage in catalog.pipeline.stages)
    return f"{len(catalog.products)} products; stages: {stages}"


def releases(surroundings: Surroundings) -> str:
    """Every listed version is frozen, by tools that are no newer than these."""
    found: list[str] = []
    for product in _catalog(surroundings).products.values():
        for entry in product.versions:
            tools = load_release(product, entry.version).manifest.tools
            newer = [
                f"{name} {version}"
                for name, version in tools.items()
                if numbers(version) > numbers(metadata.version(name))
            ]
            if newer:
                raise Mend(
                    f"{product.product} {entry.version} was frozen with {', '.join(newer)}",
                    "`pip install --upgrade dr-catalog`, or the next release goes back",
                )
            found.append(f"{product.product} {entry.version}")
    if not found:
        raise Skip("no version is listed yet")
    return ", ".join(found)


def membership(surroundings: Surroundings) -> str:
    """The account publishes a stage or runs the pipeline, or the catalog is shared with it."""
    catalog, account = _catalog(surroundings), surroundings.caller["Account"]
    stages = [stage.name for stage in catalog.pipeline.stages if stage.account == account]
    if stages:
        return f"{account} publishes {', '.join(stages)}"
    if account == catalog.pipeline.account:
        return f"{account} runs the pipeline"
    if any(account in each.shares.accounts for each in catalog.offers.values()):
        return f"the catalog is shared with {account}"
    raise Mend(
        f"{account} publishes no stage and is not shared with",
        "add it under shares in portfolio/portfolio.yaml, or use credentials of "
        + " or ".join(sorted({stage.account for stage in catalog.pipeline.stages})),
    )


def _catalog(surroundings: Surroundings) -> Catalog:
    root = surroundings.root
    if not any((root / folder).is_dir() for folder in FOLDERS):
        raise Skip("this folder holds no catalog; `dr-catalog init DIR` writes one")
    return load_catalog(root)


CHECKS = (
    Check("catalog", "files", files),
    Check("catalog", "releases", releases, needs=("files",)),
    Check("catalog", "membership", membership, needs=("files", "account")),
)
