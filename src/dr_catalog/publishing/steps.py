"""The steps of publishing, each in both regions of a stage; each leaves alone what is there already.

Every function takes the work and what the stage has, and returns by region what it changed, in words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .. import names
from . import digests as proofs
from . import files, guidance, inventory, sharing
from .account import REGION, ROLES, asset_store, deploy_parameters, deploy_roles
from .commit import Commit
from .inventory import PORTFOLIO, Inventory
from .stack import ATTEMPTS, Deployed, Overtaken, deploy, discard, execute, overtaken, prepare
from .target import Target

ASSETS = "dr-catalog-assets"
Found = Mapping[str, Inventory]
Changes = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Work:
    """What is published where.

    Args:
        templates: The assembly's templates by stack name; empty where no step needs them.
        say: Takes one line of progress.
    """

    commit: Commit
    target: Target
    templates: Mapping[str, str]
    say: Callable[[str], None]

    def look(self) -> Found:
        """What the stage has by now."""
        return self.target.each(
            lambda region: inventory.look(self.target.client("cloudformation", region))
        )


def assets(work: Work, found: Found) -> Changes:
    """The bucket, what a launch in the stage's own account needs, and every file of the releases."""
    target, stage = work.target, work.target.stage
    # The bucket first, since the roles' template may have to go through it.
    buckets = target.each(
        lambda region: deploy(
            target.client("cloudformation", region),
            name=ASSETS,
            template=work.templates[f"Assets-{stage.name}-{region}"],
        )
    )
    # A launch constraint is refused until its role exists in this account too.
    roles = deploy_roles(
        target.client("cloudformation", target.home),
        stage=stage,
        templates=work.templates,
        store=asset_store(target.accounts, stage=stage, region=target.home),
    )
    held = work.commit.files()

    def upload(region: str) -> tuple[str, ...]:
        parameters = deploy_parameters(
            target.client("cloudformation", region),
            stage=stage,
            region=region,
            templates=work.templates,
        )
        bucket = asset_store(target.accounts, stage=stage, region=region).bucket
        written = files.upload(target.client("s3", region), bucket=bucket, files=held)
        if written:
            work.say(f"{region}: {len(written)} files in {bucket}")
        return (
            *((f"stack {ASSETS}",) if buckets[region].changed else ()),
            *((f"stack {ROLES}",) if roles.changed and region == target.home else ()),
            *((f"stack {REGION}",) if parameters.changed else ()),
            *((f"{len(written)} files",) if written else ()),
        )

    return target.each(upload)


def portfolio(work: Work, found: Found) -> Changes:
    """The portfolios with their products, versions and shares."""
    target = work.target
    deployed = _deploy_portfolio(work)
    _tell_new(work, found[target.home])

    def finish(region: str) -> tuple[str, ...]:
        servicecatalog = target.client("servicecatalog", region)
        made = deployed[region]
        closed = (
            _close_new(servicecatalog, work.commit, found[region], made) if made.changed else ()
        )
        offer = work.commit.offer
        changes = [
            f"{each.name}: {change}"
            for key, each in offer.keyed
            for change in sharing.reconcile(
                servicecatalog, portfolio=made.outputs[f"Portfolio{key}Id"], shares=offer.shares
            )
        ]
        return (*((f"stack {PORTFOLIO}",) if made.changed else ()), *closed, *changes)

    return target.each(finish)


def _tell_new(work: Work, before: Inventory) -> None:
    """Say which products an account that was onboarded before can't launch yet."""
    new = [name for name in work.commit.products if name not in before.products]
    if before.products and new:
        work.say(
            f"new: {', '.join(new)}; an account that is onboarded again gets their launch roles, and "
            "their portfolio"
        )


def _close_new(
    servicecatalog: Any, commit: Commit, before: Inventory, made: Deployed
) -> tuple[str, ...]:
    """Close the new versions that are deprecated or retired: CloudFormation makes each open.

    At once, so that nobody launches one in between, which would then hold its retirement up.
    """
    changes: list[str] = []
    for name, product in commit.products.items():
        new = tuple(
            entry
            for entry in product.versions
            if entry.guidance in ("deprecated", "retired")
            and not before.sha256(name, entry.version)
        )
        if new:
            key = made.outputs[f"{names.camel(name)}Id"]
            versions = guidance.reconcile(
                servicecatalog,
                product=replace(product, versions=new),
                product_id=key,
                found=inventory.artifacts(servicecatalog, product=name, product_id=key),
            )
            changes += [f"guidance of {name} {version}" for version in versions]
    return tuple(changes)


def _deploy_portfolio(work: Work) -> Mapping[str, Deployed]:
    """Change sets in all regions before one is executed: what CloudFormation refuses changes nothing.

    Raises:
        PublishError: A stack failed; or others publish the same stage all the time.
    """
    target = work.target
    changed: set[str] = set()
    for _ in range(ATTEMPTS):
        prepared = target.each(
            lambda region: prepare(
                target.client("cloudformation", region),
                name=PORTFOLIO,
                template=work.templates[f"Portfolio-{target.stage.name}-{region}"],
                store=asset_store(target.accounts, stage=target.stage, region=region),
            )
        )
        done: dict[str, Deployed] = {}
        try:
            for region, each in prepared.items():  # home first
                done[region] = execute(each)
                if done[region].changed:
                    changed.add(region)
                    work.say(f"{region}: portfolios and versions are published")
        except Overtaken:
            work.say("someone else publishes this stage at the same time: beginning again")
            for region in prepared.keys() - done.keys():
                discard(prepared[region])
            continue
        return {
            region: Deployed(name=PORTFOLIO, changed=region in changed, outputs=each.outputs)
            for region, each in done.items()
        }
    raise overtaken(PORTFOLIO)


def guide(work: Work, found: Found) -> Changes:
    """Guidance, activity and descriptions of the versions."""
    target = work.target

    def reconcile(region: str) -> tuple[str, ...]:
        servicecatalog = target.client("servicecatalog", region)
        changes: list[str] = []
        for name, product in work.commit.products.items():
            key = found[region].products.get(name, "")
            there = inventory.artifacts(servicecatalog, product=name, product_id=key) if key else {}
            versions = guidance.reconcile(
                servicecatalog, product=product, product_id=key, found=there
            )
            changes += [f"guidance of {name} {version}" for version in versions]
        return tuple(changes)

    return target.each(reconcile)


def digests(work: Work, found: Found) -> Changes:
    """The proof that the stage has the commit's bytes and says of them what the commit does."""
    target = work.target
    return target.each(
        lambda region: proofs.prove(
            target.client("s3", region),
            target.client("servicecatalog", region),
            bucket=asset_store(target.accounts, stage=target.stage, region=region).bucket,
            commit=work.commit,
            there=found[region],
        )
    )


STEPS: Mapping[str, Callable[[Work, Found], Changes]] = {
    "assets": assets,
    "portfolio": portfolio,
    "guidance": guide,
    "digests": digests,
}
"""In the order in which they are done."""
