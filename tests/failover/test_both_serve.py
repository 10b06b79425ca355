"""Readiness where both regions serve: the words, what is settled, and who was taken out of service."""

from __future__ import annotations

from typing import Any

from dr_catalog import names
from dr_catalog.failover import readiness

from .fakes import LAUNCH, NOW, PEER, SERVING, SITE, World, aws_of, world

PARAMETER = names.parameter(suffix="dev", layer="route53", name="serving-region")


def look(world: World) -> dict[str, Any]:
    return {each.check: each for each in readiness(aws_of(world), SERVING, now=NOW)}


def serving(**changed: Any) -> World:
    made = world()
    made.parameters[PARAMETER] = f"{LAUNCH},{PEER}"
    for name, value in changed.items():
        setattr(made, name, value)
    return made


def test_both_serve_and_nothing_is_said_of_a_standby() -> None:
    found = look(serving())
    assert {each.state for each in found.values()} == {"ok"}
    assert found["roles"].found == f"both regions serve, the ledger's writer is {LAUNCH}, epoch 1"
    assert found["other region"].found == f"{PEER} serves"
    assert "standby" not in found
    assert found["settled"].found == "the ledger has all that the regions took"
    assert "settled" not in {each.check for each in readiness(aws_of(world()), SITE, now=NOW)}


def test_what_was_taken_twice_is_a_finding_and_no_hindrance() -> None:
    found = look(serving(settled="2 taken twice"))["settled"]
    assert (found.state, found.hinders) == ("not ready", False)
    assert found.found == f"{LAUNCH}: 2 taken twice; {PEER}: 2 taken twice"
    assert "#twice" in found.fix


def test_a_lost_region_says_nothing_of_what_is_settled() -> None:
    assert look(serving(gone={LAUNCH}))["settled"].state == "ok"
    assert look(serving(gone={LAUNCH}, settled="1 not in the ledger yet"))["settled"].found == (
        f"{PEER}: 1 not in the ledger yet"
    )
    assert look(serving(gone={LAUNCH, PEER}))["settled"].state == "unknown"


def test_a_region_that_was_taken_out_of_service_is_told_with_the_way_back() -> None:
    out = serving()
    out.parameters[PARAMETER] = LAUNCH
    found = look(out)["traffic"]
    assert (found.state, found.hinders) == ("not ready", True)
    assert f"{PEER} was taken out of service" in found.found
    assert f"--name {PARAMETER} --value {LAUNCH},{PEER} --overwrite" in found.fix
