"""What a tenant sees before deciding: description, plans, drift, health and events, of a real launch."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dr_catalog.provisioning import Aws
from dr_catalog.provisioning.checks import Launch

from .conftest import PEER, REGION, WITNESS, Identity


def stacks(tenant: Identity) -> set[tuple[str, str, str]]:
    """All stacks in both regions, with what would change when anything did."""
    return {
        (each["StackId"], each["StackStatus"], str(each.get("LastUpdatedTime")))
        for region in (REGION, PEER)
        for each in tenant.client("cloudformation", region).describe_stacks()["Stacks"]
    }


def left_behind(tenant: Identity) -> list[Any]:
    """Plans and change sets, in both regions."""
    found: list[Any] = tenant.client("servicecatalog").list_provisioned_product_plans()[
        "ProvisionedProductPlans"
    ]
    for region in (REGION, PEER):
        api = tenant.client("cloudformation", region)
        for each in api.describe_stacks()["Stacks"]:
            if not each["StackName"].startswith(("SC-", "StackSet-dr-")):
                continue  # onboarding's own
            found += api.list_change_sets(StackName=each["StackName"])["Summaries"]
    return found


def test_a_plan_of_a_launch_shows_both_regions_and_leaves_nothing(tenant: Identity) -> None:
    before = stacks(tenant)
    done = tenant.run(
        "plan", "warm-standby", "--suffix", "later", "--exit-code", "--output", "json"
    )
    assert done.exit_code == 3, done.output
    plan = json.loads(done.stdout)
    assert (plan["operation"], plan["unseen"]) == ("launch", "")
    assert {change["action"] for change in plan["changes"]} == {"added"}
    where = {(change["region"], change["part"]) for change in plan["changes"]}
    assert where == {(REGION, "primary"), (PEER, "foundation"), (PEER, "workload")}
    named = {change["resource"] for change in plan["changes"] if change["part"] == "primary"}
    assert "FoundationStackSet7AABD303" in named
    assert stacks(tenant) == before
    assert left_behind(tenant) == []
    assert "later" not in {each["suffix"] for each in tenant.json("status")}


def test_an_interrupted_plan_leaves_nothing(
    tenant: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, first = Aws.plan, iter([KeyboardInterrupt])

    def interrupted(self: Aws, plan_id: str) -> Any:
        for error in first:
            raise error
        return read(self, plan_id)

    monkeypatch.setattr(Aws, "plan", interrupted)
    done = tenant.run("plan", "warm-standby", "--suffix", "later")
    assert (done.exit_code, done.stderr) == (130, "interrupted\n")
    assert left_behind(tenant) == []
    assert "later" not in {each["suffix"] for each in tenant.json("status")}


def test_a_plan_without_changes_says_so(tenant: Identity, launched: Launch) -> None:
    done = tenant.ok("plan", "--suffix", launched.suffix, "--exit-code")
    assert "nothing would change" in done.stderr
    changed = tenant.run(
        "plan", "--suffix", launched.suffix, "--set", "MaxCapacity=40", "--exit-code"
    )
    assert changed.exit_code == 3, changed.output
    assert "workload" in changed.stdout


def test_describe_shows_what_each_region_gets(tenant: Identity) -> None:
    found = tenant.json("describe", "warm-standby")
    assert [each["name"] for each in found["versions"]] == ["1.0.0", "1.1.0", "1.2.0", "1.3.0"]
    assert any("@" in each for each in found["support"])
    zones = next(each for each in found["parameters"] if each["name"] == "Zones")
    assert (zones["default"], zones["allowed"]) == ("3", ["3", "2"])
    assert found["unread"] == ""
    assert {each["part"] for each in found["builds"]} == {
        *("primary", "foundation", "workload", "witness")
    }
    tables = [each for each in found["builds"] if each["type"] == "AWS::DynamoDB::GlobalTable"]
    assert [(each["part"], each["count"]) for each in tables] == [("primary", 2), ("workload", 1)]
    region = found["objectives"]["region"]
    assert (region["rpo"]["seconds"], region["rpo"]["store"]) == (900, "documents")
    assert region["rto"]["dominant"]["seconds"] == 3600  # a person may approve within the hour
    assert found["objectives"]["original"]["met"] is True


def test_drift_health_and_events_of_a_launch(tenant: Identity, launched: Launch) -> None:
    ssm = tenant.client("ssm", PEER)
    path = f"/dr/{launched.suffix}/"
    value = ssm.get_parameters_by_path(Path=path, Recursive=True)["Parameters"][0]
    name, was = value["Name"], value["Value"]
    ssm.put_parameter(Name=name, Value="changed by hand", Overwrite=True)
    try:
        status = tenant.json("status", "--suffix", launched.suffix, "--drift", "--health")
    finally:
        ssm.put_parameter(Name=name, Value=was, Overwrite=True)
    (drifted,) = [each for stack in status["drift"] for each in stack["resources"]]
    assert drifted["physical_id"] == name
    assert (drifted["region"], drifted["status"]) == (PEER, "MODIFIED")
    assert drifted["differences"][0]["actual"] == "changed by hand"
    roles = {each["region"]: (each["role"], each["ready"]) for each in status["health"]}
    assert roles == {REGION: ("writer", True), PEER: ("standby", True)}
    assert status["status"]["recommended"] == "1.3.0"

    events = tenant.json("events", "--suffix", launched.suffix)
    assert {each["region"] for each in events} == {REGION, PEER, WITNESS}
    assert [each["time"] for each in events] == sorted(each["time"] for each in events)
