"""Health checks that ask endpoints, and records of two regions that both serve."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.dns import endpoints

from .test_dns import API, HERE, THERE, World, failed, plain, world

__all__ = ["world"]
CONFIG = {
    "Type": "HTTPS",
    "FullyQualifiedDomainName": "abcdef1234.execute-api.eu-west-1.amazonaws.com",
    "ResourcePath": "/live/",
    "RequestInterval": 10,
    "FailureThreshold": 3,
}


def told(endpoint: str, control: str, **asked: Any) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{endpoint}/_embedded/{control}", data=json.dumps(asked).encode(), method="POST"
    )
    with urllib.request.urlopen(request) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def check(world: World, **config: Any) -> str:
    made = world.api("route53").create_health_check(
        CallerReference=str(time.monotonic_ns()), HealthCheckConfig=config
    )
    return str(made["HealthCheck"]["Id"])


@pytest.fixture
def apis(world: World) -> dict[str, dict[str, Any]]:
    """An API in each region; the settings of a check of it, by region."""
    found = {}
    for region in (HERE, THERE):
        made = world.stacks(region).create("api", API)
        assert made.status == "CREATE_COMPLETE", made.reasons
        (api,) = world.api("apigateway", region).get_rest_apis()["items"]
        host = f"{api['id']}.execute-api.{region}.amazonaws.com"
        found[region] = {**CONFIG, "FullyQualifiedDomainName": host}
    return found


@pytest.fixture
def here_gone(endpoint: str) -> Iterator[None]:
    """The region is away for a while, for every account."""
    yield
    told(endpoint, "regions", region=HERE, mode="here")


def answers(world: World) -> set[str]:
    return {world.answer(kind="TXT")["RecordData"][0] for _ in range(24)}


@pytest.mark.usefixtures("here_gone")
def test_a_region_that_is_lost_leaves_the_name_after_three_rounds_and_comes_back(
    world: World, endpoint: str, apis: dict[str, dict[str, Any]]
) -> None:
    for region, config in apis.items():
        weighted = plain(
            region, SetIdentifier=region, Weight=1, HealthCheckId=check(world, **config)
        )
        world.change("CREATE", {**weighted, "Type": "TXT"})
    told(endpoint, "health-checks", rounds=3)
    assert answers(world) == {HERE, THERE}
    told(endpoint, "regions", region=HERE, mode="gone")
    told(endpoint, "health-checks", rounds=2)
    assert answers(world) == {HERE, THERE}
    told(endpoint, "health-checks", rounds=1)
    assert answers(world) == {THERE}
    told(endpoint, "regions", region=HERE, mode="here")
    told(endpoint, "health-checks", rounds=2)
    assert answers(world) == {THERE}
    told(endpoint, "health-checks", rounds=1)
    assert answers(world) == {HERE, THERE}


def test_an_endpoint_is_asked_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = {("1", "a"): {"config": {**CONFIG, "RequestInterval": 0}}}
    monkeypatch.setattr(endpoints._checks, "_data", checks)
    monkeypatch.setattr(endpoints, "_answers", lambda _: False)
    monkeypatch.setattr(endpoints, "_PAUSE", 0.01)
    until = time.monotonic() + 5
    while endpoints.healthy("1", "a") and time.monotonic() < until:
        time.sleep(0.01)
    assert not endpoints.healthy("1", "a")


@pytest.mark.parametrize(("threshold", "good"), [(1, True), (2, False)])
def test_a_calculated_check_counts_its_children(world: World, threshold: int, good: bool) -> None:
    children = []
    for region, serving in ((HERE, 1), (THERE, 0)):
        world.alarm(region)
        children.append(world.check(region))
        world.publish(ahead=0, **{"here" if region == HERE else "there": serving})
    both = {"Type": "CALCULATED", "ChildHealthChecks": children, "HealthThreshold": threshold}
    for name, more in (("PRIMARY", {"HealthCheckId": check(world, **both)}), ("SECONDARY", {})):
        record = plain(name, SetIdentifier=name, Failover=name, **more)
        world.change("CREATE", {**record, "Type": "TXT"})
    assert answers(world) == {"PRIMARY" if good else "SECONDARY"}


def test_the_nearest_region_that_is_healthy_answers(world: World, endpoint: str) -> None:
    world.alarm(HERE)
    for region, more in ((HERE, {"HealthCheckId": world.check(HERE)}), (THERE, {})):
        record = plain(region, SetIdentifier=region, Region=region, **more)
        world.change("CREATE", {**record, "Type": "TXT"})
    for region in (THERE, HERE):
        told(endpoint, "nearest", region=region)
        assert answers(world) == {region}
    world.publish(ahead=0, here=0)
    assert answers(world) == {THERE}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({**CONFIG, "FullyQualifiedDomainName": "example.com"}, "example.com is none"),
        ({**CONFIG, "RequestInterval": 20}, "RequestInterval is one of"),
        ({**CONFIG, "FailureThreshold": 11}, "FailureThreshold 1 to 10"),
        ({**CONFIG, "ResourcePath": "/"}, "No API answers"),
        ({**CONFIG, "SearchString": "ok"}, "know no SearchString"),
        (
            {"Type": "CALCULATED", "ChildHealthChecks": ["none"], "HealthThreshold": 1},
            "none can be no child",
        ),
        (
            {"Type": "CALCULATED", "ChildHealthChecks": [], "HealthThreshold": 1},
            "HealthThreshold is 0 to 0",
        ),
    ],
)
def test_what_is_refused_of_a_check(world: World, config: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError) as error:
        check(world, **config)
    assert failed(error)[0] == "InvalidInput"
    assert message in failed(error)[1]
    assert world.api("route53").list_health_checks()["HealthChecks"] == []


def test_a_stack_makes_changes_and_deletes_them(world: World) -> None:
    def resources(**changed: Any) -> dict[str, Any]:
        def made(**config: Any) -> dict[str, Any]:
            return {
                "Type": "AWS::Route53::HealthCheck",
                "Properties": {"HealthCheckConfig": config},
            }

        child = {"Fn::GetAtt": ["Ready", "HealthCheckId"]}
        return {
            "Ready": made(**{**CONFIG, "Port": "443", "EnableSNI": "true", **changed}),
            "Both": made(Type="CALCULATED", ChildHealthChecks=[child], HealthThreshold=1),
        }

    def found() -> dict[str, dict[str, Any]]:
        return {
            each["HealthCheckConfig"]["Type"]: each["HealthCheckConfig"] | {"Id": each["Id"]}
            for each in world.api("route53").list_health_checks()["HealthChecks"]
        }

    stacks = world.stacks()
    made = stacks.create("checks", resources())
    assert made.status == "CREATE_COMPLETE", made.reasons
    first = found()
    assert first["HTTPS"].items() >= {**CONFIG, "Port": 443, "EnableSNI": True}.items()
    assert first["CALCULATED"]["ChildHealthChecks"] == [first["HTTPS"]["Id"]]
    changed = stacks.update("checks", resources(FailureThreshold=5))
    assert changed.status == "UPDATE_COMPLETE", changed.reasons
    assert found()["HTTPS"].items() >= {**first["HTTPS"], "FailureThreshold": 5}.items()
    replaced = stacks.update("checks", resources(RequestInterval=30))
    assert replaced.status == "UPDATE_COMPLETE", replaced.reasons
    after = found()
    assert after["HTTPS"]["RequestInterval"] == 30
    assert after["HTTPS"]["Id"] != first["HTTPS"]["Id"]
    assert after["CALCULATED"]["ChildHealthChecks"] == [after["HTTPS"]["Id"]]
    assert stacks.delete("checks").status == "DELETE_COMPLETE"
    assert found() == {}
