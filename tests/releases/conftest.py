"""A small catalog of one product, and a synthesis that copies the samples instead of running CDK."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from dr_catalog.definitions import Product, load_product
from dr_catalog.releases import Synthesiser

SAMPLES = Path(__file__).parent / "samples"
Templates = dict[str, Any]
PRODUCT = """\
# A comment that must survive.
product: sample
title: A sample
builds: some.module:Sample
owner: Platform team
description: One sample
support: {email: a@example.com, url: https://example.com, description: Ask}
versions: []
"""
CATALOG = {
    "products/sample/product.yaml": PRODUCT,
    "portfolio/portfolio.yaml": """\
provider: Platform team
portfolios: [{name: Tiers, description: All, products: [sample]}]
principals: [{type: IAM, role: dr-tenant}]
shares: {accounts: []}
""",
    "pipeline/pipeline.yaml": """\
name: tiers
account: "555555555555"
region: us-east-1
source: {s3: {bucket: tiers-source, key: catalog.zip}}
stages: [{name: dev, account: "111111111111", regions: [us-east-1, us-west-2]}]
""",
}


@cache
def _sample(role: str) -> Any:
    return json.loads((SAMPLES / f"{role}.template.json").read_text())


def samples() -> Templates:
    """The three sample templates by role, free to change."""
    return {role: copy.deepcopy(_sample(role)) for role in ("primary", "foundation", "workload")}


def synthesis(
    change: Callable[[Templates], object] = lambda _: None, *, code: str | None = None
) -> Synthesiser:
    """A synthesis of the samples after a change, with other code where some is given."""

    def write(out: Path) -> None:
        templates = samples()
        change(templates)
        for role, body in templates.items():
            (out / f"{role}.template.json").write_text(json.dumps(body))
        shutil.copy(SAMPLES / "assets.json", out)
        shutil.copytree(SAMPLES / "code", out / "code")
        if code is not None:
            (out / "code/handler.py").write_text(code)

    return write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in CATALOG.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def product(root: Path) -> Product:
    return load_product(root / "products/sample")


def listed(product: Product, *versions: str, exceptions: str = "") -> Product:
    """The product again, with these versions in its file, the last of them the default."""
    entries = "".join(
        f"  - {{version: {version}, guidance: "
        f"{'default' if version == versions[-1] else 'available'}, description: One}}\n"
        for version in versions
    )
    file = product.folder / "product.yaml"
    file.write_text(PRODUCT.replace("versions: []\n", f"versions:\n{entries}") + exceptions)
    return load_product(file)
