"""What the app makes of a catalog: its stacks, each stage's of its own portfolio."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from dr_catalog.app import chosen
from dr_catalog.definitions import load_catalog
from dr_catalog.errors import UsageError
from dr_catalog.releases import whole

from .conftest import ROOT, Synthesised, Template

STAGES = {"dev": "Early tiers", "staging": "Recovery tiers", "prod": "Recovery tiers"}
REGIONS = ("us-east-1", "us-west-2")


def test_every_stage_has_its_stacks(app_templates: Mapping[str, Template]) -> None:
    ours = {name for name in app_templates if not name.startswith(("bare", "gates"))}
    assert ours == {
        *(
            f"{kind}-{stage}-{region}"
            for kind in ("Assets", "Portfolio")
            for stage in STAGES
            for region in REGIONS
        ),
        *(f"StageAccess-{stage}" for stage in STAGES),
        *("OnboardingRegion", "OnboardingRoles", "Pipeline", "PipelineStore"),
    }


def test_a_stage_offers_its_own_portfolio(app_templates: Mapping[str, Template]) -> None:
    for stage, expected in STAGES.items():
        for region in REGIONS:
            template = app_templates[f"Portfolio-{stage}-{region}"]
            portfolio = template["Resources"]["Portfolio"]["Properties"]
            assert portfolio["DisplayName"] == expected


def test_verify_measures_the_stacks_as_they_are(
    app_templates: Mapping[str, Template], monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("RESOURCES", "OUTPUTS", "TEMPLATE_BYTES"):
        monkeypatch.setattr(whole, limit, 0)
    catalog = load_catalog(ROOT)
    roles, staging = app_templates["OnboardingRoles"], app_templates["Portfolio-staging-us-east-1"]
    resources, size = (_number(each.message) for each in whole.check_roles(catalog))
    assert resources == len(roles["Resources"])
    bytes_ = len(json.dumps(roles, separators=(",", ":")))
    assert bytes_ * 0.95 < size < bytes_ * 1.1
    resources, outputs = (
        _number(each.message) for each in whole.check_offer(catalog, catalog.offer)
    )
    assert (resources, outputs) == (len(staging["Resources"]), len(staging["Outputs"]))


def _number(message: str) -> int:
    return int(message.partition(" ")[0].replace(",", ""))


def test_a_canary_may_launch_where_the_gates_ask_for_one(
    app_templates: Mapping[str, Template], ours: Synthesised
) -> None:
    for stage in ours.definition.stages:
        template = app_templates[f"Portfolio-{stage.name}-us-east-1"]
        principals = {
            str(each["Properties"]["PrincipalARN"]).rpartition("role/")[2].rstrip("]}'")
            for each in template["Resources"].values()
            if each["Type"] == "AWS::ServiceCatalog::PortfolioPrincipalAssociation"
        }
        assert ("dr-catalog-canary" in principals) == stage.gates.canary
        assert "dr-tenant" in principals


def test_the_context_chooses_among_what_is_offered() -> None:
    catalog = load_catalog(ROOT)
    assert chosen(catalog, tier=None) == catalog.offered
    assert chosen(catalog, tier="warm-standby") == ["warm-standby"]
    with pytest.raises(UsageError, match="no such tier is offered") as refused:
        chosen(catalog, tier="warmstandby")
    assert "warm-standby" in refused.value.why
