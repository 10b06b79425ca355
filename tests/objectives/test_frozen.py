"""The catalog's own tiers: what they promise is kept, and who meets the original's objectives."""

from __future__ import annotations

from pathlib import Path

import pytest

from dr_catalog.definitions import Product, load_catalog
from dr_catalog.objectives import CORRUPTION, REGION, Loss, check_product, compute, meets_original
from dr_catalog.releases.layout import read_templates, release_folder
from dr_catalog.releases.template import Template

ROOT = Path(__file__).parents[2]
TIERS = [
    product
    for product in load_catalog(ROOT).products.values()
    if product.folder.parent.name == "products"
]
ONLY_COPIES = {"backup-restore"}
"""What has nothing but copies in the peer region: it can't meet an RPO of an hour."""


def default(product: Product, version: str = "") -> dict[str, Loss]:
    chosen = version or (product.default.version if product.default else "")
    templates = {
        role: Template.parse(role, content)
        for role, content in read_templates(release_folder(product, chosen)).items()
    }
    return {loss.kind: loss for loss in compute(templates)}


@pytest.mark.parametrize("tier", TIERS, ids=lambda product: product.product)
def test_every_tier_promises_and_keeps_it(tier: Product) -> None:
    assert tier.objectives is not None
    assert [each for each in check_product(tier) if each.level == "error"] == []


@pytest.mark.parametrize("tier", TIERS, ids=lambda product: product.product)
def test_the_originals_objectives_are_met_but_by_copies_alone(tier: Product) -> None:
    assert meets_original(tuple(default(tier).values())) is (tier.product not in ONLY_COPIES)


def test_warm_standby_is_dominated_by_documents_approval_and_hourly_backups() -> None:
    (tier,) = (product for product in TIERS if product.product == "warm-standby")
    found = default(tier, "1.3.0")
    region, corruption = found[REGION], found[CORRUPTION]
    assert {entry.store: entry.seconds for entry in region.rpo.sums} == {
        "database": 330,
        "table": 330,
        "documents": 900,
    }
    worst = region.rto.worst
    assert worst.dominant is not None
    assert (worst.seconds, worst.dominant.seconds) == (5295, 3600)
    assert corruption.rpo.worst.store == "database"
    assert [line.seconds for line in corruption.rpo.worst.lines] == [3600, 3600, 600, 2400]


def test_a_release_without_a_recovery_has_no_rto() -> None:
    (tier,) = (product for product in TIERS if product.product == "warm-standby")
    assert default(tier, "1.2.0")[REGION].rto.seconds is None
    assert default(tier, "1.0.0")[CORRUPTION].rpo.seconds is None  # no backups of documents
