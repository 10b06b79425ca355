"""What the app makes of a catalog: its stacks, each stage's of its own portfolio."""

from __future__ import annotations

from collections.abc import Mapping

from .conftest import Synthesised, Template

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
