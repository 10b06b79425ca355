"""The tags of a resource of RDS, as its template has them."""

from __future__ import annotations

from typing import Any

from ..resource_types.context import Properties, tags


def retag(api: Any, arn: str, old: Properties, new: Properties) -> None:
    """Bring the tags from what the template had to what it has."""
    gone = {tag["Key"] for tag in tags(old)} - {tag["Key"] for tag in tags(new)}
    if gone:
        api.remove_tags_from_resource(ResourceName=arn, TagKeys=sorted(gone))
    if tags(new):
        api.add_tags_to_resource(ResourceName=arn, Tags=tags(new))
