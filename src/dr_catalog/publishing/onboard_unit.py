"""Onboard every account of an organisational unit, and tell of each how it went.

    unit -> accounts below it (AWS Organizations) -> each onboarded as alone, some at once

What fails in one account keeps no other from being onboarded. Each is brought to what it needs, so a
run that was interrupted is simply run again.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from ..definitions import load_catalog
from ..errors import DrCatalogError, PublishError
from ..translation import translated
from . import organization, sharing
from .accounts import Accounts
from .assembly import synthesise
from .commit import find_stage
from .entry import check_entry
from .onboard import Onboarded, Onboarding
from .target import Target

AT_ONCE = 4


@dataclass(frozen=True)
class Outcome:
    """How onboarding one account of the unit went.

    Args:
        regions: What was found or made in each region; empty after a failure.
        error: What failed; None after success.
    """

    account: str
    regions: tuple[Onboarded, ...]
    error: DrCatalogError | None


@dataclass(frozen=True, kw_only=True)
class UnitOnboarding:
    """Onboarding of a unit's accounts, those of the units below it included.

    Args:
        root: The catalog's folder.
        stage: The stage whose portfolios the accounts get; its account runs this.
        unit: The unit's id, such as ``ou-ab12-11111111``.
        accounts: Where the clients come from.
        say: Takes one line of progress.
    """

    root: Path
    stage: str
    unit: str
    accounts: Accounts
    say: Callable[[str], None]

    def run(self) -> tuple[Outcome, ...]:
        """Onboard them; the stage's own account is left out, since publishing prepares it.

        Raises:
            NotFoundError: There is no such stage, or no such unit.
            PublishError: No account is in the unit, or portfolio.yaml shares with none of them.
            SetupError: The credentials are not the hub's, or may not ask AWS Organizations.
        """
        with translated(endpoint=os.environ.get("AWS_ENDPOINT_URL")):
            catalog = load_catalog(self.root)
            stage = find_stage(catalog, self.stage)
            check_entry(self.accounts, stage=stage, account=stage.account)
            target = Target(stage, self.accounts)
            organizations = target.client("organizations", target.home)
            found = organization.members(organizations, [self.unit])
            shares = catalog.offer_of(stage).shares
            members = organization.members_of(organizations, sharing.wanted(shares))
            due = [each for each in found if each != stage.account]
            self._check(due, {*members, *shares.accounts}, stage.portfolio)
            template = Onboarding(
                root=self.root,
                stage=self.stage,
                account="",
                accounts=self.accounts,
                say=self.say,
                templates=synthesise(self.root),
                members=members,
            )
            with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
                return tuple(
                    pool.map(lambda account: _one(replace(template, account=account)), due)
                )

    def _check(self, due: list[str], reached: set[str], file: str) -> None:
        if not due:
            raise PublishError(
                f"no account of {self.unit} is to be onboarded",
                why="neither it nor a unit below it holds an active account besides the hub",
                hint=f"aws organizations list-accounts-for-parent --parent-id {self.unit}",
            )
        if not reached & set(due):
            raise PublishError(
                f"the catalog is not shared with any account of {self.unit}",
                why=f"portfolio/{file} names neither the unit, one above it, nor its accounts",
                hint="add it to organizational_units under shares, then: "
                f"dr-catalog publish --stage {self.stage}",
            )


def _one(onboarding: Onboarding) -> Outcome:
    try:
        done = onboarding.run()
    except DrCatalogError as error:
        onboarding.say(f"{onboarding.account}: {error.what}")
        return Outcome(account=onboarding.account, regions=(), error=error)
    return Outcome(account=onboarding.account, regions=done, error=None)
