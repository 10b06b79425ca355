"""Frozen, content-addressed versions of a product.

    freeze:  synthesis -> link -> checks -> contract -> releases/<version>/
    verify:  releases/<version>/ -> integrity, quotas, policies, lint -> findings

Only ``freeze`` writes, and what it has written never changes. Nothing here loads CDK: synthesis is a
process of its own.
"""

from .contract import Change, Contract, compare
from .findings import Finding, ordered
from .freeze import Frozen, freeze
from .layout import Release, asset_file, frozen_versions, load_release
from .link import Linked, link
from .manifest import AssetEntry, Manifest, ParameterEntry, TemplateEntry
from .synthesis import Synthesiser, synthesiser
from .verify import lint_ahead, verify_catalog, verify_product

__all__ = [
    "AssetEntry",
    "Change",
    "Contract",
    "Finding",
    "Frozen",
    "Linked",
    "Manifest",
    "ParameterEntry",
    "Release",
    "Synthesiser",
    "TemplateEntry",
    "asset_file",
    "compare",
    "freeze",
    "frozen_versions",
    "link",
    "lint_ahead",
    "load_release",
    "ordered",
    "synthesiser",
    "verify_catalog",
    "verify_product",
]
