"""The portfolios of a stage in one stack: what each holds, and that what is published stays."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from dr_catalog.definitions import Offer, Portfolio, Principal, Shares, load_product
from dr_catalog.stacks import PortfolioStack

from .conftest import ROOT, Template

TIERS = Portfolio("Recovery tiers", "Two regions", ("warm-standby",))
BLOCKS = Portfolio("Building blocks", "Layers alone", ("kms", "vpc"), canary=False)
# As 0.3.0 published it, with one portfolio. Another id, and CloudFormation makes another resource.
PUBLISHED = {
    "Portfolio": "Portfolio",
    "WarmStandby": "CloudFormationProduct",
    "WarmStandbyOffer": "PortfolioProductAssociation",
    "WarmStandbyLaunch": "LaunchRoleConstraint",
    "WarmStandbyRulesProduction": "LaunchTemplateConstraint",
    "PrincipalDrTenant": "PortfolioPrincipalAssociation",
    "PrincipalDrCatalogCanary": "PortfolioPrincipalAssociation",
    "Share222222222222": "PortfolioShare",
    "TagManagedByDrCatalog": "TagOption",
    "TagManagedByDrCatalogUse": "TagOptionAssociation",
}
OUTPUTS = {"PortfolioId", "WarmStandbyId"}


def template(folder: Path, *portfolios: Portfolio) -> Template:
    """The stack's template, of products that have the warm standby's first version."""
    product = load_product(ROOT / "products/warm-standby")
    product = replace(product, versions=product.versions[:1])
    offer = Offer(
        folder=ROOT / "portfolio",
        provider="Platform team",
        portfolios=portfolios,
        principals=(Principal("IAM_PATTERN", "dr-tenant"),),
        shares=Shares(("222222222222",)),
        tag_options={"managed-by": ("dr-catalog",)},
        constraints={"warm-standby": (ROOT / "portfolio/constraints/production.json",)},
    )
    app = cdk.App(
        outdir=str(folder), analytics_reporting=False, builtin_cloud_formation_validation=False
    )
    PortfolioStack(
        app,
        "Portfolio-dev-us-east-1",
        env=cdk.Environment(account="111111111111", region="us-east-1"),
        offer=offer,
        products={name: replace(product, product=name) for name in offer.products},
        digests={name: {product.versions[0].version: "0" * 64} for name in offer.products},
        canary=True,
    )
    app.synth()
    found: Template = json.loads((folder / "Portfolio-dev-us-east-1.template.json").read_text())
    return found


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return template(tmp_path_factory.mktemp("one"), TIERS)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Template:
    return template(tmp_path_factory.mktemp("two"), TIERS, BLOCKS)


def of_type(found: Template, kind: str, portfolio: str) -> dict[str, Any]:
    """The resources of a type that name the portfolio: logical id to properties."""
    reference = {"Ref": portfolio}
    return {
        key: each["Properties"]
        for key, each in found["Resources"].items()
        if each["Type"] == f"AWS::ServiceCatalog::{kind}"
        and reference in each["Properties"].values()
    }


def test_one_portfolio_is_what_is_published_already(one: Template) -> None:
    kinds = {key: each["Type"].rpartition(":")[2] for key, each in one["Resources"].items()}
    assert kinds == PUBLISHED
    assert set(one["Outputs"]) == OUTPUTS


def test_a_second_portfolio_leaves_the_first_as_it_is(one: Template, two: Template) -> None:
    for part in ("Resources", "Outputs"):
        assert one[part].items() <= two[part].items()
    added = two["Resources"].keys() - one["Resources"].keys()
    assert {key for key in added if not key.startswith(("Kms", "Vpc"))} == {
        "PortfolioBuildingBlocks",
        "PrincipalDrTenantBuildingBlocks",
        "Share222222222222BuildingBlocks",
        "TagManagedByDrCatalogUseBuildingBlocks",
    }
    assert two["Outputs"]["PortfolioBuildingBlocksId"]["Value"] == {
        "Ref": "PortfolioBuildingBlocks"
    }


def test_each_portfolio_holds_its_own_products_under_the_same_rules(two: Template) -> None:
    for portfolio, ids in (
        ("Portfolio", ["WarmStandby"]),
        ("PortfolioBuildingBlocks", ["Kms", "Vpc"]),
    ):
        for kind in ("PortfolioProductAssociation", "LaunchRoleConstraint"):
            found = of_type(two, kind, portfolio).values()
            assert [each["ProductId"]["Ref"] for each in found] == ids
        (option,) = of_type(two, "TagOptionAssociation", portfolio).values()
        assert option["TagOptionId"] == {"Ref": "TagManagedByDrCatalog"}
        (share,) = of_type(two, "PortfolioShare", portfolio).values()
        assert (share["AccountId"], share["ShareTagOptions"]) == ("222222222222", True)
    assert len(of_type(two, "LaunchTemplateConstraint", "Portfolio")) == 1
    assert not of_type(two, "LaunchTemplateConstraint", "PortfolioBuildingBlocks")


def test_the_canary_may_launch_from_the_portfolios_that_let_it(two: Template) -> None:
    may = {
        portfolio: {
            each["PrincipalARN"]["Fn::Join"][1][-1].rpartition("/")[2]
            for each in of_type(two, "PortfolioPrincipalAssociation", portfolio).values()
        }
        for portfolio in ("Portfolio", "PortfolioBuildingBlocks")
    }
    assert may == {
        "Portfolio": {"dr-tenant", "dr-catalog-canary"},
        "PortfolioBuildingBlocks": {"dr-tenant"},
    }
