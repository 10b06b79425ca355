"""The customer key: a multi-Region key, and then its replica."""

from __future__ import annotations

from ..layers import MultiRegionKey, ReplicaKey
from ..layers.kms import arn_in
from ..tiers import parameters as given
from ..tiers.template import TierTemplate
from .layer import Half, Launch, Layer


def _primary(launch: Launch) -> None:
    made = MultiRegionKey(launch.stack, "Key", suffix=launch.suffix)
    launch.own_key_id = made.key_id
    launch.bring_up("foundation", {given.PRIMARY_KEY_ARN: made.key.key_arn})
    replica = arn_in(launch.stack, region=launch.peer_region, key_id=made.key_id)
    launch.output("KeyArn", made.key.key_arn, "The customer key in the launch region")
    launch.output("PeerKeyArn", replica, "The customer key in the peer region")


def _replica(stack: TierTemplate) -> None:
    ReplicaKey(
        stack, "Key", suffix=stack.suffix, primary_key_arn=stack.value(given.PRIMARY_KEY_ARN)
    )


LAYER = Layer(
    name="kms",
    description="Customer key: a multi-Region key and its replica",
    primary=_primary,
    halves={"foundation": Half((given.PRIMARY_KEY_ARN,), _replica)},
    holds="key",
)
