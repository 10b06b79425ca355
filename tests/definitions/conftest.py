"""A small catalog on disk, every definition of it as it must be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

PRODUCT = """\
# the product
product: tier
title: A tier
builds: some.module:Tier
owner: Platform team
description: One tier
support: {email: a@example.com, url: https://example.com, description: Ask}
versions:   # oldest first
  - {version: 1.0.0, guidance: available, description: First}
  - {version: 1.1.0, guidance: default, description: Second}
exceptions:
  - {rule: DR031, resource: "Log*", template: primary, reason: no resource type}
"""
PORTFOLIO = """\
provider: Platform team
portfolios: [{name: Tiers, description: All tiers, products: [tier]}]
principals: [{type: IAM, role: dr-tenant}]
shares: {accounts: ["222222222222"]}
tag_options: {data-class: [internal, confidential]}
constraints: {tier: [constraints/production.json]}
"""
PIPELINE = """\
name: tiers
account: "555555555555"
region: us-east-1
source: {s3: {bucket: tiers-source, key: catalog.zip}}
stages:
  - {name: dev, account: "111111111111", regions: [us-east-1, us-west-2]}
"""
FILES = {
    "products/tier/product.yaml": PRODUCT,
    "portfolio/portfolio.yaml": PORTFOLIO,
    "pipeline/pipeline.yaml": PIPELINE,
}

Change = Callable[..., Path]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "portfolio/constraints").mkdir()
    (tmp_path / "portfolio/constraints/production.json").write_text("{}")
    return tmp_path


@pytest.fixture
def change(root: Path) -> Change:
    """Replace one text of one file; the text must be there."""

    def replace(name: str, before: str, after: str) -> Path:
        file = root / next(path for path in FILES if path.endswith(f"{name}.yaml"))
        assert before in file.read_text()
        file.write_text(file.read_text().replace(before, after, 1))
        return file

    return replace
