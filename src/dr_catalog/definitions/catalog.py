"""The whole catalog: portfolio, products and pipeline of one root folder.

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
from .portfolio import Portfolio, load_portfolio
from .product import Product, load_product
from .reader import read


@dataclass(frozen=True)
class Catalog:
    """Every definition of one root.

    Args:
        portfolio: What ``portfolio/portfolio.yaml`` says.
        products: Name to product, offered in the portfolio or not.
        portfolios: Every file that a stage names, to what it says.
    """

    root: Path
    portfolio: Portfolio
    products: Mapping[str, Product]
    pipeline: Pipeline
    portfolios: Mapping[str, Portfolio]

    def portfolio_of(self, stage: Stage) -> Portfolio:
        """What is offered in this stage, and to whom."""
        return self.portfolios[stage.portfolio]

    @property
    def offered(self) -> tuple[str, ...]:
        """Every product that some portfolio offers."""
        found = [name for portfolio in self.portfolios.values() for name in portfolio.products]
        return tuple(dict.fromkeys(found))


def load_catalog(root: Path) -> Catalog:
    """Read every definition below the root.

    Raises:
        DefinitionError: A file is not as it must be, or the portfolio offers a product that has
            no definition.
    """
    products = {product.product: product for product in map(load_product, _product_files(root))}
    portfolio = _portfolio(root, Stage.portfolio, products)
    pipeline = load_pipeline(root / "pipeline")
    _check_portfolios(root, pipeline)
    others = {stage.portfolio for stage in pipeline.stages} - {Stage.portfolio}
    portfolios = {file: _portfolio(root, file, products) for file in sorted(others)}
    return Catalog(
        root=root,
        portfolio=portfolio,
        products=MappingProxyType(products),
        pipeline=pipeline,
        portfolios=MappingProxyType({Stage.portfolio: portfolio, **portfolios}),
    )


def _check_portfolios(root: Path, pipeline: Pipeline) -> None:
    """Refuse a stage whose portfolio has no file, at its line."""
    for position, stage in enumerate(pipeline.stages):
        if not (root / "portfolio" / stage.portfolio).is_file():
            section = read(pipeline.folder / "pipeline.yaml").sections("stages")[position]
            raise section.refuse(
                "portfolio",
                "a file in portfolio/",
                f"'{stage.portfolio}', which is not there",
                hint=f"create portfolio/{stage.portfolio}, or take the line out",
            )


def _portfolio(root: Path, name: str, products: Mapping[str, Product]) -> Portfolio:
    file = root / "portfolio" / name
    portfolio = load_portfolio(file)
    for position, name in enumerate(portfolio.products):
        if name not in products:
            raise read(file).refuse(
                "products",
                "a product with a product.yaml",
                f"'{name}'",
                position=position,
                hint=f"create products/{name}/product.yaml",
            )
    return portfolio


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
