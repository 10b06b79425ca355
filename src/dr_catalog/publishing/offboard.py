"""Offboard one account: take away what onboarding gave it, once nothing is launched there.

    plan (reads only): launches -> refused, or what is there, as data
    run: principals in both regions -> launches again -> shares and parameters -> roles

Who could launch goes first, so that nothing new begins; the roles go last, since whatever is launched
needs them to be terminated. Each run takes what is still there, so one that was interrupted is simply
run again. The settings of AWS Backup stay: they are the account's, and others may rely on them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from .. import names
from ..definitions import Catalog, Stage, load_catalog
from ..errors import PublishError
from ..translation import translated
from . import membership
from .account import REGION, ROLES, hub_of
from .accounts import Accounts
from .commit import find_stage
from .entry import check_account_id, check_entry
from .inventory import look
from .stack import describe, remove

T = TypeVar("T")
_LAUNCH_ROLE = f":role/{names.LAUNCH_ROLE.of(suffix='')}"


@dataclass(frozen=True)
class Launched:
    """A provisioned product that is there, by whomever it was launched."""

    name: str
    product: str
    version: str
    region: str

    @property
    def options(self) -> str:
        """What a command needs to find it."""
        suffix, layer = names.of_launch(self.name)
        return names.launch_options(suffix=suffix, layer=layer)

    def __str__(self) -> str:
        suffix, _ = names.of_launch(self.name)
        return f"'{suffix}' ({self.product} {self.version}) in {self.region}"


@dataclass(frozen=True)
class Held:
    """A portfolio that the account has in one region.

    Args:
        name: What it is called.
        id: Its id.
        share: Whether it has it by a share of its own; an organisation's ends with portfolio.yaml.
        principals: ARN and type of each that may launch from it.
    """

    name: str
    id: str
    share: bool
    principals: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Attached:
    """What ties one region of the account to the stage.

    Args:
        region: The region.
        portfolios: Those that the account has.
        parameters: Whether the stack with the two parameters is there.
    """

    region: str
    portfolios: tuple[Held, ...]
    parameters: bool

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to take away."""
        return not self.parameters and not any(
            each.share or each.principals for each in self.portfolios
        )


@dataclass(frozen=True)
class OffboardingPlan:
    """What offboarding would take away.

    Args:
        roles: Whether the stack with roles and boundary is there.
    """

    account: str
    stage: Stage
    regions: tuple[Attached, ...]
    roles: bool

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to take away."""
        return not self.roles and all(each.nothing for each in self.regions)


@dataclass(frozen=True)
class Offboarded:
    """What offboarding took from one region of the account."""

    account: str
    region: str
    changes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Offboarding:
    """Principals, shares, parameters, roles and boundary, taken away in this order.

    Args:
        root: The catalog's folder.
        stage: The stage that the account was onboarded for; its account runs this.
        account: The account to offboard; portfolio.yaml need not share with it any more.
        accounts: Where the clients come from.
        say: Takes one line of progress.
    """

    root: Path
    stage: str
    account: str
    accounts: Accounts
    say: Callable[[str], None]

    def plan(self) -> OffboardingPlan:
        """Look at what is there; nothing is changed.

        Raises:
            UsageError: The account is not 12 digits.
            NotFoundError: There is no such stage.
            PublishError: Something is launched in the account, it publishes a stage itself, or it
                was onboarded from another hub.
            SetupError: The credentials are not the hub's, the account can't be entered, or has
                disabled a region.
        """
        with translated(endpoint=os.environ.get("AWS_ENDPOINT_URL")):
            check_account_id(self.account)
            catalog = load_catalog(self.root)
            stage = find_stage(catalog, self.stage)
            self._check_is_tenant(catalog)
            check_entry(self.accounts, stage=stage, account=self.account)
            cloudformation = self._client("cloudformation", stage.regions[0])
            hub = hub_of(cloudformation)
            self._check_hub(catalog, stage, hub)
            self._check_nothing_launched(stage)
            return OffboardingPlan(
                account=self.account,
                stage=stage,
                regions=self._each(stage, lambda region: self._attached(stage, region)),
                roles=hub is not None,
            )

    def run(self, plan: OffboardingPlan) -> tuple[Offboarded, ...]:
        """Take away what the plan found.

        Raises:
            PublishError: Something was launched meanwhile, or a stack can't be deleted; a rerun
                resumes.
        """
        with translated(endpoint=os.environ.get("AWS_ENDPOINT_URL")):
            for attached in plan.regions:
                self._close(attached)
            # A launch that began after the plan was made and before the doors were closed.
            self._check_nothing_launched(
                plan.stage,
                more="; nobody can launch there any more, unless it is onboarded again",
            )
            by_region = {attached.region: attached for attached in plan.regions}
            done = self._each(plan.stage, lambda region: self._leave(by_region[region]))
            home = plan.stage.regions[0]
            changes = {each.region: each.changes for each in done}
            if plan.roles and remove(self._client("cloudformation", home), name=ROLES):
                changes[home] += (f"stack {ROLES}",)
            return tuple(
                Offboarded(account=self.account, region=region, changes=changes[region])
                for region in plan.stage.regions
            )

    def _check_is_tenant(self, catalog: Catalog) -> None:
        for stage in catalog.pipeline.stages:
            if stage.account == self.account:
                raise PublishError(
                    f"account {self.account} can't be offboarded",
                    why=f"it publishes stage {stage.name}, and a launch constraint needs its role "
                    "in the account that publishes",
                    hint="name the account of a tenant",
                )

    def _check_hub(self, catalog: Catalog, stage: Stage, hub: str | None) -> None:
        if hub in (None, names.ASSET_BUCKET_PREFIX.of(account=stage.account)):
            return
        owner = next(
            (
                each.name
                for each in catalog.pipeline.stages
                if names.ASSET_BUCKET_PREFIX.of(account=each.account) == hub
            ),
            None,
        )
        raise PublishError(
            f"account {self.account} was not onboarded for stage {stage.name}",
            why=f"its roles read code from {hub}-<region>, another hub's",
            hint=f"dr-catalog offboard --account {self.account} --stage {owner}"
            if owner
            else "offboard it with the catalog that it was onboarded with",
        )

    def _check_nothing_launched(self, stage: Stage, *, more: str = "") -> None:
        found = [
            each
            for region in self._each(stage, lambda region: tuple(self._launched(region)))
            for each in region
        ]
        if not found:
            return
        first = found[0]
        raise PublishError(
            f"account {self.account} can't be offboarded: "
            f"{len(found)} {'launch is' if len(found) == 1 else 'launches are'} there",
            why=f"{', '.join(map(str, found))}{more}",
            hint=f"terminate each with credentials of the account, such as: dr-catalog terminate "
            f"{first.options} --region {first.region}",
        )

    def _launched(self, region: str) -> Iterator[Launched]:
        """The account's launches from this catalog, also by others than this role.

        A provisioned product that says nothing of its role counts as one.
        """
        servicecatalog = self._client("servicecatalog", region)
        mine = {"Key": "Account", "Value": "self"}
        there = [
            entry
            for entry in membership.pages(
                servicecatalog.scan_provisioned_products,
                "ProvisionedProducts",
                AccessLevelFilter=mine,
            )
            if _LAUNCH_ROLE in self._launch_role(servicecatalog, entry["Id"])
        ]
        if not there:
            return
        # The scan misses nothing but knows no names; the search knows them.
        named = {
            entry["Id"]: entry
            for entry in membership.pages(
                servicecatalog.search_provisioned_products,
                "ProvisionedProducts",
                AccessLevelFilter=mine,
            )
        }
        for entry in there:
            known = named.get(entry["Id"], {})
            yield Launched(
                name=entry["Name"],
                product=known.get("ProductName") or entry.get("ProductId", ""),
                version=known.get("ProvisioningArtifactName")
                or entry.get("ProvisioningArtifactId", ""),
                region=region,
            )

    def _launch_role(self, servicecatalog: Any, launch_id: str) -> str:
        detail = servicecatalog.describe_provisioned_product(Id=launch_id)
        return detail["ProvisionedProductDetail"].get("LaunchRoleArn") or _LAUNCH_ROLE

    def _attached(self, stage: Stage, region: str) -> Attached:
        hub = self.accounts.client("cloudformation", account=stage.account, region=region)
        return Attached(
            region=region,
            portfolios=tuple(
                held
                for name, portfolio in look(hub).portfolios.items()
                if (held := self._held(region, name, portfolio)) is not None
            ),
            parameters=describe(self._client("cloudformation", region), REGION) is not None,
        )

    def _held(self, region: str, name: str, portfolio: str) -> Held | None:
        servicecatalog = self._client("servicecatalog", region)
        share = membership.reaches(servicecatalog, portfolio, membership.IMPORTED)
        if not share and not membership.reaches(servicecatalog, portfolio, membership.ORGANIZATION):
            return None
        principals = membership.associated(servicecatalog, portfolio)
        return Held(name=name, id=portfolio, share=share, principals=principals)

    def _close(self, attached: Attached) -> None:
        servicecatalog = self._client("servicecatalog", attached.region)
        for held in attached.portfolios:
            for arn, kind in held.principals:
                servicecatalog.disassociate_principal_from_portfolio(
                    PortfolioId=held.id, PrincipalARN=arn, PrincipalType=kind
                )
        if any(held.principals for held in attached.portfolios):
            self.say(f"{attached.region}: nobody of {self.account} can launch any more")

    def _leave(self, attached: Attached) -> Offboarded:
        changes: list[str] = []
        for held in attached.portfolios:
            changes += [
                f"{held.name}: principal {arn.rpartition('/')[2]}" for arn, _ in held.principals
            ]
            if held.share:
                self._client("servicecatalog", attached.region).reject_portfolio_share(
                    PortfolioId=held.id, PortfolioShareType="IMPORTED"
                )
                changes.append(f"{held.name}: share")
        if attached.parameters and remove(
            self._client("cloudformation", attached.region), name=REGION
        ):
            changes.append(f"stack {REGION}")
        return Offboarded(account=self.account, region=attached.region, changes=tuple(changes))

    def _each(self, stage: Stage, work: Callable[[str], T]) -> tuple[T, ...]:
        """What ``work`` returns in each region; both are always done, also where one fails."""
        with ThreadPoolExecutor(max_workers=len(stage.regions)) as pool:
            return tuple(pool.map(work, stage.regions))

    def _client(self, service: str, region: str) -> Any:
        return self.accounts.client(service, account=self.account, region=region)
