"""Which version a canary tries, and which one it upgrades from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dr_catalog.canary.plan import trial
from dr_catalog.canary.records import Pass
from dr_catalog.definitions import Product, load_product
from dr_catalog.releases.layout import load_release

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def product() -> Product:
    """The warm standby tier, with 1.2.0 as its default."""
    return guided(load_product(ROOT / "products" / "warm-standby"))


def guided(product: Product, default: str = "1.2.0", **others: str) -> Product:
    """The product with these versions' guidance, ``v1_0_0="retired"``; all others are available."""
    known = {key[1:].replace("_", "."): value for key, value in others.items()} | {
        default: "default"
    }
    versions = (
        replace(entry, guidance=known.get(entry.version, "available"))
        for entry in product.versions
        if entry.version in ("1.0.0", "1.1.0", "1.2.0")
    )
    return replace(product, versions=tuple(versions))


def passed(version: str, *, digest: str = "", date: str = "2026-01-01T00:00:00+00:00") -> Pass:
    """A record of the stage."""
    return Pass(version=version, digest=digest, date=date, upgraded_from="")


def test_the_default_is_tried_until_its_very_digest_has_passed(product: Product) -> None:
    digest = load_release(product, "1.2.0").manifest.templates["primary"].sha256
    found = trial(product, [passed("1.2.0", digest="of another template")])
    assert found is not None
    assert (found.candidate.version, found.digest) == ("1.2.0", digest)
    assert dict(found.candidate.settings) == {
        "DeletionProtection": "false",
        "OnTermination": "purge",
    }
    assert trial(product, [passed("1.1.0"), passed("1.2.0", digest=digest)]) is None


FROM = [
    ("1.2.0", {}, (), "1.1.0"),
    ("1.2.0", {"v1_1_0": "retired"}, (), "1.0.0"),
    ("1.2.0", {"v1_1_0": "deprecated"}, (), "1.0.0"),
    ("1.2.0", {}, ("1.0.0",), "1.0.0"),
    ("1.2.0", {}, ("1.0.0", "1.1.0"), "1.1.0"),
    ("1.2.0", {"v1_0_0": "retired"}, ("1.0.0",), "1.1.0"),
    ("1.1.0", {}, ("1.2.0",), "1.0.0"),
    ("1.0.0", {}, ("1.1.0",), None),
]


@pytest.mark.parametrize(("default", "guidance", "passes", "expected"), FROM)
def test_it_upgrades_from_the_default_before_it_that_can_be_launched(
    product: Product,
    default: str,
    guidance: dict[str, str],
    passes: tuple[str, ...],
    expected: str | None,
) -> None:
    found = trial(guided(product, default, **guidance), [passed(each) for each in passes])
    assert found is not None
    assert (found.before.version if found.before else None) == expected


def test_a_product_without_a_release_needs_none(product: Product) -> None:
    assert trial(replace(product, versions=()), []) is None
