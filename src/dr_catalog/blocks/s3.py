"""The documents: the peer's bucket first, then the launch region's with its rule, then the rule back."""

from __future__ import annotations

from .. import names
from ..layers import ReplicaBucket, ReplicatedBucket, ReverseReplication
from ..tiers import parameters as given
from ..tiers.template import ASSET_BUCKET_PREFIX, TierTemplate
from .layer import Half, Launch, Layer, Needs, key_of, launch_key_arn


def _primary(launch: Launch) -> None:
    stack, key_id = launch.stack, launch.key_id
    foundation = launch.bring_up("foundation", {given.KEY_ID: key_id})
    documents = ReplicatedBucket(
        stack,
        "Documents",
        suffix=launch.suffix,
        key=launch.key,
        peer_region=launch.peer_region,
        peer_key_arn=launch.peer_key_arn,
    )
    documents.node.add_dependency(foundation)
    launch.bring_up(
        "workload",
        {
            given.ASSET_BUCKET_PREFIX: ASSET_BUCKET_PREFIX,
            given.KEY_ID: key_id,
            given.LAUNCH_REGION: launch.region,
        },
        after=[documents],
    )
    peer = names.BUCKET.of(suffix=launch.suffix, account=stack.account, region=launch.peer_region)
    launch.output("BucketName", documents.bucket.bucket_name, "The documents in the launch region")
    launch.output("PeerBucketName", peer, "The documents in the peer region")


def _bucket(stack: TierTemplate) -> None:
    ReplicaBucket(stack, "Documents", suffix=stack.suffix, key=key_of(stack))


def _rule_back(stack: TierTemplate) -> None:
    ReverseReplication(
        stack,
        "Documents",
        suffix=stack.suffix,
        key=key_of(stack),
        peer_region=stack.value(given.LAUNCH_REGION),
        peer_key_arn=launch_key_arn(stack),
    )


LAYER = Layer(
    name="s3",
    description="Documents: a bucket in each region, replicating to the other",
    needs=(Needs("kms", launch=("key-arn",), peer=("key-arn",)),),
    primary=_primary,
    halves={
        "foundation": Half((given.KEY_ID,), _bucket, keeps="bucket"),
        "workload": Half(
            (given.ASSET_BUCKET_PREFIX, given.KEY_ID, given.LAUNCH_REGION), _rule_back
        ),
    },
    holds="bucket",
)
