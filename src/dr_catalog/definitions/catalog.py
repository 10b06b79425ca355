"""The whole catalog: portfolios, products and pipeline of one root folder.

<root>/portfolio/portfolio.yaml                and those that stages name beside it
<root>/products/<product>/product.yaml          and products/layers/<layer>/product.yaml
<root>/pipeline/pipeline.yaml
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from ..errors import NotFoundError
from .pipeline import Pipeline, Stage, load_pipeline
from .portfolio import Offer, load_offer
from .product import Product, load_product
from .reader import Section, read


@dataclass(frozen=True)
class Catalog:
    """Every definition of one root.

    Args:
        offer: What ``portfolio/portfolio.yaml`` says.
        products: Name to product, offered in a portfolio or not.
        offers: Every file that a stage names, to what it says.
    """

    root: Path
    offer: Offer
    products: Mapping[str, Product]
    pipeline: Pipeline
    offers: Mapping[str, Offer]

    def offer_of(self, stage: Stage) -> Offer:
        """The portfolios that are offered in this stage, and to whom."""
        return self.offers[stage.portfolio]

    @property
    def offered(self) -> tuple[str, ...]:
        """Every product that some portfolio offers."""
        found = [name for offer in self.offers.values() for name in offer.products]
        return tuple(dict.fromkeys(found))


def load_catalog(root: Path) -> Catalog:
    """Read every definition below the root.

    Raises:
        DefinitionError: A file is not as it must be, or a portfolio offers a product that has no
            definition, or a stage's canary would try nothing.
    """
    products = {product.product: product for product in map(load_product, _product_files(root))}
    offer = _offer(root, Stage.portfolio, products)
    pipeline = load_pipeline(root / "pipeline")
    _check_files(root, pipeline)
    others = {stage.portfolio for stage in pipeline.stages} - {Stage.portfolio}
    offers = {Stage.portfolio: offer}
    offers |= {file: _offer(root, file, products) for file in sorted(others)}
    _check_canaries(pipeline, offers)
    return Catalog(
        root=root,
        offer=offer,
        products=MappingProxyType(products),
        pipeline=pipeline,
        offers=MappingProxyType(offers),
    )


def _check_files(root: Path, pipeline: Pipeline) -> None:
    """Refuse a stage whose portfolios have no file, at its line."""
    for position, stage in enumerate(pipeline.stages):
        if not (root / "portfolio" / stage.portfolio).is_file():
            raise _stage(pipeline, position).refuse(
                "portfolio",
                "a file in portfolio/",
                f"'{stage.portfolio}', which is not there",
                hint=f"create portfolio/{stage.portfolio}, or take the line out",
            )


def _check_canaries(pipeline: Pipeline, offers: Mapping[str, Offer]) -> None:
    """Refuse a gate that would let everything through: a canary with nothing to try."""
    for position, stage in enumerate(pipeline.stages):
        offer = offers[stage.portfolio]
        if stage.gates.canary and not any(each.canary for each in offer.portfolios):
            raise (
                _stage(pipeline, position)
                .section("gates")
                .refuse(
                    "canary",
                    "a portfolio for the canary to launch from",
                    f"canary: false in each of portfolio/{stage.portfolio}",
                    hint="write canary: true for one of them there, or canary: false here",
                )
            )


def _stage(pipeline: Pipeline, position: int) -> Section:
    return read(pipeline.folder / "pipeline.yaml").sections("stages")[position]


def _offer(root: Path, name: str, products: Mapping[str, Product]) -> Offer:
    file = root / "portfolio" / name
    offer = load_offer(file)
    for number, portfolio in enumerate(offer.portfolios):
        for position, product in enumerate(portfolio.products):
            if product not in products:
                raise (
                    read(file)
                    .sections("portfolios")[number]
                    .refuse(
                        "products",
                        "a product with a product.yaml",
                        f"'{product}'",
                        position=position,
                        hint=f"create products/{product}/product.yaml",
                    )
                )
    return offer


def find_product(root: Path, name: str) -> Product:
    """Read the one product of this name below the root.

    Raises:
        NotFoundError: No folder of that name holds a product.yaml.
        DefinitionError: The product's definition is not as it must be.
    """
    files = {file.parent.name: file for file in _product_files(root)}
    if name in files:
        return load_product(files[name])
    close = difflib.get_close_matches(name, files, n=1)
    raise NotFoundError(
        f"there is no product '{name}' below {root / 'products'}",
        why=f"found: {', '.join(sorted(files)) or 'none'}",
        hint=f"did you mean '{close[0]}'?" if close else "name the catalog's root with --root",
    )


def _product_files(root: Path) -> list[Path]:
    products = root / "products"
    return sorted([*products.glob("*/product.yaml"), *products.glob("layers/*/product.yaml")])
