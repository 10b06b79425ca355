"""Custom::DrLayerGuard: what completes the launch of a single layer, and stands before its deletion."""

from __future__ import annotations

from typing import Any

import layer_guard
import pytest

from ..conftest import STANDBY, WRITER, Aws
from .conftest import Context, Stack


def protection(suffix: str) -> str:
    return f"/dr/{suffix}/dynamodb/deletion-protection"


def send(stack: Stack, context: Context, suffix: str, kind: str, **event: Any) -> dict[str, Any]:
    properties = {
        "Suffix": suffix,
        "Layer": "dynamodb",
        "LaunchRegion": WRITER,
        "PeerRegion": STANDBY,
        "ProtectionParameter": protection(suffix),
        "UsersPath": f"/dr/{suffix}/dynamodb/used-by",
        **event.pop("properties", {}),
    }
    layer_guard.handler(stack.event(kind, ResourceProperties=properties, **event), context)
    return stack.answer()


def own_id(suffix: str) -> str:
    return f"dr-layer-guard-dynamodb-{suffix}"


def test_a_launch_that_is_complete_has_its_table_protected(
    aws: Aws, stack: Stack, context: Context, suffix: str
) -> None:
    table = f"dr-transactions-{suffix}"
    for region in (WRITER, STANDBY):
        aws.client("dynamodb", region).create_table(
            TableName=table,
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
    completed = f"/dr/{suffix}/dynamodb/completed"
    given = {"TableName": table, "CompletedParameter": completed}
    answer = send(stack, context, suffix, "Create", properties=given)
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", own_id(suffix))
    assert aws.client("ssm", WRITER).get_parameter(Name=completed)["Parameter"]["Value"] == "true"
    for region in (WRITER, STANDBY):
        found = aws.client("dynamodb", region).describe_table(TableName=table)["Table"]
        assert found["DeletionProtectionEnabled"] is True


@pytest.mark.parametrize("value", ["true", None])
def test_a_protected_layer_is_not_deleted(
    aws: Aws, stack: Stack, context: Context, suffix: str, value: str | None
) -> None:
    ssm = aws.client("ssm", WRITER)
    if value:
        ssm.put_parameter(Name=protection(suffix), Value=value, Type="String")
    answer = send(stack, context, suffix, "Delete", PhysicalResourceId=own_id(suffix))
    assert answer["Status"] == "FAILED"
    assert (
        f"Layer 'dynamodb' of '{suffix}' is not deleted, and nothing has been touched"
        in (answer["Reason"])
    )
    ssm.put_parameter(Name=protection(suffix), Value="false", Type="String", Overwrite=True)
    answer = send(stack, context, suffix, "Delete", PhysicalResourceId=own_id(suffix))
    assert answer["Status"] == "SUCCESS"


def test_a_layer_that_others_use_is_not_deleted(
    aws: Aws, stack: Stack, context: Context, suffix: str
) -> None:
    ssm = aws.client("ssm", WRITER)
    ssm.put_parameter(Name=protection(suffix), Value="false", Type="String")
    for user in ("recovery", "compute"):
        name = f"/dr/{suffix}/dynamodb/used-by/{user}"
        ssm.put_parameter(Name=name, Value=user, Type="String")
    answer = send(stack, context, suffix, "Delete", PhysicalResourceId=own_id(suffix))
    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == (
        f"Layer 'dynamodb' of '{suffix}' is not terminated, and nothing has been touched: compute, "
        "recovery use it. Terminate those first, then repeat."
    )
    ssm.delete_parameters(
        Names=[f"/dr/{suffix}/dynamodb/used-by/{user}" for user in ("recovery", "compute")]
    )
    answer = send(stack, context, suffix, "Delete", PhysicalResourceId=own_id(suffix))
    assert answer["Status"] == "SUCCESS"


def test_what_recovers_is_not_deleted_under_way(
    aws: Aws, stack: Stack, context: Context, suffix: str
) -> None:
    table = f"dr-recovery-{suffix}"
    dynamodb = aws.client("dynamodb", STANDBY)
    dynamodb.create_table(
        TableName=table,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    lock = {"id": {"S": "lock"}, "run": {"S": "r-1"}, "operation": {"S": "failover"}}
    dynamodb.put_item(TableName=table, Item=lock)
    name = protection(suffix)
    aws.client("ssm", WRITER).put_parameter(Name=name, Value="false", Type="String")
    asked = {"properties": {"RecoveryTable": table}, "PhysicalResourceId": own_id(suffix)}
    answer = send(stack, context, suffix, "Delete", **asked)
    assert answer["Status"] == "FAILED"
    assert "a recovery runs, the failover r-1" in answer["Reason"]
    dynamodb.delete_item(TableName=table, Key={"id": {"S": "lock"}})
    answer = send(stack, context, suffix, "Delete", **asked)
    assert answer["Status"] == "SUCCESS"


@pytest.mark.parametrize("on_termination", ["retain", "purge"])
def test_the_data_goes_where_the_launch_asks_for_it(
    aws: Aws, stack: Stack, context: Context, suffix: str, on_termination: str
) -> None:
    name = protection(suffix)
    aws.client("ssm", WRITER).put_parameter(Name=name, Value="false", Type="String")
    buckets = {region: f"dr-documents-{suffix}-1-{region}" for region in (WRITER, STANDBY)}
    for region, bucket in buckets.items():
        s3 = aws.client("s3", region)
        place = {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=bucket, **(place if region == STANDBY else {}))
        s3.put_object(Bucket=bucket, Key="a", Body=b"a")
    asked = {
        "LaunchBucket": buckets[WRITER],
        "PeerBucket": buckets[STANDBY],
        "OnTermination": on_termination,
    }
    given = {"properties": asked, "PhysicalResourceId": own_id(suffix)}
    answer = send(stack, context, suffix, "Delete", **given)
    assert answer["Status"] == "SUCCESS"
    listed = aws.client("s3", WRITER).list_buckets()["Buckets"]
    left = {each["Name"] for each in listed} & set(buckets.values())
    assert left == (set() if on_termination == "purge" else set(buckets.values()))


def test_a_launch_that_rolls_back_is_not_held_up(
    aws: Aws, stack: Stack, context: Context, suffix: str
) -> None:
    answer = send(stack, context, suffix, "Delete", PhysicalResourceId="something-else")
    assert answer["Status"] == "SUCCESS"
