"""The transactions table: a global table, made from the launch region with its replica."""

from __future__ import annotations

from ..layers import GlobalTable, GlobalTableReplica
from ..tiers import parameters as given
from ..tiers.template import TierTemplate
from .layer import Half, Launch, Layer, Needs, key_of


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
    launch.bring_up("workload", {given.KEY_ID: launch.key_id}, after=[table])
    launch.output("TableName", table.table_name, "The table, the same in both regions")


def _replica(stack: TierTemplate) -> None:
    GlobalTableReplica(stack, "Table", suffix=stack.suffix, key=key_of(stack))


LAYER = Layer(
    name="dynamodb",
    description="Transactions table: a global table of two replicas",
    needs=(Needs("kms", launch=("key-arn",), peer=("key-arn",)),),
    primary=_primary,
    halves={"workload": Half((given.KEY_ID,), _replica)},
    holds="table",
)
