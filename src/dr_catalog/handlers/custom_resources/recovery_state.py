"""Whether a recovery stands in the way of an update or a deletion.

Two tables say so, one in each region: the peer's holds the lock of a recovery that runs, and each what
its region knows of the writer. Without an item the launch region writes, and nothing has ever run; without
a table the launch is of a release that had none, or is about to get one.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError
from response import Refused, client, ignoring, text

RESTORE = "restore"
"""Who has put the writer elsewhere where no recovery can bring it back."""


def refuse_while_recovering(event: dict[str, Any], *, done: str) -> None:
    """Go on where nothing stands in the way.

    Args:
        event: Its properties may name a ``RecoveryTable``; then also ``Suffix``, ``LaunchRegion`` and
            ``PeerRegion``.
        done: What would be done to the environment, such as ``updated``.

    Raises:
        Refused: A recovery runs, or has put the writer elsewhere; or a region can't be asked.
    """
    table = event["ResourceProperties"].get("RecoveryTable")
    if not table:
        return
    suffix, launch = text(event, "Suffix"), text(event, "LaunchRegion")
    peer = text(event, "PeerRegion")
    untouched = f"Environment '{suffix}' is not {done}, and nothing has been touched"
    known: dict[str, dict[str, dict[str, str]]] = {}
    for region, names in ((peer, ("lock", "writer")), (launch, ("writer",))):
        try:
            known[region] = {name: _item(client("dynamodb", region), table, name) for name in names}
        except BotoCoreError as error:
            raise Refused(
                f"{untouched}: {region} does not say whether a recovery runs ({type(error).__name__}). "
                f"Repeat once it answers."
            ) from None
    lock = known[peer]["lock"]
    if lock:
        operation = lock.get("operation", "failover")
        raise Refused(
            f"{untouched}: a recovery runs, the {operation} {lock.get('run')}. Wait for its end, then "
            f"repeat. If nothing drives it any more, take it up: dr-catalog {operation} --suffix {suffix}"
        )
    for items in known.values():
        writer = items["writer"].get("region", launch)
        if writer != launch and items["writer"].get("by") == RESTORE:
            raise Refused(
                f"{untouched}: it was rebuilt in {writer} from its copies, and writes there now. The "
                f"product's README says how what was rebuilt is taken away; then repeat."
            )
        if writer != launch:
            raise Refused(f"{untouched}: {elsewhere(writer, launch=launch, suffix=suffix)}")


def elsewhere(writer: str, *, launch: str, suffix: str) -> str:
    """Where the writer is, and how it comes back."""
    return (
        f"the writer is in {writer}, not in the launch region {launch}. Bring it back, then repeat: "
        f"dr-catalog failback --suffix {suffix}"
    )


def _item(dynamodb: Any, table: str, name: str) -> dict[str, str]:
    """The item's texts; empty when there is none."""
    with ignoring("ResourceNotFoundException"):
        found = dynamodb.get_item(TableName=table, Key={"id": {"S": name}}, ConsistentRead=True)
        return {key: value["S"] for key, value in found.get("Item", {}).items() if "S" in value}
    return {}
