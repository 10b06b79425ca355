"""Custom::DrCidrPlan: ranges asked for are checked, ranges not asked for are found free."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

import cidr_plan
import pytest

from ..conftest import STANDBY, WRITER, Aws
from .conftest import Context, Stack


@pytest.fixture
def plan(
    aws: Aws, stack: Stack, context: Context, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """Ask for ranges; the answer."""
    monkeypatch.setenv("AWS_REGION", WRITER)

    def plan(kind: str = "Create", *, given: str = "", **asked: str) -> dict[str, Any]:
        ranges = {"Cidr": "auto", "PeerCidr": "auto", "Zones": "3", **asked}
        properties = {"Suffix": suffix, "PeerRegion": STANDBY, **ranges}
        event = stack.event(kind, ResourceProperties=properties, PhysicalResourceId=given)
        cidr_plan.handler(event, context)
        return stack.answer()

    return plan


def ranges(answer: dict[str, Any]) -> tuple[IPv4Network, IPv4Network]:
    assert answer["Status"] == "SUCCESS", answer["Reason"]
    return IPv4Network(answer["Data"]["Cidr"]), IPv4Network(answer["Data"]["PeerCidr"])


def test_auto_gives_two_ranges_apart_that_follow_from_the_suffix(plan: Any) -> None:
    here, there = ranges(plan())
    assert not here.overlaps(there)
    assert ranges(plan()) == (here, there)


@pytest.mark.parametrize("region", [WRITER, STANDBY])
def test_auto_steps_past_networks_of_either_region(plan: Any, aws: Aws, region: str) -> None:
    here, _ = ranges(plan())
    ec2 = aws.client("ec2", region)
    vpc = ec2.create_vpc(CidrBlock=str(here))["Vpc"]["VpcId"]
    try:
        found = ranges(plan())
    finally:
        ec2.delete_vpc(VpcId=vpc)
    assert not any(each.overlaps(here) for each in found)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"Cidr": "10.1.0.0/16", "PeerCidr": "10.1.16.0/20"}, "overlap"),
        ({"Cidr": "8.8.0.0/16"}, "not private"),
        ({"Cidr": "10.0.0.0/8"}, "must be a /16 to a /20"),
        ({"PeerCidr": "10.0.0.0/24"}, "must be a /16 to a /20"),
        ({"Cidr": "10.0.0.1/16"}, "is no range"),
        ({"Cidr": "nonsense"}, "is no range"),
    ],
)
def test_a_range_that_can_not_be_is_refused(plan: Any, asked: dict[str, str], reason: str) -> None:
    answer = plan(**asked)
    assert answer["Status"] == "FAILED"
    assert reason in answer["Reason"]


def test_a_region_with_too_few_zones_is_refused_with_what_it_has(plan: Any) -> None:
    answer = plan(Zones="9")
    assert answer["Status"] == "FAILED"
    assert "to span 9: launch with Zones=" in answer["Reason"]


def test_an_update_keeps_what_was_given_and_refuses_another(plan: Any) -> None:
    given = plan()["PhysicalResourceId"]
    assert ",".join(map(str, ranges(plan("Update", given=given)))) == given
    refused = plan("Update", given=given, Cidr="172.16.0.0/16")
    assert refused["Status"] == "FAILED"
    assert "launch another environment" in refused["Reason"]
