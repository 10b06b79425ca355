"""The stacks of a launch in both regions, and why an operation failed.

The launch region's stack is named after the provisioned product, ``SC-<account>-<id>``; the peer's
are the instances of the StackSets it holds. Nothing else knows where a launch's stacks are.
"""

from __future__ import annotations

from ..errors import DrCatalogError
from .aws import Aws
from .model import Launch, Record, Stack


def stack_name(*, account: str, launch_id: str) -> str:
    """The launch region's stack, as Service Catalog names it."""
    return f"SC-{account}-{launch_id}"


def launch_stack(aws: Aws, launch: Launch) -> Stack | None:
    """The launch region's stack; None when it is not there or may not be read."""
    try:
        return aws.stack(stack_name(account=aws.account, launch_id=launch.id))
    except DrCatalogError:
        return None


def peer_stacks(aws: Aws, stack: Stack) -> tuple[Stack, ...]:
    """The stacks that the launch's StackSets hold, in the peer region, in the order of their names.

    Raises:
        SetupError: They may not be read.
    """
    found = [
        aws.stack(instance.stack_id, region=instance.region)
        for stack_set in sorted(aws.stack_sets(stack.id))
        for instance in aws.stack_instances(stack_set)
        if instance.stack_id
    ]
    return tuple(peer for peer in found if peer is not None)


def why_failed(launch: Launch, record: Record) -> str:
    """The reason that Service Catalog gives."""
    return " ".join("; ".join(filter(None, record.errors or (launch.message,))).split())
