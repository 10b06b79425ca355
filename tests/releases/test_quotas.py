"""Each quota: silent at the limit, and heard one past it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dr_catalog.definitions import Product, ProductVersion, load_offer
from dr_catalog.releases import quotas
from dr_catalog.releases.template import Template

QUEUE = {"Type": "AWS::SQS::Queue"}


def _many(count: int, body: Any) -> dict[str, Any]:
    return {f"N{number}": body for number in range(count)}


@pytest.mark.parametrize(
    ("what", "body", "size"),
    [
        ("501 resources", {"Resources": _many(501, QUEUE)}, 1),
        ("201 parameters", {"Parameters": _many(201, {"Type": "String"})}, 1),
        ("201 outputs", {"Outputs": _many(201, {"Value": "a"})}, 1),
        ("1,000,001 bytes", {}, 1_000_001),
        ("1,025 bytes of description", {"Description": "a" * 1_025}, 1),
        (
            "4,097 characters of a parameter's value",
            {"Parameters": {"A": {"Type": "String", "Default": "a" * 4_097}}},
            1,
        ),
        (
            "4,001 characters of description",
            {"Parameters": {"A": {"Type": "String", "Description": "a" * 4_001}}},
            1,
        ),
    ],
)
def test_a_template_past_a_quota(what: str, body: dict[str, Any], size: int) -> None:
    template = Template("primary", body)
    (finding,) = quotas.check_template(
        product="p", version="1.0.0", template=template, content=b" " * size
    )
    assert finding.rule == "quota"
    assert finding.message.startswith(what)


def test_a_template_at_its_quotas() -> None:
    body = {
        "Description": "a" * 1_024,
        "Resources": _many(500, QUEUE),
        "Outputs": _many(200, {"Value": "a"}),
        "Parameters": _many(200, {"Type": "String", "Default": "a" * 4_096}),
    }
    template = Template("primary", body)
    content = b" " * 1_000_000
    assert not list(
        quotas.check_template(product="p", version="1.0.0", template=template, content=content)
    )


def test_a_product_past_its_quotas(product: Product) -> None:
    entries = tuple(ProductVersion(f"1.{n}.0", "available", "One") for n in range(100))
    assert not list(quotas.check_product(replace(product, versions=entries)))
    more = (*entries, ProductVersion("1.100.0", "default", "One"))
    (finding,) = quotas.check_product(replace(product, versions=more))
    assert finding.message.startswith("101 versions")
    odd = (ProductVersion("1.0.0-" + "a" * 123, "default", "One"),)
    (finding,) = quotas.check_product(replace(product, versions=odd))
    assert "no name that Service Catalog takes" in finding.message


def test_portfolios_past_their_quotas(root: Path) -> None:
    offer = load_offer(root / "portfolio")
    assert not list(quotas.check_offer(offer))
    tags = {"key": tuple(f"v{n}" for n in range(26))}
    (finding,) = quotas.check_offer(replace(offer, tag_options=tags))
    assert finding.message.startswith("26 tag options")
    (short,) = offer.portfolios
    long = replace(short, name="n" * 101, description="d" * 2_001)
    name, text = quotas.check_offer(replace(offer, portfolios=(short, long)))
    assert (name.resource, text.resource) == ("portfolios[1].name", "portfolios[1].description")
    assert (name.message[:3], text.message[:5]) == ("101", "2,001")
