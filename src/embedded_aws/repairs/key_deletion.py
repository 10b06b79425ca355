"""A multi-Region primary key waits for its replicas, and has no deletion date while it waits.

ministack lets a replica go as soon as its deletion is scheduled. In KMS it stays a replica until its
waiting period is over, which here never comes: the primary key stays PendingReplicaDeletion.

See https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-delete.html
"""

from __future__ import annotations

import json
from typing import Any

from ministack.services import kms

from ..extension import Response, require

_WAITING = "PendingReplicaDeletion"

_schedule = require(kms, "_schedule_key_deletion")
_resolve = require(kms, "_resolve_key")
_members = require(kms, "_mrk_members")


def install() -> None:
    """Once, before the server starts."""
    kms._schedule_key_deletion = schedule


def schedule(data: dict[str, Any]) -> Response:
    """ScheduleKeyDeletion."""
    key = _resolve(data.get("KeyId", ""))
    regions = list((key or {}).get("_mrk_regions") or [])
    before = [member for _, member in _members(key)] if key else []
    states = [member["KeyState"] for member in before]
    answer: Response = _schedule(data)
    if answer[0] != 200 or key is None or not key.get("MultiRegion"):
        return answer
    for member, state in zip(before, states, strict=True):
        member["_mrk_regions"] = list(regions)
        if member is not key:
            member["KeyState"] = state
    if key["KeyState"] != _WAITING:
        return answer
    key.pop("DeletionDate", None)
    content = {**json.loads(answer[2]), "PendingWindowInDays": key["_pending_window_days"]}
    content.pop("DeletionDate", None)
    return answer[0], dict(answer[1]), json.dumps(content).encode()
