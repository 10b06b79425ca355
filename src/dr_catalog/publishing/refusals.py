"""What publishing refuses before it writes anything, so that a stage is published whole or not at all.

    commit <-> the stage's inventory in each region     a release that changed; too many versions
    commit <-> the inventory of the stage before        a version that skips a stage
    commit <-> what tenants run                          a version, a product or a share that they need

The first portfolio keeps its place: a stage knows it by that, whatever it is called.

Tenants' accounts are entered only when something of theirs is to be closed, and the stage before only
when a version is new here; so a run with nothing new asks neither.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..errors import PublishError
from ..releases.quotas import VERSIONS
from . import inventory, organization, sharing, usage
from .commit import Commit
from .inventory import Artifact, Inventory
from .target import Target

Version = tuple[str, str]
"""A product's name and a version's."""


@dataclass(frozen=True)
class Refusals:
    """The checks of one commit against one stage.

    Args:
        found: What the stage has, by region.
    """

    commit: Commit
    target: Target
    found: Mapping[str, Inventory]

    def check(self) -> None:
        """Raise the first refusal.

        Raises:
            PublishError: With what, why and the command that mends it.
            SetupError: An account that must be asked can't be entered.
        """
        self._check_unchanged()
        self._check_places()
        self._check_number()
        self._check_order()
        self._check_closing()
        self._check_shares()

    def _check_unchanged(self) -> None:
        for product, entry in self.commit.versions():
            name, version = product.product, entry.version
            ours = self.commit.sha256(name, version)
            for region, there in self.found.items():
                published = there.sha256(name, version)
                if published not in ("", ours):
                    raise PublishError(
                        f"{name} {version} changed after it was published "
                        f"in stage {self.commit.stage.name}",
                        why=f"{region} has its template {published}, the release is {ours}",
                        hint="restore the release from version control, and freeze what is new as "
                        f"the next version: dr-catalog release {name} <version>",
                    )

    def _check_places(self) -> None:
        """Refuse another portfolio's place: tenants would be handed its products under the old one."""
        ours = [each.name for each in self.commit.offer.portfolios]
        for region, there in self.found.items():
            first = next(iter(there.portfolios), ours[0])
            if ours[0] != first and (ours[0] in there.portfolios or first in ours):
                raise PublishError(
                    f"'{first}' is the first portfolio of stage {self.commit.stage.name} "
                    f"and can't change places with '{ours[0]}'",
                    why=f"{region} has it as {there.portfolios[first]}, which would become "
                    f"'{ours[0]}' for everyone it is shared with",
                    hint=f"put '{first}' first in portfolio/{self.commit.stage.portfolio}; a "
                    "portfolio may be renamed where it stands",
                )

    def _check_number(self) -> None:
        for product in self.commit.products.values():
            if len(product.versions) <= VERSIONS:
                continue
            retired = [each.version for each in product.versions if each.guidance == "retired"]
            used = {
                each.version
                for each in (self._usage(self._tenants()).launches if retired else ())
                if each.product == product.product
            }
            free = [version for version in retired if version not in used]
            raise PublishError(
                f"{product.product} has {len(product.versions)} versions, "
                f"and Service Catalog holds {VERSIONS} of a product",
                why=f"retired and run by nobody: {', '.join(free)}"
                if free
                else "no version is retired and run by nobody",
                hint=f"take lines such as that of {free[0]} out of versions in "
                f"{product.folder / 'product.yaml'}, with its folder below releases/"
                if free
                else "write guidance: retired for old versions that `dr-catalog tenants` shows no "
                "launch of, publish, and take them out with the next commit",
            )

    def _check_order(self) -> None:
        before = self.commit.before
        new = [
            (product.product, entry.version)
            for product, entry in self.commit.versions()
            if any(
                not there.sha256(product.product, entry.version) for there in self.found.values()
            )
        ]
        if before is None or not new:
            return
        earlier = Target(before, self.target.accounts.beside())
        passed = earlier.each(
            lambda region: inventory.look(earlier.client("cloudformation", region))
        )
        for name, version in new:
            for region, there in passed.items():
                published = there.sha256(name, version)
                if published != self.commit.sha256(name, version):
                    raise PublishError(
                        f"{name} {version} skips stage {before.name} "
                        f"on its way to {self.commit.stage.name}",
                        why=f"{before.name} has "
                        + ("other bytes under this version" if published else "no such version")
                        + f" in {region}",
                        hint=f"dr-catalog publish --stage {before.name}",
                    )

    def _check_closing(self) -> None:
        closing: set[Version] = set()
        for region, there in self.found.items():
            for name, versions in there.digests.items():
                closing |= self._closing(region, there, name, versions)
        if not closing:
            return
        self._refuse_used(
            f"{', '.join(f'{name} {version}' for name, version in sorted(closing))} can't be "
            "retired or removed",
            [
                each
                for each in self._looked_into(self._tenants())
                if (each.product, each.version) in closing
            ],
            hint="let each be upgraded or terminated first: dr-catalog upgrade {options} "
            "--region {region}, with credentials of its account; until then write "
            "guidance: deprecated",
        )

    def _closing(
        self, region: str, there: Inventory, name: str, versions: Iterable[str]
    ) -> set[Version]:
        """The versions of a product that tenants could use in this region, and soon can't."""
        product = self.commit.products.get(name)
        if product is None:  # no longer offered
            return {(name, version) for version in versions}
        listed = {entry.version: entry.guidance for entry in product.versions}
        going = {version for version in versions if listed.get(version, "retired") == "retired"}
        if not going:
            return set()
        known = self._artifacts(region, there, name)
        closing: set[Version] = set()
        for version in going:
            artifact = known.get(version)
            if artifact is not None and artifact.active:
                if version not in listed:
                    raise PublishError(
                        f"{name} {version} is still open in stage {self.commit.stage.name}, and "
                        "product.yaml no longer lists it",
                        why="only a retired version can be removed",
                        hint="list it with guidance: retired, and publish; then remove it",
                    )
                closing.add((name, version))
            elif version not in listed:
                closing.add((name, version))
        return closing

    def _artifacts(self, region: str, there: Inventory, name: str) -> Mapping[str, Artifact]:
        if name not in there.products:
            return {}
        return inventory.artifacts(
            self.target.client("servicecatalog", region),
            product=name,
            product_id=there.products[name],
        )

    def _check_shares(self) -> None:
        home, shares = self.found[self.target.home], self.commit.offer.shares
        servicecatalog = self.target.client("servicecatalog", self.target.home)
        nodes = sharing.nodes(servicecatalog, home.portfolios.values())
        wanted = set(sharing.wanted(shares))
        if wanted - nodes:
            sharing.check_access(servicecatalog)
        dropped = {*home.accounts, *self._members(nodes - wanted)} - set(shares.accounts)
        if dropped:
            dropped -= set(self._members(wanted))
        if not dropped:
            return
        self._refuse_used(
            f"{self.commit.stage.portfolio} no longer shares with {', '.join(sorted(dropped))}",
            self._looked_into(dropped),
            hint="let each be terminated first: dr-catalog terminate {options} "
            "--region {region}, with credentials of its account; then offboard the account",
        )

    def _refuse_used(self, what: str, launches: Iterable[usage.Launch], *, hint: str) -> None:
        used = list(launches)
        if used:
            raise PublishError(
                f"{what}: {len(used)} {'launch needs' if len(used) == 1 else 'launches need'} it",
                why=", ".join(map(str, used)),
                hint=hint.format(options=used[0].options, region=used[0].region),
            )

    def _tenants(self) -> tuple[str, ...]:
        """Every account that can have launched: those that have the portfolios, and the hub."""
        return (
            self.commit.stage.account,
            *usage.tenants(self.target, self.found[self.target.home]),
        )

    def _members(self, nodes: Collection[organization.Node]) -> tuple[str, ...]:
        if not nodes:
            return ()
        client = self.target.client("organizations", self.target.home)
        return organization.members_of(client, nodes)

    def _usage(self, tenants: Iterable[str]) -> usage.Usage:
        return usage.look(
            self.target,
            accounts=tenants,
            named=self.target.each(
                lambda region: usage.names_of(
                    self.target.client("servicecatalog", region), self.found[region]
                )
            ),
        )

    def _looked_into(self, tenants: Iterable[str]) -> Iterator[usage.Launch]:
        """What the accounts run; an account that can't be entered must never have had a portfolio.

        Raises:
            PublishError: An account may run something, and can't be asked.
        """
        found = self._usage(tenants)
        for account in sorted(found.closed):
            if self._may_have_launched(account):
                raise PublishError(
                    f"no one can tell what account {account} runs",
                    why=found.closed[account],
                    hint=f"dr-catalog onboard --account {account} "
                    f"--stage {self.commit.stage.name} makes the role that looks",
                )
        yield from found.launches

    def _may_have_launched(self, account: str) -> bool:
        for region, there in self.found.items():
            client = self.target.client("servicecatalog", region)
            for portfolio in there.portfolios.values():
                # Without a share of its own it is its organisation's that reaches it.
                if sharing.accepted(client, portfolio).get(account, True):
                    return True
        return False
