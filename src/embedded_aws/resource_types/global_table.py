"""``AWS::DynamoDB::GlobalTable``: a table here, and a replica in each other region it lists.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-dynamodb-globaltable.html
"""

from __future__ import annotations

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


def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    """Create the table, then its replicas; a failure leaves neither behind."""
    home, others = _replicas(properties)
    name = properties.get("TableName") or f"{stack_name}-{logical_id}"
    dynamodb = here("dynamodb")
    indexes = properties.get("GlobalSecondaryIndexes")
    dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=properties["AttributeDefinitions"],
        KeySchema=properties["KeySchema"],
        BillingMode=properties.get("BillingMode", "PAY_PER_REQUEST"),
        StreamSpecification={"StreamEnabled": True, **properties["StreamSpecification"]},
        **({"GlobalSecondaryIndexes": indexes} if indexes else {}),
    )
    try:
        _time_to_live(dynamodb, name, properties)
        _settle(dynamodb, name, properties, home)
        for replica in others:
            _add(dynamodb, name, properties, replica)
    except Exception:
        _drop(name, [replica["Region"] for replica in others])
        raise
    return name, _attributes(name)


def update(
    physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
) -> Made:
    """Change settings in place, add and remove replicas; key and name can't change."""
    home, others = _replicas(new)
    if any(old.get(each) != new.get(each) for each in ("TableName", "KeySchema")):
        refuse_replacement(TYPE, physical_id)
    if old.get("GlobalSecondaryIndexes") != new.get("GlobalSecondaryIndexes"):
        raise ValueError("The embedded AWS does not change GlobalSecondaryIndexes of a table")
    dynamodb = here("dynamodb")
    if old.get("TimeToLiveSpecification") != new.get("TimeToLiveSpecification"):
        _time_to_live(dynamodb, physical_id, new)
    _settle(dynamodb, physical_id, new, home)
    before = {replica["Region"] for replica in old["Replicas"]}
    after = {replica["Region"] for replica in new["Replicas"]}
    for region in before - after - {get_region()}:
        _remove(dynamodb, physical_id, region)
    for replica in others:
        if replica["Region"] in before:
            _settle(there("dynamodb", replica["Region"]), physical_id, new, replica)
        else:
            _add(dynamodb, physical_id, new, replica)
    return physical_id, _attributes(physical_id)


def delete(physical_id: str, properties: dict[str, Any]) -> None:
    """Delete replicas and table, unless one of them is protected."""
    regions = [replica["Region"] for replica in properties["Replicas"]]
    for region in regions:
        table = _describe(region, physical_id)
        if table and table.get("DeletionProtectionEnabled"):
            raise ValueError(
                "Resource cannot be deleted as it is currently protected against deletion. "
                "Disable deletion protection first."
            )
    _drop(physical_id, [region for region in regions if region != get_region()])


def _replicas(properties: Properties) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The stack region's own entry, and the others."""
    known(properties, PROPERTIES)
    for replica in properties["Replicas"]:
        known(replica, REPLICA_PROPERTIES)
    here_ = [each for each in properties["Replicas"] if each["Region"] == get_region()]
    if len(here_) != 1:
        raise ValueError(
            "Invalid request provided: Replicas must include the region the stack is deployed in"
        )
    return here_[0], [each for each in properties["Replicas"] if each is not here_[0]]


def _add(dynamodb: Any, name: str, properties: Properties, replica: dict[str, Any]) -> None:
    region, key = replica["Region"], _key(replica)
    _check_key(region, key)
    dynamodb.update_table(
        TableName=name,
        ReplicaUpdates=[
            {"Create": {"RegionName": region, **({"KMSMasterKeyId": key} if key else {})}}
        ],
    )
    _settle(there("dynamodb", region), name, properties, replica)


def _settle(dynamodb: Any, name: str, properties: Properties, replica: dict[str, Any]) -> None:
    """What each replica has for itself."""
    key = _key(replica)
    _check_key(replica["Region"], key)
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
    if tags(replica):
        arn = dynamodb.describe_table(TableName=name)["Table"]["TableArn"]
        dynamodb.tag_resource(ResourceArn=arn, Tags=tags(replica))


def _key(replica: dict[str, Any]) -> str:
    key: str = replica.get("SSESpecification", {}).get("KMSMasterKeyId", "")
    return key


def _check_key(region: str, key: str) -> None:
    """DynamoDB refuses a replica whose key is not there, or not enabled, in its region."""
    if not key:
        return
    try:
        state = there("kms", region).describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
    except ClientError as error:
        raise ValueError(f"KMS key {key} can't be used in {region}: {error}") from None
    if state != "Enabled" or (key.startswith("arn:") and key.split(":")[3] != region):
        raise ValueError(f"KMS key {key} can't be used in {region}: it is {state}")


def _time_to_live(dynamodb: Any, name: str, properties: Properties) -> None:
    if wanted := properties.get("TimeToLiveSpecification"):
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=wanted)


def _remove(dynamodb: Any, name: str, region: str) -> None:
    dynamodb.update_table(TableName=name, ReplicaUpdates=[{"Delete": {"RegionName": region}}])


def _drop(name: str, others: list[str]) -> None:
    table = _describe(get_region(), name)
    if table is None:
        return
    dynamodb = here("dynamodb")
    for replica in table.get("Replicas", []):
        if replica["RegionName"] in others:
            _remove(dynamodb, name, replica["RegionName"])
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    dynamodb.delete_table(TableName=name)


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
