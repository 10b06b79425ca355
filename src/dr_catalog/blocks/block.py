"""The one class that makes a product of any layer."""

from __future__ import annotations

import graphlib
from collections.abc import Mapping, Sequence

import aws_cdk as cdk

from ..errors import CompositionError
from ..tiers import parameters as given
from ..tiers.guard import completed_parameter
from ..tiers.template import PrimaryTemplate, TierTemplate
from . import (
    aurora,
    backup,
    compute,
    dynamodb,
    kms,
    monitoring,
    recovery,
    route53,
    s3,
    vpc,
)
from .guard import LayerGuard
from .layer import Launch, Layer
from .neighbours import Neighbours

LAYERS = tuple(
    module.LAYER
    for module in (
        kms,
        vpc,
        dynamodb,
        s3,
        aurora,
        compute,
        backup,
        monitoring,
        route53,
        recovery,
    )
)
"""All of them, each after those that it needs."""
GUARDED = {
    "deletion_protection": given.DELETION_PROTECTION,
    "on_termination": given.ON_TERMINATION,
}
"""What a launch may set of a layer that holds data, as its guard calls it."""


class Block:
    """A layer's templates.

    Args:
        product: The product's name, which is the layer's.

    Raises:
        CompositionError: There is no such layer, or one needs a neighbour that is none.
    """

    def __init__(self, *, product: str) -> None:
        layers = known(LAYERS)
        if product not in layers:
            raise CompositionError(
                f"there is no layer '{product}'",
                why=f"the layers are {', '.join(layers)}",
                hint="a product that builds dr_catalog.blocks:Block is called as its layer is",
            )
        self.name, self._layer = product, layers[product]

    def primary(self, app: cdk.App, construct_id: str) -> cdk.Stack:
        """The template a tenant launches."""
        layer = self._layer
        guarded = GUARDED if layer.holds_data else {}
        stack = PrimaryTemplate(
            app,
            construct_id,
            tier=self.name,
            description=layer.description,
            parameters=(given.PEER_REGION, *layer.parameters, *guarded.values()),
        )
        peer_region = stack.value(given.PEER_REGION)
        completed = ""
        if layer.keeps:
            completed = completed_parameter(suffix=stack.suffix, layer=layer.name)
        neighbours = None
        if layer.needs:
            neighbours = Neighbours(
                stack,
                "Neighbours",
                suffix=stack.suffix,
                layer=layer.name,
                peer_region=peer_region,
                needs=layer.needs,
                forgets=completed,
            )
        launch = Launch(stack, layer=layer, neighbours=neighbours)
        layer.primary(launch)
        LayerGuard(
            stack,
            "Guard",
            suffix=stack.suffix,
            layer=layer.name,
            peer_region=peer_region,
            holds=layer.holds,
            key_id=launch.key_id,
            completed=completed,
            **{name: stack.value(row) for name, row in guarded.items()},
        )
        if neighbours:
            neighbours.before(stack.node.children)
        return stack

    def foundation(self, app: cdk.App, construct_id: str) -> cdk.Stack | None:
        """What the launch region's half needs in the peer region first, if anything."""
        return self._half("foundation", app, construct_id)

    def workload(self, app: cdk.App, construct_id: str) -> cdk.Stack | None:
        """What the peer region gets then, if anything."""
        return self._half("workload", app, construct_id)

    def witness(self, app: cdk.App, construct_id: str) -> cdk.Stack | None:
        """What a third region gets, if anything."""
        return self._half("witness", app, construct_id)

    def _half(self, role: str, app: cdk.App, construct_id: str) -> cdk.Stack | None:
        half = self._layer.halves.get(role)
        if half is None:
            return None
        stack = TierTemplate(
            app,
            construct_id,
            tier=self.name,
            description=f"{self._layer.description}: the {role}",
            parameters=half.takes,
        )
        half.make(stack)
        return stack


def known(layers: Sequence[Layer]) -> Mapping[str, Layer]:
    """The layers by name, each after those that it needs.

    Raises:
        CompositionError: One needs a neighbour that is none, or two need each other.
    """
    by_name = {layer.name: layer for layer in layers}
    for layer in layers:
        for each in layer.needs:
            if each.layer not in by_name:
                raise CompositionError(
                    f"layer '{layer.name}' needs the neighbour '{each.layer}', which is no layer",
                    why=f"the layers are {', '.join(by_name)}",
                    hint="mend the row's needs",
                )
    needs = {layer.name: [each.layer for each in layer.needs] for layer in layers}
    try:
        order = tuple(graphlib.TopologicalSorter(needs).static_order())
    except graphlib.CycleError as error:
        raise CompositionError(
            "layers need each other, so that none could be launched first",
            why=" needs ".join(reversed(error.args[1])),
            hint="take one of the needs away",
        ) from None
    return {name: by_name[name] for name in order}
