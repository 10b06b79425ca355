"""What a catalog comes to as a whole, measured as its stacks are, and refused before it is published."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from dr_catalog.definitions import Catalog, Offer, Shares, load_catalog
from dr_catalog.launch_roles import packing
from dr_catalog.releases import freeze, verify_catalog, whole

from .conftest import listed, synthesis
from .test_rights import CLUSTER, add

RULES = Path("constraints/production.json")


@pytest.fixture
def catalog(root: Path, product: Any) -> Catalog:
    """A catalog of one product with a version."""
    freeze(product, "1.0.0", synthesise=synthesis())
    listed(product, "1.0.0")
    return load_catalog(root)


def offering(catalog: Catalog, sizes: tuple[int, ...]) -> tuple[Catalog, Offer]:
    """The catalog and an offer with portfolios of so many products, each with a rule."""
    product = catalog.products["sample"]
    products: dict[str, Any] = {}
    portfolios = []
    for number, size in enumerate(sizes):
        names = tuple(f"p{number}-{each}" for each in range(size))
        products |= {name: replace(product, product=name) for name in names}
        first = catalog.offer.portfolios[0]
        portfolios.append(replace(first, name=f"P{number}", products=names))
    offer = replace(
        catalog.offer,
        portfolios=tuple(portfolios),
        shares=Shares(("222222222222",)),
        tag_options={"a": ("b", "c")},
        constraints=dict.fromkeys(products, (RULES,)),
    )
    return replace(catalog, products=products, offer=offer), offer


def test_fourteen_products_fit_and_two_full_portfolios_do_not(catalog: Catalog) -> None:
    assert list(whole.check_offer(*offering(catalog, (4, 10)))) == []
    (resources, outputs) = whole.check_offer(*offering(catalog, (100, 100)))
    # 2 x (itself, a principal, the canary, a share, two uses) + 2 tag options + 200 x 4.
    assert resources.message == "814 resources; 500 at most"
    assert outputs.message == "202 outputs; 200 at most"
    assert resources.rule == outputs.rule == "quota"


def test_a_product_without_a_version_takes_no_place(catalog: Catalog) -> None:
    many, offer = offering(catalog, (100, 100))
    empty = {name: replace(each, versions=()) for name, each in many.products.items()}
    assert list(whole.check_offer(replace(many, products=empty), offer)) == []


def test_roles_that_need_more_policies_than_iam_attaches_are_told_by_product(
    catalog: Catalog,
) -> None:
    assert list(whole.check_roles(catalog)) == []
    with patch.object(packing, "ATTACHED_POLICIES_LIMIT", 0):
        launch, execution = whole.check_roles(catalog)
    assert (launch.product, execution.product) == ("sample", "")
    assert launch.message.startswith("a role would need 2 policies: IAM attaches 0")
    assert "portfolio/launch_roles.yaml" in launch.hint


@pytest.mark.parametrize(
    ("limit", "unit"), [("RESOURCES", "resources"), ("TEMPLATE_BYTES", "bytes")]
)
def test_a_stack_of_roles_that_is_too_large_fails_verify(
    catalog: Catalog, limit: str, unit: str
) -> None:
    with patch.object(whole, limit, 5):
        found = [each for each in verify_catalog(catalog) if "onboarding" in each.resource]
    assert [(each.rule, each.level) for each in found] == [("quota", "error")]
    assert f" {unit}; 5 at most" in found[0].message


def test_what_nobody_reviewed_is_told_once(catalog: Catalog) -> None:
    add(catalog.products["sample"], "primary", Own=CLUSTER)
    found = [each for each in verify_catalog(catalog) if each.rule.endswith("-role")]
    assert {each.resource for each in found} == {"Own"}
