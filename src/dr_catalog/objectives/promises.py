"""What ``product.yaml`` promises, held against what its templates come to.

An error where the promise is better than the sum, or where the recovery layer would accept more than is
promised; a warning where a tier promises nothing, or where that layer is stricter than the promise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from ..definitions import Catalog, Product, Promise, SemanticVersion, spelled
from ..releases.findings import Finding
from ..releases.layout import frozen_versions, read_templates, release_folder
from ..releases.template import Template
from .computing import carried, compute
from .estate import PRIMARY
from .model import LOSSES, REGION, Loss, Objective, Sum

ORIGINAL = Promise(rpo=3_600, rto=4 * 3_600)
"""What the system that this catalog comes from asks for."""
_RULE = "objectives"


def meets_original(losses: tuple[Loss, ...]) -> bool:
    """Whether the loss of a region costs no more than the original's RPO and RTO."""
    return any(
        loss.rpo.within(ORIGINAL.rpo) and loss.rto.within(ORIGINAL.rto)
        for loss in losses
        if loss.kind == REGION
    )


def added(objective: Objective) -> list[str]:
    """The sum of the worst store, line by line."""
    worst = objective.worst
    if worst.unbounded:
        return [f"{worst.store}: {worst.unbounded}"]
    lines = [f"{spelled(line.seconds):>14}  {line.term}: {line.source}" for line in worst.lines]
    return [f"{worst.store}:", *lines, f"{spelled(_total(worst)):>14}  in all"]


def check_catalog(catalog: Catalog) -> Iterator[Finding]:
    """What is wrong with the promises of all products."""
    for product in catalog.products.values():
        yield from check_product(product)


def check_product(product: Product) -> Iterator[Finding]:
    """What is wrong with a product's promises, in its default and its newest release."""
    if product.folder.parent.name == "layers":
        return  # a layer alone recovers nothing
    for version in _checked(product):
        templates = _templates(product, version)
        if PRIMARY not in templates:
            continue  # integrity tells
        losses = compute(templates)
        if losses:
            yield from _findings(product, version, templates, losses)


def _checked(product: Product) -> list[str]:
    frozen = frozen_versions(product)
    default = product.default.version if product.default else ""
    return sorted({default, *frozen[-1:]} & set(frozen), key=SemanticVersion.parse)


def _templates(product: Product, version: str) -> Mapping[str, Template]:
    found = {}
    for role, content in read_templates(release_folder(product, version)).items():
        try:
            found[role] = Template.parse(role, content)
        except ValueError:
            continue  # cfn-lint tells
    return found


def _findings(
    product: Product, version: str, templates: Mapping[str, Template], losses: tuple[Loss, ...]
) -> Iterator[Finding]:
    def finding(
        what: str, message: str, hint: str, level: Literal["error", "warning"] = "error"
    ) -> Finding:
        return Finding(product.product, version, "", what, _RULE, message, hint, level)

    if product.objectives is None:
        yield finding(
            "",
            "it promises no RPO and no RTO",
            f"write objectives into product.yaml; dr-catalog describe {product.product} shows "
            "what the templates come to",
            "warning",
        )
        return
    promises = {loss.kind: getattr(product.objectives, loss.kind) for loss in losses}
    for loss in losses:
        promise: Promise = promises[loss.kind]
        for name, objective, seconds in (
            ("rpo", loss.rpo, promise.rpo),
            ("rto", loss.rto, promise.rto),
        ):
            if not objective.within(seconds):
                yield finding(
                    f"objectives.{loss.kind}.{name}",
                    "\n".join([_better(loss, name, seconds, objective), *added(objective)]),
                    _hint(loss, name, objective),
                )
    told = carried(templates)
    if told is not None:
        for name, there, promised in (
            ("rpo", told[0], promises[REGION].rpo),
            ("rto", told[1], promises[REGION].rto),
        ):
            if there != promised:
                yield finding(
                    f"objectives.{REGION}.{name}",
                    f"promised are {spelled(promised)}, and the recovery layer measures by "
                    f"{spelled(there)}, its parameter {name}-seconds",
                    "let the tier's promise and product.yaml say the same, and release it",
                    "error" if there > promised else "warning",
                )


def _better(loss: Loss, name: str, promised: int, objective: Objective) -> str:
    computed = (
        "nothing bounds it"
        if objective.seconds is None
        else (f"its templates come to {spelled(objective.seconds)}")
    )
    return f"{name.upper()} {spelled(promised)} is promised when {LOSSES[loss.kind]}; {computed}"


def _hint(loss: Loss, name: str, objective: Objective) -> str:
    if objective.seconds is None:
        return "release a version that has what is missing, or promise nothing"
    return (
        f"promise {spelled(objective.seconds)} or more in product.yaml under {loss.kind}.{name}, or "
        "release a version that is faster"
    )


def _total(entry: Sum) -> int:
    assert entry.seconds is not None
    return entry.seconds
