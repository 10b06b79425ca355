"""Custom::DrNeighbours over the emulated SSM: found in both regions, or refused by name."""

from __future__ import annotations

from typing import Any

import neighbours

from ..conftest import STANDBY, WRITER, Aws
from .conftest import Context, Stack

NEEDS = {"vpc": {"Launch": ["vpc-id"], "Peer": ["vpc-id", "cidr"]}, "kms": {"Peer": ["key-arn"]}}


def write(aws: Aws, suffix: str, region: str, **values: str) -> None:
    for name, value in values.items():
        path = f"/dr/{suffix}/{name.replace('__', '/').replace('_', '-')}"
        aws.client("ssm", region).put_parameter(Name=path, Value=value, Type="String")


def ask(stack: Stack, context: Context, suffix: str, kind: str = "Create") -> dict[str, Any]:
    properties = {
        "Suffix": suffix,
        "LaunchRegion": WRITER,
        "PeerRegion": STANDBY,
        "Needs": NEEDS,
    }
    event = stack.event(kind, ResourceType="Custom::DrNeighbours", ResourceProperties=properties)
    neighbours.handler(event | {"PhysicalResourceId": "given"}, context)
    return stack.answer()


def test_what_neighbours_tell_in_both_regions(
    aws: Aws, stack: Stack, context: Context, suffix: str
) -> None:
    write(aws, suffix, WRITER, vpc__vpc_id="here")
    write(aws, suffix, STANDBY, vpc__vpc_id="there", vpc__cidr="10.1.0.0/20", kms__key_arn="arn")
    for kind in ("Create", "Update"):
        answer = ask(stack, context, suffix, kind)
        assert answer["Status"] == "SUCCESS"
        assert answer["Data"] == {
            "LaunchVpcVpcId": "here",
            "PeerVpcVpcId": "there",
            "PeerVpcCidr": "10.1.0.0/20",
            "PeerKmsKeyArn": "arn",
        }


def test_neighbours_that_are_not_launched_are_named(
    aws: Aws, stack: Stack, context: Context, suffix: str
) -> None:
    answer = ask(stack, context, suffix)
    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == (
        f"Nothing has been made: layer 'vpc' is not launched under the suffix '{suffix}' in {WRITER} "
        f"and {STANDBY}: launch it first; layer 'kms' is not launched under the suffix '{suffix}' in "
        f"{STANDBY}: launch it first."
    )


def test_a_neighbour_that_tells_too_little_is_named(
    aws: Aws, stack: Stack, context: Context, suffix: str
) -> None:
    write(aws, suffix, WRITER, vpc__vpc_id="here")
    write(aws, suffix, STANDBY, vpc__vpc_id="there", kms__key_arn="arn")
    answer = ask(stack, context, suffix)
    assert answer["Status"] == "FAILED"
    assert (
        f"layer 'vpc' does not tell cidr under the suffix '{suffix}' in {STANDBY}"
        in (answer["Reason"])
    )


def test_a_layer_reads_its_own_half_with_the_same_function(
    aws: Aws, stack: Stack, context: Context, suffix: str
) -> None:
    write(aws, suffix, STANDBY, vpc__peering_id="pcx-1")
    asked = {"Region": STANDBY, "Path": f"/dr/{suffix}/vpc", "Names": ["peering-id"]}
    event = stack.event("Create", ResourceType=neighbours.OWN, ResourceProperties=asked)
    neighbours.handler(event, context)
    assert stack.answer()["Data"] == {"PeeringId": "pcx-1"}


def test_it_goes_last_and_forgets_that_the_launch_was_complete(
    aws: Aws, stack: Stack, context: Context, suffix: str
) -> None:
    ssm, name = aws.client("ssm", WRITER), f"/dr/{suffix}/s3/completed"
    ssm.put_parameter(Name=name, Value="true", Type="String")
    properties = {"LaunchRegion": WRITER, "CompletedParameter": name}
    event = stack.event(
        "Delete",
        ResourceType="Custom::DrNeighbours",
        ResourceProperties=properties,
        PhysicalResourceId="given",
    )
    for _ in range(2):  # a deletion may be repeated
        neighbours.handler(event, context)
        assert stack.answer()["Status"] == "SUCCESS"
    assert ssm.get_parameters(Names=[name])["Parameters"] == []


def test_a_deletion_has_nothing_to_undo(stack: Stack, context: Context) -> None:
    assert ask(stack, context, "dev", "Delete")["PhysicalResourceId"] == "given"
