"""Parts of the launch region that bring up the others, and what it then knows of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from constructs import IDependable

from ...layers import (
    BackupVault,
    GlobalDatabase,
    GlobalTable,
    Network,
    PeeringReturn,
    Probe,
    RecoveryState,
    ReplicatedBucket,
)
from ...layers.vpc_cidr import CidrPlan
from .. import parameters as given
from ..guard import GuardedStores
from ..peer import FOUNDATION, WITNESS, WORKLOAD, PeerKind, PeerParameters, PeerStackSet
from ..peer_undo import PeerUndo
from .both import condition
from .composition import Part, Region, asked, set_by_tenant
from .facts import CustomerKey, PeerEndpoint, PeerFoundation, PeerWorkload

NETWORK_NAMES: Mapping[given.Parameter, str] = {
    given.VPC_ID: "vpc-id",
    given.PRIVATE_SUBNET_IDS: "private-subnet-ids",
    given.ISOLATED_SUBNET_IDS: "isolated-subnet-ids",
    given.FUNCTION_SECURITY_GROUP_ID: "function-security-group-id",
}
"""What the peer's workload is told of its network, and the names that the network tells it by."""


@dataclass(frozen=True)
class Elsewhere(Part):
    """A template of another region, which this one brings up.

    Args:
        parts: What it is composed of.
        new: What its stack keeps that an upgrade from a release without ``PeerUndo`` brings.
    """

    parts: tuple[Part, ...]
    new: tuple[str, ...] = ()

    @property
    def asks(self) -> tuple[given.Parameter, ...]:
        return set_by_tenant(asked(self.parts))

    def _parameters(self, region: Region) -> Mapping[given.Parameter, str]:
        return {row: region.handed(row) for row in (given.SUFFIX, *asked(self.parts))}

    def _kept(self) -> tuple[str, ...]:
        """The last made is the first to be taken away."""
        return tuple(part.keeps for part in reversed(self.parts) if part.keeps)

    def _bring_up(
        self,
        region: Region,
        construct_id: str,
        kind: PeerKind,
        *,
        undo: PeerUndo,
        after: Iterable[IDependable] = (),
    ) -> PeerStackSet:
        return PeerStackSet(
            region.stack,
            construct_id,
            kind=kind,
            suffix=region.suffix,
            region=region.other,
            undo=undo,
            kept=self._kept(),
            new=self.new,
            parameters=self._parameters(region),
            after=tuple(after),
        )


class Foundation(Elsewhere):
    """The peer region's foundation: what the launch region's data needs there first."""

    gives = (PeerFoundation,)

    def add(self, region: Region) -> Iterable[object]:
        key = region.need(CustomerKey)
        undo = PeerUndo(
            region.stack,
            "Undo",
            suffix=region.suffix,
            peer_region=region.other,
            key=key.key,
            key_id=key.key_id,
            stores=region.need(GuardedStores),
        )
        foundation = self._bring_up(region, "Foundation", FOUNDATION, undo=undo)
        reader = PeerParameters(
            region.stack, "Peer", suffix=region.suffix, peer_region=region.other, key=key.key
        )
        yield PeerFoundation(foundation, undo, reader)


class Peering(Part):
    """The way into the peer's network, which its foundation made and peered with this one."""

    gives = (PeeringReturn,)
    hands = tuple(NETWORK_NAMES)

    def add(self, region: Region) -> Iterable[object]:
        peer = region.need(PeerFoundation)
        there = peer.reader.read(
            "Network",
            layer="vpc",
            names=("peering-id", *NETWORK_NAMES.values()),
            after=peer.stack_set,
        )
        region.hand({row: there[name] for row, name in NETWORK_NAMES.items()})
        region.output("PeerVpcId", there["vpc-id"], "The network in the peer region")
        yield PeeringReturn(
            region.stack,
            "Peering",
            suffix=region.suffix,
            peering_id=there["peering-id"],
            peer_cidr=region.need(CidrPlan).peer_cidr,
            route_tables=region.need(Network).route_tables,
        )


class Witness(Elsewhere):
    """A third region's template, where the tenant names one; a recovery counts its vote."""

    hands = (given.WITNESS_REGION,)

    @property
    def asks(self) -> tuple[given.Parameter, ...]:
        return (given.WITNESS_REGION, *super().asks)

    def add(self, region: Region) -> Iterable[object]:
        where = region.value(given.WITNESS_REGION)
        region.hand({given.WITNESS_REGION: where})
        PeerStackSet(
            region.stack,
            "Witness",
            kind=WITNESS,
            suffix=region.suffix,
            region=where,
            parameters=self._parameters(region),
            condition=condition(region, "Witnessed", unless=given.WITNESS_REGION, is_=""),
        )
        return ()


class Workload(Elsewhere):
    """The peer region's workload: what stands on the launch region's data, and what recovers it."""

    gives = (PeerWorkload,)

    def add(self, region: Region) -> Iterable[object]:
        # A probe and a state that go before it make a launch that is deleted look like one that is down.
        kinds = (GlobalDatabase, GlobalTable, ReplicatedBucket, BackupVault, Probe, RecoveryState)
        after: list[IDependable] = [made for kind in kinds if (made := region.have(kind))]
        if peering := region.have(PeeringReturn):
            after.append(peering.ready)
        undo = region.need(PeerFoundation).undo
        yield PeerWorkload(self._bring_up(region, "Workload", WORKLOAD, undo=undo, after=after))


class PeerApi(Part):
    """The address of the API in the peer."""

    gives = (PeerEndpoint,)

    def add(self, region: Region) -> Iterable[object]:
        told = region.need(PeerFoundation).reader.read(
            "Endpoint",
            layer="compute",
            names=("endpoint",),
            after=region.need(PeerWorkload).stack_set,
        )
        region.output("PeerEndpoint", told["endpoint"], "The transaction API in the peer region")
        yield PeerEndpoint(told["endpoint"])
