"""Custom::DrPeerParameter over the emulated SSM."""

from __future__ import annotations

from typing import Any

import peer_parameter
import pytest

from ..conftest import STANDBY, WRITER, Aws
from .conftest import Context, Stack


def properties(path: str, *names: str) -> dict[str, Any]:
    return {"Region": STANDBY, "Path": path, "Names": list(names)}


@pytest.mark.parametrize("request_type", ["Create", "Update"])
def test_the_values_come_from_the_other_region(
    aws: Aws, stack: Stack, context: Context, suffix: str, request_type: str
) -> None:
    path = f"/dr/{suffix}/vpc"
    for region, value in ((WRITER, "here"), (STANDBY, "there")):
        for name in ("vpc-id", "private-subnet-ids", "cidr"):
            aws.client("ssm", region).put_parameter(
                Name=f"{path}/{name}", Value=f"{name} {value}", Type="String"
            )
    asked = properties(path, "vpc-id", "private-subnet-ids")
    peer_parameter.handler(stack.event(request_type, ResourceProperties=asked), context)
    answer = stack.answer()
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", f"{STANDBY}:{path}")
    assert answer["Data"] == {
        "VpcId": "vpc-id there",
        "PrivateSubnetIds": "private-subnet-ids there",
    }


def test_a_parameter_that_comes_late_is_awaited(
    aws: Aws, stack: Stack, context: Context, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/dr/{suffix}"

    def write(name: str) -> None:
        aws.client("ssm", STANDBY).put_parameter(Name=f"{path}/{name}", Value="v", Type="String")

    write("early")
    monkeypatch.setattr(peer_parameter.time, "sleep", lambda _: write("late"))
    asked = stack.event("Create", ResourceProperties=properties(path, "early", "late"))
    assert peer_parameter.act(asked, context).data == {"Early": "v", "Late": "v"}


def test_a_parameter_that_never_comes_fails(
    aws: Aws, stack: Stack, context: Context, no_pauses: list[float]
) -> None:
    asked = properties("/dr/no", "ne")
    peer_parameter.handler(stack.event("Create", ResourceProperties=asked), context)
    answer = stack.answer()
    assert answer["Status"] == "FAILED"
    assert "There is no SSM parameter /dr/no/ne in us-west-2." in answer["Reason"]
    assert 3 < sum(no_pauses) < 15


@pytest.mark.parametrize(
    ("asked", "missing"),
    [
        ({"Region": "r", "Names": ["n"]}, "Path"),
        (properties("/p"), "Names"),
        ({**properties("/p"), "Names": "n"}, "Names"),
        (properties("/p", *map(str, range(11))), "Names"),
    ],
)
def test_a_missing_property_fails(
    stack: Stack, context: Context, asked: dict[str, Any], missing: str
) -> None:
    peer_parameter.handler(stack.event("Create", ResourceProperties=asked), context)
    assert f"needs the property {missing}" in stack.answer()["Reason"]


@pytest.mark.parametrize(
    "before", [{"Region": STANDBY, "Name": "/dr/dev/compute/endpoint"}, properties("/p", "n")]
)
def test_a_delete_asks_nobody_whatever_release_made_it(
    stack: Stack, context: Context, before: dict[str, Any]
) -> None:
    delete = stack.event("Delete", PhysicalResourceId="r:n", ResourceProperties=before)
    peer_parameter.handler(delete, context)
    answer = stack.answer()
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "r:n")
