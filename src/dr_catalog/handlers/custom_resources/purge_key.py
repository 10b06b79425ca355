"""Schedules the deletion of a multi-Region key: first its replica, then the primary, which waits.

Seven days, the shortest KMS allows, are left to think again:
``aws kms cancel-key-deletion --key-id <id> --region <region>``.

See https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-delete.html
"""

from __future__ import annotations

from typing import Any

from response import ignoring

DAYS = 7


def purge_key(key_id: str, *, launch: Any, peer: Any) -> None:
    """Schedule the deletion in the peer and the launch region; already scheduled or gone is fine.

    Args:
        key_id: The multi-Region key's id, the same in both regions.
        launch: A KMS client of the launch region.
        peer: One of the peer region.
    """
    for kms in (peer, launch):
        schedule_deletion(kms, key_id)


def schedule_deletion(kms: Any, key_id: str) -> None:
    """Schedule it in one region; already scheduled or gone is fine."""
    with ignoring("NotFoundException"):
        state = kms.describe_key(KeyId=key_id)["KeyMetadata"]["KeyState"]
        if not state.startswith("Pending"):  # PendingDeletion, PendingReplicaDeletion
            kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=DAYS)
