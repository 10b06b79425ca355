"""Onboard one account: everything a tenant's first launch needs, in both regions of the pair."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..definitions import Catalog, Stage, load_catalog
from ..errors import PublishError
from ..translation import translated
from .account import REGION, ROLES, asset_store, deploy_parameters, deploy_roles, peer_of
from .accounts import Accounts
from .assembly import synthesise
from .publish import PORTFOLIO, find_stage
from .stack import describe, outputs


@dataclass(frozen=True)
class Onboarded:
    """What onboarding found or made in one region of the account."""

    account: str
    region: str
    peer_region: str
    portfolio: str
    changes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Onboarding:
    """Roles and boundary once; then parameters, share and principals in each region.

    Args:
        root: The catalog's folder.
        stage: The stage whose portfolio the account gets; its account runs this.
        account: The account to onboard.
        accounts: Where the clients come from.
        say: Takes one line of progress.
    """

    root: Path
    stage: str
    account: str
    accounts: Accounts
    say: Callable[[str], None]

    def run(self) -> tuple[Onboarded, ...]:
        """Bring the account to what a launch needs.

        Raises:
            PublishError: The stage is not published, the portfolio is not shared with the account,
                or a stack failed; a rerun resumes.
            SetupError: The account can't be entered.
        """
        with translated(endpoint=os.environ.get("AWS_ENDPOINT_URL")):
            return self._run()

    def _run(self) -> tuple[Onboarded, ...]:
        catalog = load_catalog(self.root)
        stage = find_stage(catalog, self.stage)
        if self.account not in (stage.account, *catalog.portfolio.shares.accounts):
            raise PublishError(
                f"the portfolio is not shared with account {self.account}",
                why=f"portfolio/portfolio.yaml shares it with: "
                f"{', '.join(catalog.portfolio.shares.accounts) or 'nobody'}",
                hint=f"add it under shares, then: dr-catalog publish --stage {stage.name}",
            )
        portfolios = {region: self._portfolio(stage, region) for region in stage.regions}
        templates = synthesise(self.root)
        home = stage.regions[0]
        roles = deploy_roles(
            self._client("cloudformation", home),
            stage=stage,
            templates=templates,
            store=asset_store(self.accounts, stage=stage, region=home),
        )
        self.say(f"{self.account}: launch roles, StackSet roles and boundary are there")
        with ThreadPoolExecutor(max_workers=len(stage.regions)) as pool:
            done = [
                pool.submit(
                    self._region,
                    catalog,
                    stage,
                    region,
                    portfolios[region],
                    templates,
                    (f"stack {ROLES}",) if roles.changed and region == home else (),
                )
                for region in stage.regions
            ]
            return tuple(future.result() for future in done)

    def _region(
        self,
        catalog: Catalog,
        stage: Stage,
        region: str,
        portfolio: str,
        templates: Mapping[str, str],
        so_far: tuple[str, ...],
    ) -> Onboarded:
        changes = list(so_far)
        if deploy_parameters(
            self._client("cloudformation", region), stage=stage, region=region, templates=templates
        ).changed:
            changes.append(f"stack {REGION}")
        if self.account != stage.account:
            changes += self._join(catalog, region, portfolio)
        return Onboarded(
            account=self.account,
            region=region,
            peer_region=peer_of(stage, region),
            portfolio=portfolio,
            changes=tuple(changes),
        )

    def _join(self, catalog: Catalog, region: str, portfolio: str) -> list[str]:
        """Accept the share and let the portfolio's principals of this account launch from it."""
        servicecatalog = self._client("servicecatalog", region)
        changes: list[str] = []
        accepted = _pages(
            servicecatalog.list_accepted_portfolio_shares,
            "PortfolioDetails",
            PortfolioShareType="IMPORTED",
        )
        if portfolio not in {entry["Id"] for entry in accepted}:
            servicecatalog.accept_portfolio_share(
                PortfolioId=portfolio, PortfolioShareType="IMPORTED"
            )
            changes.append("share accepted")
        there = {
            entry["PrincipalARN"]
            for entry in _pages(
                servicecatalog.list_principals_for_portfolio, "Principals", PortfolioId=portfolio
            )
        }
        partition = servicecatalog.meta.partition
        for principal in catalog.portfolio.principals:
            account = "" if principal.type == "IAM_PATTERN" else self.account
            arn = f"arn:{partition}:iam::{account}:role/{principal.role}"
            if arn not in there:
                servicecatalog.associate_principal_with_portfolio(
                    PortfolioId=portfolio, PrincipalARN=arn, PrincipalType=principal.type
                )
                changes.append(f"principal {principal.role}")
        return changes

    def _portfolio(self, stage: Stage, region: str) -> str:
        stack = describe(
            self.accounts.client("cloudformation", account=stage.account, region=region), PORTFOLIO
        )
        if stack is None:
            raise PublishError(
                f"stage {stage.name} is not published in {region}",
                why=f"account {stage.account} has no stack {PORTFOLIO} there",
                hint=f"dr-catalog publish --stage {stage.name}",
            )
        return outputs(stack)["PortfolioId"]

    def _client(self, service: str, region: str) -> Any:
        return self.accounts.client(service, account=self.account, region=region)


def _pages(call: Any, field: str, **arguments: str) -> list[Any]:
    """Every entry of a Service Catalog list, which comes in pages of 20."""
    entries: list[Any] = []
    page: dict[str, str] = {}
    while True:
        answer = call(**arguments, **page)
        entries += answer[field]
        if not answer.get("NextPageToken"):
            return entries
        page = {"PageToken": answer["NextPageToken"]}
