"""The stacks that publish a catalog; public, so that a platform team can build its own app on them."""

from .assets import AssetStack
from .onboarding import OnboardingRegionStack, OnboardingRolesStack
from .pipeline import PipelineStack
from .pipeline_store import PipelineStoreStack
from .portfolio import PortfolioStack
from .stage_access import StageAccessStack
from .standalone import StandaloneStack

__all__ = [
    "AssetStack",
    "OnboardingRegionStack",
    "OnboardingRolesStack",
    "PipelineStack",
    "PipelineStoreStack",
    "PortfolioStack",
    "StageAccessStack",
    "StandaloneStack",
]
