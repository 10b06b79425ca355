"""What promotion from a stage changes for the next stage's tenants, in few words.

    the commit's default and the next stage's -> their releases -> contract -> one line a product

The text goes into a pipeline's variable and into an approval, which hold 1,000 characters.
https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-Approval.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ..definitions import Catalog, Product, SemanticVersion, Stage
from ..errors import NotFoundError
from ..releases.contract import Change, compare
from ..releases.layout import Release, load_release
from ..releases.template import Template
from .standing import Standing

LONGEST = 900
_NAMED = 6  # resources and parameters that a line names of each kind


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """What the next stage's default becomes.

    Args:
        product: The product's name.
        before: The next stage's default; empty where it has none.
        after: The commit's default.
        words: What tenants meet, the gravest first.
    """

    product: str
    before: str
    after: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        head = f"{self.product} {self.before or 'new'} -> {self.after}"
        return f"{head}: {'; '.join(self.words)}."


def promotions(catalog: Catalog, *, following: Stage, there: Standing) -> tuple[Promotion, ...]:
    """What the next stage's tenants get, by product; none where its default stays.

    Args:
        catalog: The commit's definitions.
        following: The next stage.
        there: What it has.
    """
    offered = (catalog.products[name] for name in catalog.offer_of(following).products)
    return tuple(
        _promotion(product, there.default(product.product))
        for product in offered
        if product.default and product.default.version != there.default(product.product)
    )


def text(found: tuple[Promotion, ...], *, following: str) -> str:
    """The lines, cut to ``LONGEST`` characters together."""
    if not found:
        return f"Nothing changes for the tenants of stage {following}."
    share = (LONGEST - len(found)) // len(found)
    return "\n".join(_cut(str(each), share) for each in found)


def _cut(line: str, longest: int) -> str:
    if len(line) <= longest:
        return line
    more = " ... (cut)"
    return line[: longest - len(more)] + more


def _promotion(product: Product, before: str) -> Promotion:
    after = product.default
    assert after is not None
    return Promotion(
        product=product.product,
        before=before,
        after=after.version,
        words=tuple(_words(product, before, after.version)),
    )


def _words(product: Product, before: str, after: str) -> Iterator[str]:
    new = load_release(product, after)
    if not before:
        number = sum(entry.resources for entry in new.manifest.templates.values())
        yield f"first offered, with {len(new.manifest.parameters)} parameters"
        yield f"{number} resources in both regions"
        return
    try:
        old = load_release(product, before)
    except NotFoundError:
        yield f"{before} is no longer among the releases, so the two can't be compared"
        return
    if SemanticVersion.parse(after) < SemanticVersion.parse(before):
        yield "a rollback, after which new launches take the older version"
    changes = compare(before=before, after=after, old=old.templates, new=new.templates).changes
    resources = [each for each in changes if each.kind == "resource"]
    added = [each for each in resources if each.what.endswith(" added")]
    lost = [each for each in resources if each not in added]
    removed = [each for each in lost if each.what.endswith(" removed")]
    replaced = [each for each in lost if each not in removed]
    for words, which in (("replaced", replaced), ("removed", removed)):
        if grave := [change for change in which if change.breaking]:
            held = ", which hold data" if any(change.data_bearing for change in grave) else ""
            yield f"{len(grave)} resources {words}{held}: {_listed(grave)}"
    for kind in ("parameter", "output"):
        alike: dict[str, list[Change]] = {}
        for each in changes:  # the breaking ones first
            if each.kind == kind:
                what = f"breaks: {each.what}" if each.breaking else each.what
                alike.setdefault(what, []).append(each)
        for what, listed in alike.items():
            yield f"{len(listed)} {kind}s ({what}): {_listed(listed)}"
    gone = {(each.template, each.name) for each in lost}
    yield f"{len(added)} resources added, {_changed(old, new, gone)} changed in place"


def _listed(changes: list[Change]) -> str:
    more = [f"{len(changes) - _NAMED} more"] if len(changes) > _NAMED else []
    return ", ".join([*(each.name for each in changes[:_NAMED]), *more])


def _changed(old: Release, new: Release, lost: Collection[tuple[str, str]]) -> int:
    """How many resources have other properties, besides those that are replaced."""
    total = 0
    for role in old.templates.keys() & new.templates.keys():
        was, now = (Template.parse(role, each.templates[role]).by_id for each in (old, new))
        total += sum(
            was[name].properties != now[name].properties
            for name in was.keys() & now.keys()
            if (role, name) not in lost
        )
    return total
