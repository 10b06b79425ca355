"""Deletes a global table with its replica.

Each step looks, acts when the table lets it, and looks again until nothing is left to do; so a purge
that was cut off goes on where it stopped. The replica in the peer goes first: DynamoDB refuses for
24 hours to delete a table that others were copied from while it still has a replica.

See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/V2globaltables_HowItWorks.html
"""

from __future__ import annotations

from functools import partial
from typing import Any

from deadline import Deadline
from response import ignoring

BUSY = ("LimitExceededException", "ResourceInUseException")
GONE = "ResourceNotFoundException"


def purge_table(
    table: str, *, launch: Any, peer: Any, peer_region: str, deadline: Deadline
) -> None:
    """Delete the table in both regions.

    Args:
        table: The table's name, the same in both regions.
        launch: A DynamoDB client of the launch region.
        peer: One of the peer region.
        peer_region: The peer region.
        deadline: When to stop.

    Raises:
        Refused, Unfinished: Time is short.
    """
    for client in (peer, launch):
        deadline.repeat(partial(_unprotect, client, table))
    deadline.repeat(lambda: _remove_replica(launch, table, peer_region))
    for client in (peer, launch):
        deadline.repeat(partial(_delete, client, table))


def _unprotect(client: Any, table: str) -> bool:
    """Whether it was protected."""
    found = _describe(client, table)
    if not found.get("DeletionProtectionEnabled"):
        return False
    if found["TableStatus"] == "ACTIVE":
        with ignoring(*BUSY, GONE):
            client.update_table(TableName=table, DeletionProtectionEnabled=False)
    return True


def _remove_replica(client: Any, table: str, region: str) -> bool:
    """Whether there was one."""
    found = _describe(client, table)
    statuses = {each["RegionName"]: each["ReplicaStatus"] for each in found.get("Replicas", [])}
    if region not in statuses:
        return False
    if found["TableStatus"] == "ACTIVE" and statuses[region] != "DELETING":
        with ignoring(*BUSY):
            client.update_table(
                TableName=table, ReplicaUpdates=[{"Delete": {"RegionName": region}}]
            )
    return True


def _delete(client: Any, table: str) -> bool:
    """Whether it was there."""
    found = _describe(client, table)
    if found and found["TableStatus"] != "DELETING":
        with ignoring(*BUSY, GONE):
            client.delete_table(TableName=table)
    return bool(found)


def _describe(client: Any, table: str) -> dict[str, Any]:
    """The table's description; empty when it is gone."""
    with ignoring(GONE):
        description: dict[str, Any] = client.describe_table(TableName=table)["Table"]
        return description
    return {}
