"""What the catalog's products come to together, held against what AWS takes: roles, policies, stacks.

    offered products -> policies of each role that onboarding makes -> IAM's quotas, the stack's size
    offer            -> resources and outputs of the stack that publishes the portfolios

Without this, synthesis would fail on the first, and CloudFormation on the second, in the middle of
publishing. A stack's 500 resources are reached before an account's 1,000 roles or 1,500 policies.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from .. import launch_roles
from ..definitions import Catalog, Offer
from ..errors import ReleaseError
from .findings import Finding
from .quotas import OUTPUTS, RESOURCES, TEMPLATE_BYTES
from .rights import execution_rights, launch_rights, restore_rights, witness_rights

_AROUND = 400  # bytes of the template around a policy's document, or of a role without its policies
_BESIDE = (
    5,
    10_000,
)  # resources and bytes of what each catalog has: observer, administration, boundary
_SUBSTITUTED = len('{"Fn::Sub":}')

Policies = list[launch_roles.Document]


def check_roles(catalog: Catalog) -> Iterator[Finding]:
    """What does not fit of the roles that onboarding makes in each account for the products offered."""
    documents: Policies = []
    made = 0
    for role, make in _roles(catalog):
        try:
            found = make()
        except ReleaseError as error:
            yield Finding(
                product=role,
                version="",
                template="",
                resource="",
                rule="launch-role",
                message=f"{error.what}: {error.why}",
                hint=error.hint,
            )
            continue
        documents += found
        made += 1
    resources, size = _BESIDE
    resources += made + len(documents)
    size += made * _AROUND + sum(_size(each) + _AROUND for each in documents)
    yield from _over(
        "the stack of the roles that onboarding makes",
        [("resources", resources, RESOURCES), ("bytes", size, TEMPLATE_BYTES)],
    )


def check_offer(catalog: Catalog, offer: Offer) -> Iterator[Finding]:
    """What does not fit into the stack that publishes the portfolios in a region."""
    released = [name for name in offer.products if catalog.products[name].versions]
    tags = sum(map(len, offer.tag_options.values()))
    # Itself, its principals, its shares, and each tag option's use; the stage's canary here and there.
    portfolio = 1 + len(offer.principals) + len(offer.shares.accounts) + tags
    canaries = sum(each.canary for each in offer.portfolios)
    # Itself, its place in a portfolio, its launch constraint, its rules.
    products = sum(3 + len(offer.constraints.get(name, ())) for name in released)
    resources = len(offer.portfolios) * portfolio + canaries + tags + products
    yield from _over(
        "the stack that publishes the portfolios",
        [
            ("resources", resources, RESOURCES),
            ("outputs", len(offer.portfolios) + len(released), OUTPUTS),
        ],
    )


def _roles(catalog: Catalog) -> Iterator[tuple[str, Callable[[], Policies]]]:
    """Each role by its product, or empty, and what makes its policies, with the stack's placeholders."""
    review = launch_roles.load_review(catalog.offer.folder)
    within: dict[str, Any] = {
        "review": review,
        "partition": "${AWS::Partition}",
        "account": "${AWS::AccountId}",
        "regions": ("${FirstRegion}", "${SecondRegion}"),
        "asset_bucket_prefix": "${AssetBucketPrefix}",
    }
    for name in catalog.offered:
        rights = launch_rights(catalog.products[name], review)
        yield name, partial(launch_roles.launch_policies, rights=rights, **within)
    yield (
        "",
        partial(
            launch_roles.execution_policies,
            rights=execution_rights(catalog, review),
            witness=witness_rights(catalog, review),
            witness_region="${WitnessRegion}",
            **within,
        ),
    )
    restore = restore_rights(catalog, review)
    if restore.actions:
        yield "", partial(launch_roles.restore_policies, rights=restore, **within)


def _size(document: launch_roles.Document) -> int:
    """The document's bytes in the template, where each text with a placeholder is substituted."""
    text = json.dumps(document, separators=(",", ":"))
    return len(text) + text.count("${AWS::Partition}") * _SUBSTITUTED


def _over(what: str, measured: Iterable[tuple[str, int, int]]) -> Iterator[Finding]:
    for unit, found, limit in measured:
        if found > limit:
            yield Finding(
                product="",
                version="",
                template="",
                resource=what,
                rule="quota",
                message=f"{found:,} {unit}; {limit:,} at most",
                hint="offer fewer products, or those of other tenants from a catalog of their own",
            )
