"""``AWS::DynamoDB::GlobalTable``: a table here, and a replica in each other region it lists.

Settings of the table (keys, indexes, stream, time to live) are the same everywhere; key, recovery,
deletion protection and tags are each replica's own, set at its region's endpoint. On-demand capacity
only.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-dynamodb-globaltable.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError
from ministack.core.responses import get_region

from .context import Made, Properties, here, known, refuse_replacement, tags, there

TYPE = "AWS::DynamoDB::GlobalTable"
TAGS = ""  # a replica has its own
PROPERTIES = (
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "Replicas",
    "SSESpecification",
    "StreamSpecification",
    "TableName",
    "TimeToLiveSpecification",
)
REPLICA_PROPERTIES = (
    "DeletionProtectionEnabled",
    "PointInTimeRecoverySpecification",
    "Region",
    "SSESpecification",
    "Tags",
)
INDEX_PROPERTIES = ("IndexName", "KeySchema", "Projection")
PROTECTED = (
    "Resource cannot be deleted as it is currently protected against deletion. "
    "Disable deletion protection first."
)

Replica = dict[str, Any]


def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    """Create the table, then its replicas; a failure leaves neither behind."""
    home, others = _replicas(properties)
    name = properties.get("TableName") or f"{stack_name}-{logical_id}"
    dynamodb = here("dynamodb")
    optional: dict[str, Any] = {}
    if indexes := properties.get("GlobalSecondaryIndexes"):
        optional["GlobalSecondaryIndexes"] = indexes
    if stream := properties.get("StreamSpecification"):
        optional["StreamSpecification"] = {"StreamEnabled": True, **stream}
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=properties["AttributeDefinitions"],
        KeySchema=properties["KeySchema"],
        BillingMode="PAY_PER_REQUEST",
        **optional,
    )
    try:
        _time_to_live(dynamodb, name, {}, properties)
        _settle(name, properties, home, {})
        for replica in others:
            _add(name, properties, replica)
    except Exception:
        _take_down(name)
        raise
    return name, _attributes(name)


def update(
    physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
) -> Made:
    """Change settings in place, add and remove replicas and indexes; name and keys can't change."""
    home, others = _replicas(new)
    table = _describe(get_region(), physical_id)
    if table is None:
        raise ValueError(f"Table {physical_id} does not exist")
    if new.get("TableName", physical_id) != physical_id or new["KeySchema"] != table["KeySchema"]:
        refuse_replacement(TYPE, physical_id)
    before = {replica["Region"]: replica for replica in old["Replicas"]}
    there_now = {each["RegionName"] for each in table.get("Replicas", [])}
    for region in sorted(there_now - {replica["Region"] for replica in others}):
        _remove(physical_id, region)
    for replica in [home, *others]:
        region = replica["Region"]
        if region == get_region() or region in there_now:
            _change_indexes(region, physical_id, new)
            _settle(physical_id, new, replica, before.get(region, {}))
        else:
            _add(physical_id, new, replica)
    _time_to_live(here("dynamodb"), physical_id, old, new)
    return physical_id, _attributes(physical_id)


def delete(physical_id: str, properties: dict[str, Any]) -> None:
    """Delete the replicas, then the table, unless one of them is protected."""
    table = _describe(get_region(), physical_id)
    if table is None:
        return
    for region in [get_region(), *_regions(table)]:
        if (_describe(region, physical_id) or {}).get("DeletionProtectionEnabled"):
            raise ValueError(f"{PROTECTED} ({physical_id} in {region})")
    _take_down(physical_id)


def _replicas(properties: Properties) -> tuple[Replica, list[Replica]]:
    """The stack region's own entry, and the others."""
    known(properties, PROPERTIES)
    replicas = properties["Replicas"]
    for replica in replicas:
        known(replica, REPLICA_PROPERTIES)
        known(replica.get("SSESpecification", {}), ("KMSMasterKeyId",))
        _check_key(replica["Region"], _key(replica))
    for index in properties.get("GlobalSecondaryIndexes", []):
        known(index, INDEX_PROPERTIES)
    if properties.get("BillingMode") != "PAY_PER_REQUEST":
        raise ValueError("The embedded AWS has BillingMode PAY_PER_REQUEST only")
    if len(replicas) > 1 and "StreamSpecification" not in properties:
        raise ValueError(
            "StreamSpecification must be set for a GlobalTable with more than one replica"
        )
    home = [each for each in replicas if each["Region"] == get_region()]
    if len(home) != 1:
        raise ValueError(
            "Invalid request provided: Replicas must include the region the stack is deployed in"
        )
    return home[0], [each for each in replicas if each is not home[0]]


def _add(name: str, properties: Properties, replica: Replica) -> None:
    region, key = replica["Region"], _key(replica)
    wanted = {"RegionName": region, **({"KMSMasterKeyId": key} if key else {})}
    here("dynamodb").update_table(TableName=name, ReplicaUpdates=[{"Create": wanted}])
    _settle(name, properties, replica, {})


def _settle(name: str, properties: Properties, replica: Replica, before: Replica) -> None:
    """What each replica has for itself."""
    dynamodb, key = there("dynamodb", replica["Region"]), _key(replica)
    if properties.get("SSESpecification", {}).get("SSEEnabled"):
        dynamodb.update_table(
            TableName=name,
            SSESpecification={
                "Enabled": True,
                "SSEType": "KMS",
                **({"KMSMasterKeyId": key} if key else {}),
            },
        )
    dynamodb.update_table(
        TableName=name, DeletionProtectionEnabled=replica.get("DeletionProtectionEnabled", False)
    )
    recovery = replica.get("PointInTimeRecoverySpecification", {})
    dynamodb.update_continuous_backups(
        TableName=name,
        PointInTimeRecoverySpecification={
            "PointInTimeRecoveryEnabled": recovery.get("PointInTimeRecoveryEnabled", False)
        },
    )
    arn = dynamodb.describe_table(TableName=name)["Table"]["TableArn"]
    gone = {tag["Key"] for tag in tags(before)} - {tag["Key"] for tag in tags(replica)}
    if gone:
        dynamodb.untag_resource(ResourceArn=arn, TagKeys=sorted(gone))
    if tags(replica):
        dynamodb.tag_resource(ResourceArn=arn, Tags=tags(replica))


def _change_indexes(region: str, name: str, properties: Properties) -> None:
    """Drop and add indexes; an index does not change in place."""
    table = _describe(region, name) or {}
    has = {each["IndexName"] for each in table.get("GlobalSecondaryIndexes", [])}
    wanted = {each["IndexName"]: each for each in properties.get("GlobalSecondaryIndexes", [])}
    changes: Iterator[dict[str, Any]] = iter(
        [{"Delete": {"IndexName": index}} for index in sorted(has - wanted.keys())]
        + [{"Create": wanted[index]} for index in sorted(wanted.keys() - has)]
    )
    for change in changes:  # DynamoDB takes one at a time
        there("dynamodb", region).update_table(
            TableName=name,
            AttributeDefinitions=properties["AttributeDefinitions"],
            GlobalSecondaryIndexUpdates=[change],
        )


def _time_to_live(dynamodb: Any, name: str, old: Properties, new: Properties) -> None:
    """Time to live, which DynamoDB carries to every replica."""
    before, wanted = (each.get("TimeToLiveSpecification") for each in (old, new))
    if wanted and wanted != before:
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=wanted)
    elif before and not wanted:
        off = {"Enabled": False, "AttributeName": before["AttributeName"]}
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=off)


def _key(replica: Replica) -> str:
    key: str = replica.get("SSESpecification", {}).get("KMSMasterKeyId", "")
    return key


def _check_key(region: str, key: str) -> None:
    """DynamoDB refuses a replica whose key is not there, or not enabled, in its region."""
    if not key:
        return
    if key.startswith("arn:") and key.split(":")[3] != region:
        raise ValueError(f"KMS validation error: {key} is not in {region}, where the replica is")
    try:
        state = there("kms", region).describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
    except ClientError as error:
        reason = error.response["Error"]["Message"]
        raise ValueError(f"KMS validation error: {key} in {region}: {reason}") from None
    if state != "Enabled":
        raise ValueError(f"KMS validation error: {key} in {region} is {state}")


def _remove(name: str, region: str) -> None:
    if (_describe(region, name) or {}).get("DeletionProtectionEnabled"):
        raise ValueError(f"{PROTECTED} ({name} in {region})")
    here("dynamodb").update_table(
        TableName=name, ReplicaUpdates=[{"Delete": {"RegionName": region}}]
    )


def _take_down(name: str) -> None:
    """Delete everything; protection has been looked at, or nothing is worth it yet."""
    dynamodb = here("dynamodb")
    for region in _regions(_describe(get_region(), name) or {}):
        dynamodb.update_table(TableName=name, ReplicaUpdates=[{"Delete": {"RegionName": region}}])
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=name)


def _regions(table: dict[str, Any]) -> list[str]:
    return [each["RegionName"] for each in table.get("Replicas", [])]


def _describe(region: str, name: str) -> dict[str, Any] | None:
    dynamodb = there("dynamodb", region)
    try:
        table: dict[str, Any] = dynamodb.describe_table(TableName=name)["Table"]
    except dynamodb.exceptions.ResourceNotFoundException:
        return None
    return table


def _attributes(name: str) -> dict[str, Any]:
    table = here("dynamodb").describe_table(TableName=name)["Table"]
    return {
        "Arn": table["TableArn"],
        "StreamArn": table.get("LatestStreamArn", ""),
        "TableId": table["TableId"],
    }
