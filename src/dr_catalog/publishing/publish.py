"""Publish the catalog in one stage, in both regions of its pair."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import names
from ..definitions import Catalog, Stage, load_catalog
from ..errors import NotFoundError, SetupError
from ..translation import translated
from . import files, guidance
from .account import asset_store, deploy_parameters, deploy_roles
from .accounts import Accounts
from .assembly import synthesise
from .stack import deploy, describe, outputs

ASSETS, PORTFOLIO = "dr-catalog-assets", "dr-catalog-portfolio"


@dataclass(frozen=True)
class Published:
    """What publishing found or made in one region.

    Args:
        changes: What was written; empty when everything was there.
    """

    region: str
    portfolio: str
    changes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Publishing:
    """Assets first, then the portfolio with its versions, then guidance, then a look at the digests.

    Args:
        root: The catalog's folder.
        stage: A stage of ``pipeline/pipeline.yaml``.
        accounts: Where the clients come from.
        say: Takes one line of progress.
    """

    root: Path
    stage: str
    accounts: Accounts
    say: Callable[[str], None]

    def run(self) -> tuple[Published, ...]:
        """Bring the stage to what the repository says.

        Raises:
            NotFoundError: There is no such stage.
            SetupError: The credentials are another account's.
            PublishError: A region could not be published; a rerun resumes.
        """
        with translated(endpoint=os.environ.get("AWS_ENDPOINT_URL")):
            return self._run()

    def _run(self) -> tuple[Published, ...]:
        catalog = load_catalog(self.root)
        stage = find_stage(catalog, self.stage)
        if self.accounts.own != stage.account:
            raise SetupError(
                f"stage {stage.name} is published in account {stage.account}",
                why=f"the credentials are of account {self.accounts.own}",
                hint=f"use credentials of {stage.account}, or mend pipeline/pipeline.yaml",
            )
        self.say(f"synthesising the stacks of stage {stage.name}")
        templates = synthesise(self.root)
        home = stage.regions[0]
        with ThreadPoolExecutor(max_workers=len(stage.regions)) as pool:
            # The bucket first, since the roles' template may have to go through it.
            buckets = dict(
                zip(
                    stage.regions,
                    pool.map(lambda region: self._bucket(stage, region, templates), stage.regions),
                    strict=True,
                )
            )
            # A launch constraint is refused until its role exists in this account too.
            deploy_roles(
                self.accounts.client("cloudformation", account=stage.account, region=home),
                stage=stage,
                templates=templates,
                store=asset_store(self.accounts, stage=stage, region=home),
            )
            done = [
                pool.submit(self._region, catalog, stage, region, templates, buckets[region])
                for region in stage.regions
            ]
            return tuple(future.result() for future in done)

    def _bucket(self, stage: Stage, region: str, templates: Mapping[str, str]) -> tuple[str, ...]:
        """The asset bucket of the region, and what was changed for it."""
        deployed = deploy(
            self.accounts.client("cloudformation", account=stage.account, region=region),
            name=ASSETS,
            template=templates[f"Assets-{stage.name}-{region}"],
        )
        return (f"stack {ASSETS}",) if deployed.changed else ()

    def _region(
        self,
        catalog: Catalog,
        stage: Stage,
        region: str,
        templates: Mapping[str, str],
        so_far: tuple[str, ...],
    ) -> Published:
        def client(service: str) -> Any:
            return self.accounts.client(service, account=stage.account, region=region)

        cloudformation = client("cloudformation")
        changes = list(so_far)
        store = asset_store(self.accounts, stage=stage, region=region)
        bucket = store.bucket
        deploy_parameters(cloudformation, stage=stage, region=region, templates=templates)
        offered = [catalog.products[name] for name in catalog.portfolio.products]

        written = files.upload(client("s3"), bucket=bucket, files=files.released(offered))
        if written:
            changes.append(f"{len(written)} files")
            self.say(f"{region}: {len(written)} files in {bucket}")
        portfolio = deploy(
            cloudformation,
            name=PORTFOLIO,
            template=templates[f"Portfolio-{stage.name}-{region}"],
            store=store,
        )
        if portfolio.changed:
            changes.append(f"stack {PORTFOLIO}")
        portfolio_id = portfolio.outputs["PortfolioId"]
        for product in offered:
            if product.versions:
                versions = guidance.reconcile(
                    client("servicecatalog"),
                    product=product,
                    product_id=portfolio.outputs[f"{names.camel(product.product)}Id"],
                )
                changes += [f"guidance of {product.product} {version}" for version in versions]
        files.check(client("s3"), bucket=bucket, keys=written)
        return Published(region=region, portfolio=portfolio_id, changes=tuple(changes))


def portfolio_of(cloudformation: Any) -> str | None:
    """The id of the portfolio that is published there; None where none is, or not to the end."""
    stack = describe(cloudformation, PORTFOLIO)
    return outputs(stack).get("PortfolioId") if stack else None


def find_stage(catalog: Catalog, name: str) -> Stage:
    """The stage of that name.

    Raises:
        NotFoundError: There is none.
    """
    stage = catalog.pipeline.stage(name)
    if stage is None:
        known = ", ".join(stage.name for stage in catalog.pipeline.stages)
        raise NotFoundError(
            f"there is no stage '{name}'",
            why=f"pipeline/pipeline.yaml defines: {known}",
            hint="name one of them with --stage, or add it there",
        )
    return stage
