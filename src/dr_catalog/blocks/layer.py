"""What one layer says of itself, so that ``Block`` can make a product of it.

A layer's module holds one row, ``LAYER``: its neighbours, its launch parameters, the function that makes
the launch region's half in a template under way, and the peer's halves. The halves are the constructs
of ``dr_catalog.layers``, with the same construct ids as in the tiers, so that the same resources come of
them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from constructs import IDependable

from .. import names
from ..layers.kms import arn_in
from ..tiers import parameters as given
from ..tiers.guard import GuardedStores
from ..tiers.parameters import Parameter
from ..tiers.peer import PeerKind, PeerStackSet
from ..tiers.peer_undo import PeerUndo
from ..tiers.template import PrimaryTemplate, TierTemplate
from .neighbours import Neighbours


@dataclass(frozen=True)
class Needs:
    """A neighbour.

    Args:
        layer: Its name.
        launch: What is read of it in the launch region, names below ``/dr/<suffix>/<layer>/``.
        peer: What is read of it in the peer region.
    """

    layer: str
    launch: tuple[str, ...] = ()
    peer: tuple[str, ...] = ()


@dataclass(frozen=True)
class Half:
    """A template for another region.

    Args:
        takes: Its parameters, beside the suffix; ``Launch.bring_up`` gives each a value.
        make: Puts the half into the template.
        keeps: What its stack keeps when it is deleted, ``bucket``, ``vault`` or ``database``: a launch that
            fails takes it away again. Empty for nothing.
    """

    takes: tuple[Parameter, ...]
    make: Callable[[TierTemplate], None]
    keeps: str = ""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A layer as a product.

    Args:
        name: The product's name.
        description: What the primary template says it is.
        needs: The neighbours; each is launched before.
        parameters: What a launch may set, beside suffix and peer region.
        primary: Makes the launch region's half, and brings up the peer's.
        halves: Role (``foundation``, ``workload``, ``witness``) to the half in another region.
        holds: What its guard looks after: ``key``, ``table``, ``database``, ``bucket`` or ``vault``, which
            are kept when the launch ends and protected until then; ``recovery``, which is not taken
            away under way; empty for nothing.
    """

    name: str
    description: str
    needs: tuple[Needs, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    primary: Callable[[Launch], None]
    halves: Mapping[str, Half] = field(default_factory=dict)
    holds: str = ""

    @property
    def keeps(self) -> tuple[str, ...]:
        """What its halves elsewhere keep."""
        return tuple(half.keeps for half in self.halves.values() if half.keeps)

    @property
    def holds_data(self) -> bool:
        """Whether something is kept when the launch ends."""
        return self.holds not in ("", "recovery")


class Launch:
    """A layer's primary template under way.

    Args:
        stack: The template.
        layer: The layer.
        neighbours: What its neighbours tell; None where it has none.

    Attributes:
        suffix: The environment suffix.
        region: The launch region.
        peer_region: The other.
        own_key_id: Set by the layer that makes the key; the others read it.
    """

    def __init__(
        self, stack: PrimaryTemplate, *, layer: Layer, neighbours: Neighbours | None
    ) -> None:
        self.stack, self._layer, self._neighbours = stack, layer, neighbours
        self.suffix, self.region = stack.suffix, stack.region
        self.peer_region = stack.value(given.PEER_REGION)
        self.own_key_id: str | None = None

    def here(self, layer: str, name: str) -> str:
        """What a neighbour tells in the launch region."""
        return self._told("Launch", layer, name)

    def there(self, layer: str, name: str) -> str:
        """What a neighbour tells in the peer region."""
        return self._told("Peer", layer, name)

    def _told(self, side: str, layer: str, name: str) -> str:
        assert self._neighbours is not None, f"{self._layer.name} has no neighbours"
        return self._neighbours.told(side, layer, name)

    @property
    def key_id(self) -> str:
        """The multi-Region key's id, the same in both regions."""
        if self.own_key_id is not None:
            return self.own_key_id
        return cdk.Fn.select(1, cdk.Fn.split("/", self.here("kms", "key-arn")))

    @cached_property
    def key(self) -> kms.IKey:
        """The customer key in the launch region."""
        return kms.Key.from_key_arn(self.stack, "Key", self.here("kms", "key-arn"))

    @property
    def peer_key_arn(self) -> str:
        """The customer key in the peer region."""
        return arn_in(self.stack, region=self.peer_region, key_id=self.key_id)

    @cached_property
    def _undo(self) -> PeerUndo:
        """Takes away what halves elsewhere would keep of a launch that failed."""
        return PeerUndo(
            self.stack,
            "Undo",
            suffix=self.suffix,
            peer_region=self.peer_region,
            key=self.key,
            key_id=self.key_id,
            stores=GuardedStores.of(
                suffix=self.suffix, region=self.region, peer_region=self.peer_region
            ),
            layer=self._layer.name,
            kept=self._layer.keeps,
        )

    def bring_up(
        self,
        role: str,
        parameters: Mapping[Parameter, str],
        *,
        after: Sequence[IDependable] = (),
        region: str | None = None,
        condition: cdk.CfnCondition | None = None,
    ) -> PeerStackSet:
        """One of the layer's halves in another region.

        Args:
            role: Which.
            parameters: The values of its parameters; the suffix is given.
            after: What must be there first.
            region: By default the peer region.
            condition: On which it is there at all.
        """
        half = self._layer.halves[role]
        assert set(parameters) == set(half.takes)
        return PeerStackSet(
            self.stack,
            role.capitalize(),
            kind=PeerKind(
                template=role,
                name=names.layer_stackset(layer=self._layer.name, role=role),
                where="in a region of its own" if region else "of the peer region",
            ),
            suffix=self.suffix,
            region=self.peer_region if region is None else region,
            undo=self._undo if half.keeps else None,
            kept=[half.keeps] if half.keeps else (),
            parameters={given.SUFFIX: self.suffix, **parameters},
            after=after,
            condition=condition,
        )

    def own_there(self, *read: str, after: PeerStackSet) -> Mapping[str, str]:
        """What the layer's own half tells in the peer region, once ``after`` is up."""
        assert self._neighbours is not None, f"{self._layer.name} has no neighbours"
        return self._neighbours.own_there(read, after=after)

    def output(self, name: str, value: str, description: str) -> None:
        """An output of the template."""
        cdk.CfnOutput(self.stack, name, value=value, description=description)


def key_of(stack: TierTemplate) -> kms.IKey:
    """The customer key in the region of a half that takes ``KEY_ID``."""
    arn = arn_in(stack, region=stack.region, key_id=stack.value(given.KEY_ID))
    return kms.Key.from_key_arn(stack, "Key", arn)


def launch_key_arn(stack: TierTemplate) -> str:
    """The customer key in the launch region, for a half that takes ``KEY_ID`` and ``LAUNCH_REGION``."""
    region, key_id = stack.value(given.LAUNCH_REGION), stack.value(given.KEY_ID)
    return arn_in(stack, region=region, key_id=key_id)


def listed(value: str) -> list[str]:
    """A neighbour's list, which it tells with commas between."""
    return cdk.Fn.split(",", value)
