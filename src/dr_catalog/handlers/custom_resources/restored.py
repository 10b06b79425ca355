"""``Custom::DrRestored``: completes what was restored from copies, when all of it is there.

A table that AWS Backup restores has none of the settings that are not in a backup: point-in-time recovery,
time to live, protection and the tag by which the plan finds it are put back here. Table and cluster are
protected from deletion, and not earlier, as for a launch. Last the state table says that this region
writes, in the epoch after the lost one's: so the launch region's guards, should it return, refuse to
change or delete what would now be the data of this one.

All of it may be repeated. A Delete undoes nothing: the data stay, protected.

Properties: ``Suffix``, ``TableName``, ``TtlAttribute``, ``Cluster`` and ``StateTable``.

See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Restore.Tutorial.html
"""

from __future__ import annotations

import os
from functools import partial
from typing import Any

from botocore.exceptions import ClientError
from deadline import Deadline
from protect import protect_table
from recovery_state import RESTORE
from response import Result, client, ignoring, serve, text

EPOCH = 2
SUFFIX_TAG = "dr:suffix"
NOT_YET = ("ContinuousBackupsUnavailableException", "ResourceInUseException")


def handler(event: dict[str, Any], context: Any) -> None:
    """What Lambda calls."""
    serve(event, context, act)


def act(event: dict[str, Any], context: Any) -> Result:
    """Complete on Create and Update; a Delete leaves everything."""
    own_id = f"dr-restored-{text(event, 'Suffix')}"
    if event["RequestType"] == "Delete":
        return Result(event["PhysicalResourceId"])
    region, table = os.environ["AWS_REGION"], text(event, "TableName")
    dynamodb, deadline = client("dynamodb", region), Deadline(event, context)
    arn = dynamodb.describe_table(TableName=table)["Table"]["TableArn"]
    dynamodb.tag_resource(
        ResourceArn=arn, Tags=[{"Key": SUFFIX_TAG, "Value": text(event, "Suffix")}]
    )
    deadline.repeat(partial(_not_recoverable, dynamodb, table))
    deadline.repeat(partial(_not_expiring, dynamodb, table, text(event, "TtlAttribute")))
    protect_table(table, [dynamodb], deadline=deadline)
    _protect_cluster(client("rds", region), text(event, "Cluster"))
    _say_who_writes(dynamodb, text(event, "StateTable"), region)
    return Result(own_id)


def _not_recoverable(dynamodb: Any, table: str) -> bool:
    """Make the table recoverable to any point in time; whether it could not be done yet."""
    with ignoring(*NOT_YET):
        dynamodb.update_continuous_backups(
            TableName=table,
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )
        return False
    return True


def _not_expiring(dynamodb: Any, table: str, attribute: str) -> bool:
    """Let its items expire; whether it could not be done yet."""
    try:
        with ignoring(*NOT_YET):
            dynamodb.update_time_to_live(
                TableName=table,
                TimeToLiveSpecification={"Enabled": True, "AttributeName": attribute},
            )
            return False
    except ClientError as error:
        if "already enabled" in error.response["Error"]["Message"]:
            return False
        raise
    return True


def _protect_cluster(rds: Any, cluster: str) -> None:
    (found,) = rds.describe_db_clusters(DBClusterIdentifier=cluster)["DBClusters"]
    if not found["DeletionProtection"]:
        rds.modify_db_cluster(
            DBClusterIdentifier=cluster, DeletionProtection=True, ApplyImmediately=True
        )


def _say_who_writes(dynamodb: Any, state_table: str, region: str) -> None:
    with ignoring("ConditionalCheckFailedException"):  # said before
        dynamodb.put_item(
            TableName=state_table,
            Item={
                "id": {"S": "writer"},
                "region": {"S": region},
                "epoch": {"N": str(EPOCH)},
                "fenced": {"BOOL": False},
                "by": {"S": RESTORE},
            },
            ConditionExpression="attribute_not_exists(id)",
        )
