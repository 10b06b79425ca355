"""What may stand under one suffix: one tier, or layers launched alone, each beside those that it needs.

    version -> its template -> Block, or None for a tier
    Block + what is launched under the suffix -> refused by name, before anything is made or taken away

A suffix names everything a launch makes, so a tier and a layer would collide on every name. The stacks
refuse a missing neighbour themselves, and a termination while one is used; here it is said at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from ..errors import DrCatalogError, LaunchError
from ..releases.template import Template, as_list, dig
from ..translation import denied
from . import blueprint, catalog
from .aws import Aws
from .hints import command, launching
from .model import AVAILABLE, TAINTED, Launch, Product, Version
from .stacks import stack_name

LAYERS = (
    *("kms", "vpc", "aurora", "dynamodb", "compute"),
    *("s3", "backup", "route53", "monitoring", "recovery"),
)
"""The layers' products: known by name where the template can't be read."""
_METADATA, _LAYER = "Metadata.dr-catalog", "layer"
# What reads a layer's neighbours, and what guards one that has none: no tier has either.
_OF_LAYERS = ("Custom::DrNeighbours", "Custom::DrLayerGuard")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A layer that is launched alone.

    Args:
        needs: The layers that must be launched under its suffix before.
    """

    needs: tuple[str, ...] = ()


def block_of(aws: Aws, product: Product, version: Version | None) -> Block | None:
    """The block that a version is; None for a tier.

    Where its template can't be read, the product's name says what it is, and what it needs is left to
    its own stack.
    """
    try:
        if version is not None:
            template = blueprint.primary(aws, product_id=product.id, version_id=version.id)
            return described(template)
    except (DrCatalogError, ValueError):
        pass
    return Block() if product.name in LAYERS else None


def described(template: Template) -> Block | None:
    """What a template says that it is, in its metadata or by what makes a layer one; else None."""
    told = dig(template.body, _METADATA)
    if isinstance(told, Mapping) and told.get("kind") == _LAYER:
        return Block(needs=tuple(map(str, as_list(told.get("needs")))))
    found = [each for kind in _OF_LAYERS for each in template.resources(kind)]
    if not found:
        return None
    needs = found[0].get("Needs")
    return Block(needs=tuple(needs) if isinstance(needs, Mapping) else ())


def check_alone(aws: Aws, suffix: str) -> None:
    """Refuse a tier under a suffix that holds layers already.

    Raises:
        LaunchError: Layers are launched under it.
    """
    try:
        beside = catalog.layers_under(aws, suffix)
    except DrCatalogError as error:
        if denied(error):  # who may not list leaves it to CloudFormation, where names collide
            return
        raise
    if not beside:
        return
    first = users_first(aws, beside)[0]
    raise LaunchError(
        f"the suffix '{suffix}' is taken by layers of their own",
        why=f"launched under it: {', '.join(each.layer for each in beside)}; "
        "a tier makes all of its layers itself",
        hint="choose another --suffix, or terminate them one by one, beginning with "
        f"`{command(aws, 'terminate', suffix, layer=first.layer)}`",
    )


def check_neighbours(aws: Aws, suffix: str, layer: str, block: Block) -> None:
    """Refuse a layer under a suffix where something that it needs is missing.

    Raises:
        LaunchError: A layer that it needs is not launched, or not ready.
    """
    found = {need: aws.launch(catalog.launch_name(suffix, need)) for need in block.needs}
    missing = [need for need, launch in found.items() if launch is None]
    if missing:
        commands = ", then ".join(f"`{launching(aws, each, suffix)}`" for each in missing)
        raise LaunchError(
            f"{layer} can't be launched under '{suffix}': {_and(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} not launched there",
            why=f"{layer} needs {_and(block.needs)}",
            hint=f"first {commands}",
        )
    for need, launch in found.items():
        if launch is not None and launch.status not in (AVAILABLE, TAINTED):
            raise LaunchError(
                f"{layer} can't be launched under '{suffix}': {need} is {launch.status}",
                why=f"{layer} needs {_and(block.needs)}",
                hint=f"see `{command(aws, 'status', suffix, layer=need)}`",
            )


def check_unused(aws: Aws, launch: Launch) -> None:
    """Refuse to terminate a layer while another one that is launched needs it.

    Raises:
        LaunchError: Another layer needs it.
    """
    beside = catalog.layers_under(aws, launch.suffix)
    needs = {each.layer: needs_of(aws, each) for each in beside}
    users = [layer for layer, needed in needs.items() if launch.layer in needed]
    if users:
        ordered = [each.layer for each in users_first(aws, beside, needs=needs)]
        first = next(layer for layer in ordered if layer in users)
        raise LaunchError(
            f"'{launch.label}' can't be terminated; nothing has been touched",
            why=f"{_and(users)} under '{launch.suffix}' {'needs' if len(users) == 1 else 'need'} it",
            hint=f"first `{command(aws, 'terminate', launch.suffix, layer=first)}`",
        )


def users_first(
    aws: Aws, launches: Sequence[Launch], *, needs: Mapping[str, Sequence[str]] | None = None
) -> list[Launch]:
    """Layers in an order in which they can be terminated: each before those that it needs."""
    by_layer = {each.layer: each for each in launches}
    if needs is None:
        needs = {layer: needs_of(aws, each) for layer, each in by_layer.items()}
    graph = {
        layer: [need for need in needed if need in by_layer] for layer, needed in needs.items()
    }
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError:  # no template of ours says so; the stacks' own guards decide
        order = list(by_layer)
    return [by_layer[layer] for layer in reversed(order)]


def needs_of(aws: Aws, launch: Launch) -> tuple[str, ...]:
    """What a launched layer needs, as its own stack says; nothing where that can't be read."""
    try:
        content = aws.stack_template(stack_name(account=aws.account, launch_id=launch.id))
        block = described(Template.parse(blueprint.PRIMARY, content))
    except (DrCatalogError, ValueError):
        return ()
    return block.needs if block else ()


def _and(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
