"""What recovery points hold: a table's items, a bucket's objects, a cluster's data as a snapshot of RDS.

A table's and a bucket's are kept here, by the recovery point's ARN; a copy shares what it is a copy of,
which nobody changes. A cluster's lie with the snapshots of the embedded Aurora, under the same ARN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ministack.core.responses import get_account_id, get_region

from ..aurora import databases, snapshots
from ..extension import account_region_store
from ..resource_types.context import here
from .sources import AURORA, DYNAMODB
from .state import Record

_BATCH = 25
_held = account_region_store()
"""By the ARN of the recovery point."""
_SHAPE = ("AttributeDefinitions", "KeySchema")
_INDEX = ("IndexName", "KeySchema", "Projection")


@dataclass(frozen=True)
class Document:
    """An object of a bucket: its newest version.

    Args:
        body: Its bytes.
        settings: What it is put with besides.
    """

    body: bytes
    settings: dict[str, Any]


@dataclass(frozen=True)
class Table:
    """A table: what it is made with, and its items."""

    shape: dict[str, Any]
    items: tuple[dict[str, Any], ...]


def take(point: Record) -> None:
    """Keep what a resource of this account and region holds now, as a recovery point's."""
    kind, name, arn = point["ResourceType"], point["ResourceName"], point["RecoveryPointArn"]
    if kind == AURORA:
        key = databases.Key(get_account_id(), get_region(), name)
        snapshots.take(_snapshot(arn), key.record or {}, databases.servers.get(key))
    elif kind == DYNAMODB:
        _held[arn] = _table(name)
    else:
        _held[arn] = _documents(name)


def copy(point: Record, to: Record) -> None:
    """Let a recovery point of this region, of which the caller is one, hold the same as another."""
    arn = to["RecoveryPointArn"]
    region = point["BackupVaultArn"].split(":")[3]
    if point["ResourceType"] == AURORA:
        source = snapshots.find(get_account_id(), region, point["RecoveryPointArn"])
        if source is not None:
            snapshots.copy(
                source,
                name=_snapshot(arn),
                account=get_account_id(),
                region=get_region(),
                key=to["EncryptionKeyArn"] or "",
                kind=snapshots.BACKUP,
            )
    else:
        _held[arn] = _held.get_scoped(get_account_id(), region, point["RecoveryPointArn"])


def drop(point: Record) -> None:
    """Forget what a recovery point of this account and region holds."""
    arn = point["RecoveryPointArn"]
    if point["ResourceType"] == AURORA:
        snapshots.delete(get_account_id(), get_region(), _snapshot(arn))
    elif arn in _held:
        del _held[arn]


def of_table(arn: str) -> Table:
    """What a table's recovery point holds."""
    found: Table = _held[arn]
    return found


def of_bucket(arn: str) -> dict[str, Document]:
    """What a bucket's recovery point holds, by the objects' keys."""
    found: dict[str, Document] = _held[arn]
    return found


def _snapshot(arn: str) -> str:
    return arn.split(":", 6)[6]


def _table(name: str) -> Table:
    dynamodb = here("dynamodb")
    found = dynamodb.describe_table(TableName=name)["Table"]
    shape = {each: found[each] for each in _SHAPE}
    for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
        if found.get(kind):
            shape[kind] = [{each: index[each] for each in _INDEX} for index in found[kind]]
    pages = dynamodb.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
    return Table(shape, tuple(item for page in pages for item in page["Items"]))


def fill(name: str, table: Table) -> None:
    """Write a table's items into a table of this account and region."""
    dynamodb = here("dynamodb")
    for start in range(0, len(table.items), _BATCH):
        puts = [{"PutRequest": {"Item": item}} for item in table.items[start : start + _BATCH]]
        dynamodb.batch_write_item(RequestItems={name: puts})


def _documents(bucket: str) -> dict[str, Document]:
    s3, found = here("s3"), {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for each in page.get("Contents", ()):
            answer = s3.get_object(Bucket=bucket, Key=each["Key"])
            tags = s3.get_object_tagging(Bucket=bucket, Key=each["Key"])["TagSet"]
            settings = {"ContentType": answer["ContentType"], "Metadata": answer["Metadata"]}
            if tags:
                settings["Tagging"] = "&".join(f"{tag['Key']}={tag['Value']}" for tag in tags)
            found[each["Key"]] = Document(answer["Body"].read(), settings)
    return found
