"""What the catalog's YAML files say, as frozen dataclasses.

    portfolio.yaml, product.yaml, pipeline.yaml -> reader (strict, with lines) -> dataclasses

One module a file; the dataclasses carry the files' own field names. A file that is not as it must
be raises ``DefinitionError`` with file, line, field, what was expected and what was found.
"""

from .catalog import Catalog, find_product, load_catalog
from .objectives import Objectives, Promise, spelled
from .pipeline import (
    Approval,
    ConnectionSource,
    Gates,
    Pipeline,
    S3Source,
    Stage,
    load_pipeline,
)
from .portfolio import Offer, Portfolio, Principal, Shares, load_offer
from .product import PolicyException, Product, ProductVersion, Support, load_product
from .version import SemanticVersion

__all__ = [
    "Approval",
    "Catalog",
    "ConnectionSource",
    "Gates",
    "Objectives",
    "Offer",
    "Pipeline",
    "PolicyException",
    "Portfolio",
    "Principal",
    "Product",
    "ProductVersion",
    "Promise",
    "S3Source",
    "SemanticVersion",
    "Shares",
    "Stage",
    "Support",
    "find_product",
    "load_catalog",
    "load_offer",
    "load_pipeline",
    "load_product",
    "spelled",
]
