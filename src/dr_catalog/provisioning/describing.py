"""What a product is before it is launched: versions, parameters, what it builds, whom to ask."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..definitions import Promise, find_product
from ..errors import DrCatalogError
from ..objectives import LOSSES, REGION, Loss, carried, compute
from . import blueprint as blueprints
from . import catalog
from .aws import Aws
from .blocks import LAYERS, Block, described
from .blueprint import PRIMARY, Blueprint
from .model import Parameter, Product, Version


@dataclass(frozen=True, kw_only=True)
class Built:
    """How many resources of one type a version makes.

    Args:
        part: ``primary`` for the launch region, else which of the peer region's stacks.
        type: The resource type.
        count: How many, those under a condition included.
        conditional: How many of them depend on parameters.
    """

    part: str
    type: str
    count: int
    conditional: int = 0


@dataclass(frozen=True, kw_only=True)
class Description:
    """A product, and one of its versions in full.

    Args:
        product: With its active versions, oldest first.
        version: The version that is described.
        parameters: Its parameters, in the order of the template.
        tag_options: Tag keys with the values that the portfolio allows.
        builds: What it makes; empty where no template can be read.
        block: What it needs, for a layer that is launched alone; None for a tier.
        unread: Why something is missing in ``builds``; empty when it is whole.
        objectives: What its templates come to, with its parameters' defaults; empty where a template is
            missing, and for what keeps no data.
        promised: By the kind of loss, what is promised: by the catalog's ``product.yaml`` in a clone, else,
            for the loss of a region, by what the templates' recovery measures by.
    """

    product: Product
    version: Version
    parameters: tuple[Parameter, ...]
    tag_options: dict[str, tuple[str, ...]]
    builds: tuple[Built, ...]
    block: Block | None = None
    unread: str = ""
    objectives: tuple[Loss, ...] = ()
    promised: Mapping[str, Promise] = field(default_factory=dict)


def describe(
    aws: Aws, name: str, *, version: str | None = None, root: Path = Path()
) -> Description:
    """A product, and the version that a launch would take, or the one named.

    Args:
        aws: The account that may launch it.
        name: The product's name.
        version: A version's name.
        root: A clone of the catalog's repository, where templates can't be read from AWS.

    Raises:
        NotFoundError: There is no such product or version.
    """
    product = catalog.find_product(aws, name)
    chosen = (
        catalog.default_version(product)
        if version is None
        else catalog.find_version(product, version)
    )
    path = product.paths[0].id if len(product.paths) > 1 else ""  # all lead to the same version
    terms = aws.terms(product_id=product.id, version_id=chosen.id, path_id=path)
    found = blueprints.read(aws, product, chosen, root=root)
    return Description(
        product=product,
        version=chosen,
        parameters=tuple(terms.parameters.values()),
        tag_options=dict(terms.tag_options),
        builds=_built(found),
        block=_block(product, found),
        unread=found.unread,
        objectives=() if found.unread else compute(found.templates),
        promised=_promised(found, name, root),
    )


def _promised(blueprint: Blueprint, name: str, root: Path) -> Mapping[str, Promise]:
    try:
        objectives = find_product(root, name).objectives
    except DrCatalogError:  # there is no clone here
        objectives = None
    if objectives is not None:
        return {kind: getattr(objectives, kind) for kind in LOSSES}
    told = carried(blueprint.templates) if PRIMARY in blueprint.templates else None
    return {} if told is None else {REGION: Promise(*told)}


def _block(product: Product, blueprint: Blueprint) -> Block | None:
    if PRIMARY in blueprint.templates:
        return described(blueprint.templates[PRIMARY])
    return Block() if product.name in LAYERS else None


def _built(blueprint: Blueprint) -> tuple[Built, ...]:
    rows = []
    for role in sorted(blueprint.templates, key=lambda role: (role != PRIMARY, role)):
        resources = list(blueprint.templates[role].resources())
        total = Counter(resource.type for resource in resources)
        some = Counter(each.type for each in resources if "Condition" in each.body)
        rows += [
            Built(part=role, type=kind, count=total[kind], conditional=some[kind])
            for kind in sorted(total)
        ]
    return tuple(rows)
