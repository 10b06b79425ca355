"""Switches deletion protection on, once a launch is complete: table, clusters and global cluster.

The peer may have neither table nor cluster, where they come from backups alone; the launch region has both.
Not earlier: what is protected can't be deleted, and so keeps a stack that failed from rolling back. Each
is looked at first, so that what is protected already is left alone.

See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.Basics.html
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from deadline import Deadline
from guarded_database import GuardedDatabase
from response import ignoring

BUSY = ("LimitExceededException", "ResourceInUseException")


def protect_table(table: str, clients: Sequence[Any], *, deadline: Deadline) -> None:
    """Protect each replica.

    Args:
        table: The table's name, the same in both regions.
        clients: A DynamoDB client of each region; where the table must be comes first.
        deadline: When to stop.

    Raises:
        Refused, Unfinished: Time is short.
    """
    first, *others = clients
    deadline.repeat(partial(_protect_replica, first, table))
    for dynamodb in others:
        with ignoring("ResourceNotFoundException"):
            deadline.repeat(partial(_protect_replica, dynamodb, table))


def _protect_replica(dynamodb: Any, table: str) -> bool:
    """Whether it was not protected yet."""
    found = dynamodb.describe_table(TableName=table)["Table"]
    if found.get("DeletionProtectionEnabled"):
        return False
    with ignoring(*BUSY):
        dynamodb.update_table(TableName=table, DeletionProtectionEnabled=True)
    return True


def protect_database(database: GuardedDatabase) -> None:
    """Protect both clusters and the global one."""
    for half in database:
        found = half.describe()
        if not found and half is not database.launch:
            continue
        if not found["DeletionProtection"]:
            half.rds.modify_db_cluster(
                DBClusterIdentifier=half.cluster, DeletionProtection=True, ApplyImmediately=True
            )
    name = {"GlobalClusterIdentifier": database.global_cluster}
    (found,) = database.launch.rds.describe_global_clusters(**name)["GlobalClusters"]
    if not found.get("DeletionProtection"):
        database.launch.rds.modify_global_cluster(**name, DeletionProtection=True)
