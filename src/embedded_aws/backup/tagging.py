"""Tags of vaults, plans, restore testing plans and recovery points."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import state
from .errors import not_found
from .state import Answer, Params, Record


def retag(api: Any, arn: str, old: dict[str, str], new: dict[str, str]) -> None:
    """Bring a resource's tags from what its template had to what it has; others stay."""
    gone = sorted(set(old) - set(new))
    if gone:
        api.untag_resource(ResourceArn=arn, TagKeyList=gone)
    if new:
        api.tag_resource(ResourceArn=arn, Tags=new)


def _tags(params: Params) -> dict[str, str]:
    for arn, record in _tagged():
        if arn == params["ResourceArn"]:
            tags: dict[str, str] = record["Tags"]
            return tags
    raise not_found(f"Cannot find the resource {params['ResourceArn']}")


def _tagged() -> Iterator[tuple[str, Record]]:
    stores = (
        (state.vaults, "BackupVaultArn"),
        (state.plans, "BackupPlanArn"),
        (state.restore_plans, "RestoreTestingPlanArn"),
        (state.points, "RecoveryPointArn"),
    )
    for store, name in stores:
        for record in store.values():
            yield record[name], record


def _tag(params: Params) -> Answer:
    _tags(params).update(params["Tags"])
    return {}


def _untag(params: Params) -> Answer:
    tags = _tags(params)
    for key in params["TagKeyList"]:
        tags.pop(key, None)
    return {}


def _list(params: Params) -> Answer:
    return {"Tags": _tags(params)}


OPERATIONS = {"ListTags": _list, "TagResource": _tag, "UntagResource": _untag}
