"""Custom::DrPeerParameter over the emulated SSM."""

from __future__ import annotations

import peer_parameter
import pytest

from ..conftest import STANDBY, WRITER, Aws
from .conftest import Context, Stack


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_the_value_comes_from_the_other_region(
    aws: Aws, stack: Stack, context: Context, suffix: str, request_type: str
) -> None:
    name = f"/dr/{suffix}/compute/endpoint"
    for region, value in ((WRITER, "here"), (STANDBY, "there")):
        aws.client("ssm", region).put_parameter(Name=name, Value=value, Type="String")
    properties = {"Region": STANDBY, "Name": name}
    peer_parameter.handler(stack.event(request_type, ResourceProperties=properties), context)
    answer = stack.answer()
    assert (answer["Status"], answer["Data"]) == ("SUCCESS", {"Value": "there"})
    assert answer["PhysicalResourceId"] == f"{STANDBY}:{name}"


def test_a_parameter_that_comes_late_is_awaited(
    aws: Aws, stack: Stack, context: Context, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"/dr/{suffix}/late"

    def arrive(_: float) -> None:
        aws.client("ssm", STANDBY).put_parameter(Name=name, Value="v", Type="String")

    monkeypatch.setattr(peer_parameter.time, "sleep", arrive)
    properties = {"Region": STANDBY, "Name": name}
    answer = peer_parameter.act(stack.event("Create", ResourceProperties=properties), context)
    assert answer.data == {"Value": "v"}


def test_a_parameter_that_never_comes_fails(
    aws: Aws, stack: Stack, context: Context, no_pauses: list[float]
) -> None:
    properties = {"Region": STANDBY, "Name": "/dr/none"}
    peer_parameter.handler(stack.event("Create", ResourceProperties=properties), context)
    answer = stack.answer()
    assert answer["Status"] == "FAILED"
    assert "There is no SSM parameter /dr/none in us-west-2." in answer["Reason"]
    assert 3 < sum(no_pauses) < 15


def test_a_missing_property_fails(stack: Stack, context: Context) -> None:
    peer_parameter.handler(stack.event("Create", ResourceProperties={"Region": "r"}), context)
    assert "needs the property Name" in stack.answer()["Reason"]


def test_a_delete_asks_nobody(stack: Stack, context: Context) -> None:
    peer_parameter.handler(stack.event("Delete", PhysicalResourceId="r:n"), context)
    answer = stack.answer()
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "r:n")
