"""What parts give each other, besides the layers' own constructs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms

from ...layers import Placement
from ..peer import PeerParameters, PeerStackSet
from ..peer_undo import PeerUndo


@dataclass(frozen=True)
class CustomerKey:
    """The customer key of the pair.

    Args:
        key: In this region.
        key_id: Its id, the same in both regions.
        elsewhere: Its ARN in the other region.
    """

    key: kms.IKey
    key_id: str
    elsewhere: str


@dataclass(frozen=True)
class JoinedNetwork:
    """Where functions run, and from where the database is reached.

    Args:
        vpc_id: The VPC.
        private_subnet_ids: Where functions run.
        isolated_subnet_ids: Where the database runs.
        function_security_group_id: What functions may reach.
        other_range: The other region's network, peered with this one; None where there is none.
    """

    vpc_id: str
    private_subnet_ids: Sequence[str]
    isolated_subnet_ids: Sequence[str]
    function_security_group_id: str
    other_range: str | None

    @property
    def placement(self) -> Placement:
        """A function's place in it."""
        return Placement(self.private_subnet_ids, [self.function_security_group_id])


@dataclass(frozen=True)
class TransactionsTable:
    """The transactions table in this region."""

    table: dynamodb.ITable


@dataclass(frozen=True)
class ParentZone:
    """The zone that the API's name goes into; both are empty where there is none."""

    id: str
    name: str


@dataclass(frozen=True)
class PeerFoundation:
    """The peer region, once its foundation is up.

    Args:
        stack_set: What brings it up.
        undo: What takes away what a failed launch would leave there.
        reader: Reads what layers there tell.
    """

    stack_set: PeerStackSet
    undo: PeerUndo
    reader: PeerParameters


@dataclass(frozen=True)
class PeerEndpoint:
    """The API in the peer region; its address ends in ``/``."""

    url: str


@dataclass(frozen=True)
class PeerWorkload:
    """The peer region's workload, once it is up."""

    stack_set: PeerStackSet
