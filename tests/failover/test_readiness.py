"""Readiness: each check says no to what it is there for, with a fix, and only to that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dr_catalog import names
from dr_catalog.errors import NotFoundError, SetupError
from dr_catalog.failover import locate, readiness
from dr_catalog.failover.model import Lock, Writer

from .fakes import LAUNCH, NOW, PEER, PILOT, SITE, World, aws_of, cluster, pilot, stack, world

PROTECTION = "/dr/dev/{}/deletion-protection"


def look(world: World) -> dict[str, Any]:
    return {each.check: each for each in readiness(aws_of(world), SITE, now=NOW)}


def test_all_is_well() -> None:
    found = look(world())
    assert {each.state for each in found.values()} == {"ok"}
    assert len(found) == 14
    expected = "0.8 s behind, the objective is 60 s (AuroraGlobalDBRPOLag at 03:00 UTC)"
    assert found["lag"].found == expected
    assert found["roles"].found == f"writer {LAUNCH}, standby {PEER}, epoch 1"


@pytest.mark.parametrize(("value", "state"), [("true", "ok"), ("false", "not ready")])
def test_of_layers_launched_alone_the_database_is_guarded(value: str, state: str) -> None:
    changed = world()
    del changed.parameters[PROTECTION.format("guard")]
    assert look(changed)["guards"].state == "unknown"
    changed.parameters[PROTECTION.format("aurora")] = value
    found = look(changed)["guards"]
    assert found.state == state
    assert ("--layer aurora --set DeletionProtection=true" in found.fix) == (state != "ok")


def _set(name: str, value: Any) -> Callable[[World], None]:
    return lambda world: setattr(world, name, value)


def _answer(operation: str, value: Any, region: str = "") -> Callable[[World], None]:
    return lambda world: world.answers.update({(operation, region): value})


def _metric(name: str, mark: str, value: float | None) -> Callable[[World], None]:
    def change(world: World) -> None:
        del world.metrics[name, mark]
        if value is not None:
            world.metrics[name, mark] = value

    return change


def _parameter(layer: str, name: str, value: str) -> Callable[[World], None]:
    key = names.parameter(suffix="dev", layer=layer, name=name)
    return lambda world: world.parameters.update({key: value})


OLD_ENGINE = {
    "DBClusters": [
        {"DBClusterIdentifier": cluster(PEER), "Status": "available", "EngineVersion": "16.1"}
    ]
}
FAULTS: list[tuple[str, Callable[[World], None], str, str]] = [
    ("recovery", _answer("describe_state_machine", {"status": "DELETING"}), "DELETING", "upgrade"),
    (
        "recovery",
        _set("lock", Lock(run="r-1", operation="drill", since="3:00")),
        "drill r-1",
        "drill",
    ),
    (
        "roles",
        _set("database_writer", PEER),
        f"writer is in {PEER}, writes are taken in",
        "failover",
    ),
    ("roles", _set("writer", Writer(region=LAUNCH, fenced=True, run="r-1")), "fenced", "failover"),
    ("roles", _set("believed", Writer(region=PEER, epoch=2)), f"believes that {PEER}", "a minute"),
    ("standby", _set("ready", False), "ledger: Timeout", "--health"),
    (
        "versions",
        _answer("get_function_configuration", {"CodeSha256": "xyz"}, PEER),
        "code",
        "upgrade",
    ),
    ("versions", _answer("describe_db_clusters", OLD_ENGINE, PEER), "engine", "upgrade"),
    ("replica instance", _answer("describe_db_instances", {"DBInstances": []}), "none", "wait"),
    ("lag", _metric("AuroraGlobalDBRPOLag", cluster(PEER), 61_000), "61.0 s", "--accept-loss"),
    (
        "recovery point",
        _answer("list_recovery_points_by_backup_vault", {"RecoveryPoints": []}),
        "no copy",
        "copy jobs",
    ),
    ("probes", _metric("LaunchRegionAnswers", PEER, None), PEER, "aws logs tail"),
    (
        "alarms",
        _answer(
            "describe_alarms", {"MetricAlarms": [{"AlarmName": "dr-a-dev", "StateValue": "ALARM"}]}
        ),
        "dr-a-dev",
        "description",
    ),
    (
        "alarms",
        _answer(
            "describe_alarms",
            {
                "MetricAlarms": [
                    {"AlarmName": "dr-a-dev", "StateValue": "OK", "ActionsEnabled": False}
                ]
            },
        ),
        "actions are off",
        "enable-alarm-actions",
    ),
    ("alarms", _answer("describe_alarms", {"MetricAlarms": []}), "no alarms", "upgrade"),
    (
        "notifications",
        _answer("list_subscriptions_by_topic", {"Subscriptions": []}),
        "nobody",
        "sns",
    ),
    ("traffic", _parameter("route53", "serving-region", PEER), f"leads to {PEER}", "failover"),
    ("traffic", _metric("Serving", LAUNCH, None), "silent", "aws logs tail"),
    (
        "updates",
        _answer("describe_stacks", {"Stacks": [stack("UPDATE_IN_PROGRESS")]}, PEER),
        "UPDATE_IN_PROGRESS",
        "events",
    ),
    (
        "guards",
        _parameter("guard", "deletion-protection", "false"),
        "off",
        "DeletionProtection=true",
    ),
]


@pytest.mark.parametrize(("check", "fault", "found", "fix"), FAULTS)
def test_a_fault_is_found_by_its_check_alone(
    check: str, fault: Callable[[World], None], found: str, fix: str
) -> None:
    faulty = world()
    fault(faulty)
    said = look(faulty)
    assert {name for name, each in said.items() if each.state != "ok"} == {check}
    assert said[check].state == "not ready"
    assert found in said[check].found
    assert fix in said[check].fix


def test_a_witness_is_asked_for_too() -> None:
    site = replace(SITE, told={**SITE.told, "witness-region": "eu-west-1"})
    here = world()
    found = {each.check: each for each in readiness(aws_of(here), site, now=NOW)}
    assert found["probes"].state != "ok"
    assert "eu-west-1" in found["probes"].found
    here.metrics["LaunchRegionAnswers", "eu-west-1"] = 0
    found = {each.check: each for each in readiness(aws_of(here), site, now=NOW)}
    assert found["probes"].found.endswith("eu-west-1 says DOWN")


def test_after_a_failover_it_says_so() -> None:
    moved = world()
    moved.writer, moved.database_writer = Writer(region=PEER, epoch=2), PEER
    assert "it has failed over" in look(moved)["roles"].found
    assert "failback" in look(moved)["roles"].fix


def test_a_launch_region_that_is_gone_is_unknown_and_not_against_it() -> None:
    gone = world()
    gone.gone = {LAUNCH}
    found = look(gone)
    assert {name for name, each in found.items() if each.state == "unknown"} == {
        "launch region",
        "versions",
        "updates",
        "guards",
    }
    assert {each.state for each in found.values()} == {"ok", "unknown"}
    assert LAUNCH in found["launch region"].found


def test_without_a_metric_the_standby_is_asked() -> None:
    young = world()
    young.metrics.clear()
    assert look(young)["lag"].state == "unknown"
    assert "/ready" in look(young)["lag"].found


def test_a_young_vault_needs_no_copy_yet() -> None:
    young = world()
    young.answers["list_recovery_points_by_backup_vault", ""] = {"RecoveryPoints": []}
    young.answers["describe_backup_vault", ""] = {"CreationDate": NOW - timedelta(minutes=9)}
    assert look(young)["recovery point"].state == "ok"


def test_without_a_zone_traffic_is_moved_by_hand() -> None:
    zoneless = world()
    zoneless.told["route53", PEER] = {"domain-name": "none"}
    zoneless.parameters.pop(names.parameter(suffix="dev", layer="route53", name="serving-region"))
    assert look(zoneless)["traffic"].state == "ok"
    assert "by hand" in look(zoneless)["traffic"].found


def test_what_is_refused_is_unknown_and_what_is_missing_is_not_ready() -> None:
    faulty = world()
    faulty.answers["list_subscriptions_by_topic", ""] = SetupError("these credentials may not")
    faulty.answers["describe_db_instances", ""] = {}
    found = look(faulty)
    assert (found["notifications"].state, found["replica instance"].state) == (
        "unknown",
        "not ready",
    )


@pytest.mark.parametrize("region", [LAUNCH, PEER])
def test_it_is_found_from_either_region(region: str) -> None:
    assert locate(aws_of(world(), region=region), "dev") == SITE


@pytest.mark.parametrize("region", [LAUNCH, PEER])
def test_it_is_found_when_the_launch_region_is_gone(region: str) -> None:
    gone = world()
    gone.gone = {LAUNCH}
    assert locate(aws_of(gone, region=region), "dev") == SITE


def test_a_suffix_without_recovery() -> None:
    with pytest.raises(NotFoundError, match="no recovery for 'other'"):
        locate(aws_of(world()), "other")


def test_a_silent_region_may_be_the_one_that_has_it() -> None:
    gone = world()
    gone.gone = {PEER}
    with pytest.raises(SetupError, match="not every region answers") as refused:
        locate(aws_of(gone), "dev")
    assert "--region" in refused.value.hint


# A peer that is off at rest.


def look_at_rest(world: World) -> dict[str, Any]:
    return {each.check: each for each in readiness(aws_of(world), PILOT, now=NOW)}


def test_a_peer_at_rest_is_well_when_it_is_off() -> None:
    found = look_at_rest(pilot())
    assert {name: each.state for name, each in found.items() if each.state != "ok"} == {
        "lag": "unknown"
    }
    assert found["peer at rest"].found.startswith(f"{PEER} is off")
    assert "no instance, as is right at rest" in found["replica instance"].found
    assert found["standby"].found == f"{PEER} is off; a run sees to it that it is on"
    assert "AWS documents none" in found["lag"].found
    assert "peer at rest" not in look(world())


ON = {"ReservedConcurrentExecutions": 2}
INSTANCE = {"DBInstances": [{"DBInstanceIdentifier": "i-1", "DBInstanceStatus": "available"}]}


@pytest.mark.parametrize(
    ("fault", "found", "fix"),
    [
        (_answer("get_function_concurrency", {}), "is on in us-west-2", "executions 0"),
        (_answer("get_function_concurrency", ON), "is on in us-west-2", "executions 0"),
        (_answer("describe_db_instances", INSTANCE), "i-1 in us-west-2", "delete-db-instance"),
    ],
)
def test_a_peer_that_is_on_with_no_recovery_running_is_a_finding_and_no_hindrance(
    fault: Callable[[World], None], found: str, fix: str
) -> None:
    made = pilot()
    fault(made)
    said = look_at_rest(made)
    assert [name for name, each in said.items() if each.state == "not ready"] == ["peer at rest"]
    assert found in said["peer at rest"].found
    assert fix in said["peer at rest"].fix
    assert not said["peer at rest"].hinders
    made.lock = Lock(run="r-1", operation="drill", since="3:00")
    assert look_at_rest(made)["peer at rest"].state == "ok"


def test_a_peer_that_serves_is_on_and_its_launch_region_is_looked_at_as_ever() -> None:
    made = pilot()
    made.writer, made.database_writer = Writer(region=PEER, epoch=2), PEER
    made.answers["describe_db_instances", ""] = INSTANCE
    made.answers["get_function_concurrency", ""] = {}
    made.parameters[names.parameter(suffix="dev", layer="route53", name="serving-region")] = PEER
    made.metrics["AuroraGlobalDBRPOLag", cluster(LAUNCH)] = 900
    found = look_at_rest(made)
    assert [name for name, each in found.items() if each.state != "ok"] == ["roles"]
    assert found["standby"].found == f"{LAUNCH} could serve"
    assert found["lag"].found.startswith("0.9 s behind")
