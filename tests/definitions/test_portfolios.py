"""Several portfolios in one file: what holds for each, and what two of them can't both be."""

from __future__ import annotations

from pathlib import Path

import pytest

from dr_catalog.definitions import Portfolio, load_catalog, load_offer
from dr_catalog.errors import DefinitionError

from .conftest import PRODUCT, Change

ONE = "[{name: Tiers, description: All tiers, products: [tier]}]"
TWO = """
  - {name: Tiers, description: All tiers, products: [tier]}
  - name: Building blocks
    description: Alone
    products: [block]
    canary: false"""


@pytest.fixture
def both(change: Change, root: Path) -> Path:
    """The root of a catalog of two portfolios."""
    change("portfolio", f" {ONE}", TWO)
    (root / "products/block").mkdir()
    text = PRODUCT.replace("product: tier", "product: block")
    (root / "products/block/product.yaml").write_text(text)
    return root


def test_each_portfolio_has_its_products_and_says_whether_the_canary_tries_them(both: Path) -> None:
    catalog = load_catalog(both)
    assert catalog.offer.portfolios == (
        Portfolio("Tiers", "All tiers", ("tier",), canary=True),
        Portfolio("Building blocks", "Alone", ("block",), canary=False),
    )
    assert catalog.offer.products == catalog.offered == ("tier", "block")
    assert [key for key, _ in catalog.offer.keyed] == ["", "BuildingBlocks"]
    assert catalog.offer.provider == "Platform team"


MANY = ", ".join(f"p{number}" for number in range(151))
WRONG = [
    ("[block]", "[other, tier]", 6, "portfolios[1].products[1]", "'tier' in 'Tiers' as well"),
    ("name: Building blocks", "name: Tiers", 4, "portfolios[1].name", "'Tiers' beside 'Tiers'"),
    ("name: Building blocks", "name: TIERS!", 4, "portfolios[1].name", "by its letters and digits"),
    ("name: Building blocks", "name: üö", 4, "portfolios[1].name", "a letter or a digit"),
    ("[block]", "[]", 6, "portfolios[1].products", "at least one product, found none"),
    ("[block]", f"[{MANY}]", 6, "portfolios[1].products[150]", "at most 150 products"),
    ("canary: false", "canary: no", 7, "portfolios[1].canary", "true or false"),
    ("canary: false", "provider: Us", 7, "portfolios[1].provider", "an unknown field"),
    ("description: Alone\n", "\n", 4, "portfolios[1].description", "expected the field"),
    (f"portfolios:{TWO}", "portfolios: []", 2, "portfolios", "at least one portfolio, found none"),
    (f"portfolios:{TWO}", "portfolio: {name: A}", 2, "portfolio", "expected portfolios, a list"),
]


@pytest.mark.parametrize(("before", "after", "line", "place", "says"), WRONG)
def test_what_can_t_be_is_refused_with_its_place(
    both: Path, change: Change, before: str, after: str, line: int, place: str, says: str
) -> None:
    file = change("portfolio", before, after)
    with pytest.raises(DefinitionError) as caught:
        load_offer(file)
    assert caught.value.what.startswith(f"{file}:{line}: {place}: ")
    assert says in caught.value.what
    assert caught.value.hint


def test_150_products_are_a_portfolio(change: Change) -> None:
    most = MANY.removesuffix(", p150").replace("p0", "tier", 1)
    assert len(load_offer(change("portfolio", "[tier]", f"[{most}]")).products) == 150


def test_a_product_without_a_definition_is_refused_where_it_is_offered(
    both: Path, change: Change
) -> None:
    change("portfolio", "[block]", "[block, other]")
    with pytest.raises(DefinitionError, match=r":6: portfolios\[1\].products\[1\]: .* 'other'"):
        load_catalog(both)


def test_a_canary_that_would_try_nothing_is_refused(change: Change, root: Path) -> None:
    gates = "us-west-2], gates: {canary: true}}"
    change("pipeline", "us-west-2]}", gates)
    load_catalog(root)
    change("portfolio", "[tier]}", "[tier], canary: false}")
    with pytest.raises(
        DefinitionError, match=r"pipeline.yaml:6: stages\[0\].gates.canary: "
    ) as why:
        load_catalog(root)
    assert "canary: false in each of portfolio/portfolio.yaml" in why.value.what
