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
    answer = send(stack, context, suffix, "Create", properties={"TableName": table})
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", own_id(suffix))
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


def test_a_launch_that_rolls_back_is_not_held_up(
    aws: Aws, stack: Stack, context: Context, suffix: str
) -> None:
    answer = send(stack, context, suffix, "Delete", PhysicalResourceId="something-else")
    assert answer["Status"] == "SUCCESS"
