"""The CDK app: reads portfolio/, products/ and pipeline/ and builds the stacks that publish them.

``cdk synth`` in the catalog's folder gives, for each stage and region, ``Assets-<stage>-<region>`` and
``Portfolio-<stage>-<region>``; what a tenant account needs, ``OnboardingRoles`` and
``OnboardingRegion``; and the pipeline, ``PipelineStore`` and ``Pipeline``, with
``StageAccess-<stage>`` for each stage's account. ``-c environmentSuffix=dev`` adds a product as an
ordinary stack, such as ``WarmStandby-dev``: the one that ``tier`` names, in ``cdk.json`` or by
``-c tier=pilot-light``, or each where nothing does. ``-c only=pipeline`` gives the pipeline's stacks alone.
Synthesis needs no credentials and writes no release.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from constructs import Construct

from .definitions import Catalog, Pipeline, load_catalog
from .errors import DrCatalogError, UsageError
from .launch_roles import Review, load_review
from .names import camel
from .releases.layout import load_release
from .releases.rights import execution_rights, launch_rights, restore_rights, witness_rights
from .stacks import (
    AssetStack,
    OnboardingRegionStack,
    OnboardingRolesStack,
    PipelineStack,
    PipelineStoreStack,
    PortfolioStack,
    StageAccessStack,
    StandaloneStack,
)
from .tiers.synthesis import load, uncollected


def build(app: cdk.App, *, catalog: Catalog) -> list[StandaloneStack]:
    """Add the catalog's stacks to ``app``.

    Returns:
        The products as ordinary stacks, when the context names an ``environmentSuffix``; their files
        join the assembly after synthesis (``StandaloneStack.add_files``).
    """
    if app.node.try_get_context("only") == "pipeline":
        build_pipeline(app, pipeline=catalog.pipeline)
        return []
    review = load_review(catalog.offer.folder)
    with ThreadPoolExecutor(max_workers=1) as reader:  # reads while Node makes constructs
        digests = reader.submit(_digests, catalog)
        rights = reader.submit(_rights, catalog, review)
        build_pipeline(app, pipeline=catalog.pipeline)
        _build_stages(app, catalog=catalog, digests=digests.result())
        OnboardingRolesStack(app, "OnboardingRoles", review=review, **rights.result())
    OnboardingRegionStack(app, "OnboardingRegion")
    suffix, tier = (app.node.try_get_context(name) for name in ("environmentSuffix", "tier"))
    if suffix is None:
        return []
    return [
        StandaloneStack(
            app,
            f"{camel(name)}-{suffix}",
            tier=load(catalog.products[name].builds, product=name),
            suffix=suffix,
            regions=catalog.pipeline.stages[0].regions,
        )
        for name in chosen(catalog, tier=tier)
    ]


def _build_stages(
    scope: Construct, *, catalog: Catalog, digests: Mapping[str, Mapping[str, str]]
) -> None:
    """Add what each stage has in each of its regions."""
    for stage in catalog.pipeline.stages:
        offer = catalog.offer_of(stage)
        for region in stage.regions:
            env = cdk.Environment(account=stage.account, region=region)
            AssetStack(scope, f"Assets-{stage.name}-{region}", env=env, readers=offer.shares)
            PortfolioStack(
                scope,
                f"Portfolio-{stage.name}-{region}",
                env=env,
                offer=offer,
                products=catalog.products,
                digests=digests,
                canary=stage.gates.canary,
            )


def _digests(catalog: Catalog) -> Mapping[str, Mapping[str, str]]:
    """For each product that is offered, version to the primary template's sha256."""
    return {
        name: {
            entry.version: load_release(product, entry.version).manifest.templates["primary"].sha256
            for entry in product.versions
        }
        for name in catalog.offered
        for product in (catalog.products[name],)
    }


def _rights(catalog: Catalog, review: Review) -> dict[str, Any]:
    """What each role that onboarding makes may do, as its stack takes it."""
    return {
        "launch": {name: launch_rights(catalog.products[name], review) for name in catalog.offered},
        "execution": execution_rights(catalog, review),
        "witness": witness_rights(catalog, review),
        "restore": restore_rights(catalog, review),
    }


def chosen(catalog: Catalog, *, tier: str | None) -> Sequence[str]:
    """The products that become ordinary stacks: the one that the context names, or all.

    Raises:
        UsageError: None that is offered has that name.
    """
    if tier is None:
        return catalog.offered
    if tier not in catalog.offered:
        raise UsageError(
            f"tier={tier}: no such tier is offered",
            why=f"offered: {', '.join(catalog.offered)}",
            hint="name one of them in cdk.json or by -c tier=..., or leave it out for all",
        )
    return [tier]


def build_pipeline(scope: Construct, *, pipeline: Pipeline) -> None:
    """Add the pipeline's stacks, and those that let it into the stages' accounts."""
    store = PipelineStoreStack(scope, "PipelineStore", pipeline=pipeline)
    PipelineStack(scope, "Pipeline", pipeline=pipeline, store=store)
    for stage in pipeline.stages:
        StageAccessStack(scope, f"StageAccess-{stage.name}", pipeline=pipeline, stage=stage)


@uncollected()
def main() -> None:
    """Synthesise the catalog in the working folder."""
    app = cdk.App(analytics_reporting=False, builtin_cloud_formation_validation=False)
    try:
        standalone = build(app, catalog=load_catalog(Path.cwd()))
    except DrCatalogError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
    assembly = app.synth()
    for stack in standalone:
        stack.add_files(Path(assembly.directory))


if __name__ == "__main__":
    main()
