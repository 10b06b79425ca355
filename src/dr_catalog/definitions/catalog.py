"""The whole catalog: portfolio, products and pipeline of one root folder.

<root>/portfolio/portfolio.yaml
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
from .pipeline import Pipeline, load_pipeline
from .portfolio import Portfolio, load_portfolio
from .product import Product, load_product
from .reader import read


@dataclass(frozen=True)
class Catalog:
    """Every definition of one root.

    Args:
        products: Name to product, offered in the portfolio or not.
    """

    root: Path
    portfolio: Portfolio
    products: Mapping[str, Product]
    pipeline: Pipeline


def load_catalog(root: Path) -> Catalog:
    """Read every definition below the root.

    Raises:
        DefinitionError: A file is not as it must be, or the portfolio offers a product that has
            no definition.
    """
    portfolio = load_portfolio(root / "portfolio")
    products = {product.product: product for product in map(load_product, _product_files(root))}
    for position, name in enumerate(portfolio.products):
        if name not in products:
            raise read(portfolio.folder / "portfolio.yaml").refuse(
                "products",
                "a product with a product.yaml",
                f"'{name}'",
                position=position,
                hint=f"create products/{name}/product.yaml",
            )
    return Catalog(
        root=root,
        portfolio=portfolio,
        products=MappingProxyType(products),
        pipeline=load_pipeline(root / "pipeline"),
    )


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
