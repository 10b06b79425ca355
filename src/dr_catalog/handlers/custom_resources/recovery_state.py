"""Whether a recovery stands in the way of an update or a deletion.

Two tables say so, one in each region: the peer's holds the lock of a recovery that runs, and each what
its region knows of the writer. Without an item the launch region writes, and nothing has ever run; without
a table the launch is of a release that had none, or is about to get one.
"""

from __future__ import annotations

from typing import Any

from response import Refused, client, ignoring, text


def refuse_while_recovering(event: dict[str, Any], *, done: str) -> None:
    """Go on where nothing stands in the way.

    Args:
        event: Its properties may name a ``RecoveryTable``; then also ``Suffix``, ``LaunchRegion`` and
            ``PeerRegion``.
        done: What would be done to the environment, such as ``updated``.

    Raises:
        Refused: A recovery runs, or has put the writer elsewhere.
    """
    table = event["ResourceProperties"].get("RecoveryTable")
    if not table:
        return
    suffix, launch = text(event, "Suffix"), text(event, "LaunchRegion")
    tables = {region: client("dynamodb", region) for region in (launch, text(event, "PeerRegion"))}
    untouched = f"Environment '{suffix}' is not {done}, and nothing has been touched"
    lock = _item(tables[text(event, "PeerRegion")], table, "lock")
    if lock:
        operation = lock.get("operation", "failover")
        raise Refused(
            f"{untouched}: a recovery runs, the {operation} {lock.get('run')}. Wait for its end, then "
            f"repeat. If nothing drives it any more, take it up: dr-catalog {operation} --suffix {suffix}"
        )
    for dynamodb in tables.values():
        writer = _item(dynamodb, table, "writer").get("region", launch)
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
