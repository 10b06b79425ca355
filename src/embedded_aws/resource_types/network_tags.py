"""Tags of EC2's resources: given with the creation, changed afterwards."""

from __future__ import annotations

from typing import Any

from .context import Properties, tags


def specification(kind: str, properties: Properties) -> dict[str, Any]:
    """The argument that tags what a Create operation makes; empty without tags."""
    wanted = tags(properties)
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": wanted}]} if wanted else {}


def retag(ec2: Any, resource_id: str, old: Properties, new: Properties) -> None:
    """From the old template's tags to the new one's; others stay."""
    gone = {tag["Key"] for tag in tags(old)} - {tag["Key"] for tag in tags(new)}
    if gone:
        ec2.delete_tags(Resources=[resource_id], Tags=[{"Key": key} for key in sorted(gone)])
    if tags(new):
        ec2.create_tags(Resources=[resource_id], Tags=tags(new))
