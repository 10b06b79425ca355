"""The transactions table: a global table, made from the launch region with its replica."""

from __future__ import annotations

from aws_cdk import aws_kms as kms

from .. import names
from ..layers import GlobalTable, GlobalTableReplica
from ..tiers.template import TierTemplate
from .layer import Half, Launch, Layer, Needs


def _primary(launch: Launch) -> None:
    table = GlobalTable(
        launch.stack,
        "Table",
        suffix=launch.suffix,
        key=launch.key,
        peer_region=launch.peer_region,
        peer_key_arn=launch.peer_key_arn,
        deletion_protection=False,  # the guard's, once all is up
    )
    launch.bring_up("workload", {}, after=[table])
    launch.output("TableName", table.table_name, "The table, the same in both regions")


def _replica(stack: TierTemplate) -> None:
    # It makes nothing that the key encrypts, and tells what is there.
    key = kms.Alias.from_alias_name(stack, "Key", names.KEY_ALIAS.of(suffix=stack.suffix))
    GlobalTableReplica(stack, "Table", suffix=stack.suffix, key=key)


LAYER = Layer(
    name="dynamodb",
    description="Transactions table: a global table of two replicas",
    needs=(Needs("kms", launch=("key-arn",), peer=("key-arn",)),),
    primary=_primary,
    halves={"workload": Half((), _replica)},
    holds="table",
)
