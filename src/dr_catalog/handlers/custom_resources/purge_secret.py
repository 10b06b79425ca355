"""Deletes a secret with its replica, at once and without the days in which it could be restored.

Secrets Manager deletes no secret that has replicas, so these go first.

See https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_delete-secret.html
"""

from __future__ import annotations

from typing import Any

from deadline import Deadline
from response import ignoring

GONE = "ResourceNotFoundException"
BUSY = "InvalidRequestException"


def purge_secret(secret: str, *, secrets: Any, peer_region: str, deadline: Deadline) -> None:
    """Delete the secret in both regions; one that is gone is fine.

    Args:
        secret: The secret's name.
        secrets: A Secrets Manager client of the launch region.
        peer_region: Where its replica is.
        deadline: When to stop.

    Raises:
        Refused, Unfinished: Time is short.
    """
    deadline.repeat(lambda: _remove_replica(secrets, secret, peer_region))
    if _describe(secrets, secret):
        with ignoring(GONE):
            secrets.delete_secret(SecretId=secret, ForceDeleteWithoutRecovery=True)


def _remove_replica(secrets: Any, secret: str, region: str) -> bool:
    """Whether there was one."""
    found = _describe(secrets, secret)
    if region not in {replica["Region"] for replica in found.get("ReplicationStatus", ())}:
        return False
    with ignoring(BUSY, GONE):
        secrets.remove_regions_from_replication(SecretId=secret, RemoveReplicaRegions=[region])
    return True


def _describe(secrets: Any, secret: str) -> dict[str, Any]:
    """The secret's description; empty when it is gone."""
    with ignoring(GONE):
        description: dict[str, Any] = secrets.describe_secret(SecretId=secret)
        return description
    return {}
