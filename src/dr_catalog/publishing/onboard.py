"""Onboard one account: everything a tenant's first launch needs, in both regions of the pair."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..definitions import Offer, Shares, Stage, load_catalog
from ..errors import PublishError
from ..translation import translated
from . import membership, organization, regional_settings, sharing
from .account import (
    REGION,
    ROLES,
    asset_store,
    deploy_parameters,
    deploy_roles,
    peer_of,
    restore_parameters,
)
from .accounts import Accounts
from .assembly import synthesise
from .commit import find_stage
from .entry import check_account_id, check_entry
from .inventory import PORTFOLIO, look
from .target import Target


@dataclass(frozen=True)
class Onboarded:
    """What onboarding found or made in one region of the account.

    Args:
        portfolios: Name to id.
    """

    account: str
    region: str
    peer_region: str
    portfolios: Mapping[str, str]
    changes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Onboarding:
    """Roles and boundary once; then parameters, shares, principals and settings in each region.

    Args:
        root: The catalog's folder.
        stage: The stage whose portfolios the account gets; its account runs this.
        account: The account to onboard.
        accounts: Where the clients come from.
        say: Takes one line of progress.
        templates: The catalog's stacks, where they are synthesised already.
        members: The accounts that the organisation's shares reach, where they are known already.
    """

    root: Path
    stage: str
    account: str
    accounts: Accounts
    say: Callable[[str], None]
    templates: Mapping[str, str] | None = None
    members: Collection[str] | None = None

    def run(self) -> tuple[Onboarded, ...]:
        """Bring the account to what a launch needs, and back to it where it drifted.

        Raises:
            UsageError: The account is not 12 digits.
            NotFoundError: There is no such stage.
            PublishError: The stage is not published, a portfolio is not shared with the account, or
                a stack failed; a rerun resumes.
            SetupError: The credentials are not the hub's, the account can't be entered, or has
                disabled a region.
        """
        with translated(endpoint=os.environ.get("AWS_ENDPOINT_URL")):
            return self._run()

    def _run(self) -> tuple[Onboarded, ...]:
        check_account_id(self.account)
        catalog = load_catalog(self.root)
        stage = find_stage(catalog, self.stage)
        offer = catalog.offer_of(stage)
        self._check_shared(stage, offer.shares)
        check_entry(self.accounts, stage=stage, account=self.account)
        portfolios = {
            region: self._portfolios(stage, region, offer.shares) for region in stage.regions
        }
        templates = self.templates or synthesise(self.root)
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
                    offer,
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
        offer: Offer,
        stage: Stage,
        region: str,
        portfolios: Mapping[str, str],
        templates: Mapping[str, str],
        so_far: tuple[str, ...],
    ) -> Onboarded:
        changes = list(so_far)
        if deploy_parameters(
            self._client("cloudformation", region), stage=stage, region=region, templates=templates
        ).changed:
            changes.append(f"stack {REGION}")
        drifted = restore_parameters(self._client("ssm", region), stage=stage, region=region)
        changes += [f"parameter {name}" for name in drifted]
        if self.account != stage.account:
            changes += [
                f"{name}: {change}"
                for name, portfolio in portfolios.items()
                for change in membership.join(
                    self._client("servicecatalog", region),
                    portfolio=portfolio,
                    account=self.account,
                    principals=offer.principals,
                    own_share=self.account in offer.shares.accounts,
                )
            ]
        changes += regional_settings.reconcile(self._client("backup", region))
        return Onboarded(
            account=self.account,
            region=region,
            peer_region=peer_of(stage, region),
            portfolios=portfolios,
            changes=tuple(changes),
        )

    def _check_shared(self, stage: Stage, shares: Shares) -> None:
        if self.account in (stage.account, *shares.accounts):
            return
        nodes = sharing.wanted(shares)
        members = self.members if nodes else ()
        if members is None:
            check_entry(self.accounts, stage=stage, account=stage.account)
            target = Target(stage, self.accounts)
            members = organization.members_of(target.client("organizations", target.home), nodes)
        if self.account not in members:
            raise PublishError(
                f"the catalog is not shared with account {self.account}",
                why="portfolio/"
                f"{stage.portfolio} shares with: "
                f"{', '.join([*shares.accounts, *(key for _, key in nodes)]) or 'nobody'}",
                hint=f"add it under shares, then: dr-catalog publish --stage {stage.name}",
            )

    def _portfolios(self, stage: Stage, region: str, shares: Shares) -> Mapping[str, str]:
        """What the stage has published there, all of which must be shared with the account."""

        def hub(service: str) -> Any:
            return self.accounts.client(service, account=stage.account, region=region)

        portfolios = look(hub("cloudformation")).portfolios
        if not portfolios:
            raise PublishError(
                f"stage {stage.name} is not published in {region}",
                why=f"account {stage.account} has no stack {PORTFOLIO} there, or an unfinished one",
                hint=f"dr-catalog publish --stage {stage.name}",
            )
        for name, portfolio in portfolios.items():
            if not self._is_shared(hub("servicecatalog"), stage, portfolio, shares):
                raise PublishError(
                    f"'{name}' is not yet shared with account {self.account} in {region}",
                    why=f"portfolio/{stage.portfolio} shares it, and what is published does not",
                    hint=f"dr-catalog publish --stage {stage.name}",
                )
        return portfolios

    def _is_shared(self, servicecatalog: Any, stage: Stage, portfolio: str, shares: Shares) -> bool:
        if self.account == stage.account:
            return True
        if self.account in shares.accounts:
            return self.account in sharing.accepted(servicecatalog, portfolio)
        there = sharing.found(servicecatalog, portfolio)
        return any(node in there for node in sharing.wanted(shares))

    def _client(self, service: str, region: str) -> Any:
        return self.accounts.client(service, account=self.account, region=region)
