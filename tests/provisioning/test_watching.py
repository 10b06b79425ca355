"""Time line, drift, health and the calls of a long list."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from dr_catalog.errors import LaunchError, NotFoundError, SetupError
from dr_catalog.provisioning import Aws, drift, follow, health, launched, timeline
from dr_catalog.provisioning.endpoint import Answer
from dr_catalog.provisioning.model import StackInstance
from dr_catalog.provisioning.preview_model import Detection, Drifted

from .fakes import event, launch, record, stack

PEER = stack(id="arn:w", name="StackSet-w", region="us-west-2")


def in_two_regions(aws: Any, here: list[Any], there: list[Any]) -> None:
    aws.launch.return_value = launch()
    aws.stack.side_effect = lambda name, *, region="": PEER if region else stack()
    aws.stack_sets.return_value = ("s:1",)
    aws.stack_instances.return_value = (StackInstance(region="us-west-2", stack_id="arn:w"),)
    aws.events.side_effect = lambda _, *, since, region="": iter(there if region else here)


def test_both_regions_make_one_time_line(aws):
    other = event("Vault", "CREATE_COMPLETE", at=2, region="us-west-2")
    here = [event("Queue", "CREATE_COMPLETE", at=3), event("Queue", "CREATE_IN_PROGRESS", at=1)]
    in_two_regions(aws, here, [other])
    found = timeline(aws, "demo")
    assert [(each.resource, each.region) for each in found] == [
        ("Queue", "us-east-1"),
        ("Vault", "us-west-2"),
        ("Queue", "us-east-1"),
    ]
    since = aws.events.call_args.kwargs["since"]
    assert since == record().created.replace(microsecond=0)
    timeline(aws, "demo", whole=True)
    assert aws.events.call_args.kwargs["since"] < datetime(2020, 1, 1, tzinfo=UTC)


def test_following_ends_with_the_operation_and_tells_each_event_once(aws):
    aws.launch.return_value = launch(status="UNDER_CHANGE")
    running = record(status="IN_PROGRESS")
    aws.record.side_effect = [running, running, record()]
    first, second = event("A", "CREATE_COMPLETE"), event("B", "CREATE_COMPLETE", at=2)
    aws.events.side_effect = [iter([first]), iter([second, first])]
    turns = list(follow(aws, "demo", sleep=lambda _: None))
    assert turns == [(first,), (second,)]


def test_following_says_why_it_sees_nothing(aws):
    aws.launch.return_value = launch(status="UNDER_CHANGE")
    aws.record.return_value = record(status="IN_PROGRESS")
    aws.events.side_effect = SetupError("these credentials may not call DescribeStackEvents")
    with pytest.raises(SetupError, match="may not call"):
        list(follow(aws, "demo", sleep=lambda _: None))


def test_drift_is_begun_everywhere_before_it_is_waited_for(aws):
    calls: list[str] = []
    aws.detect_drift.side_effect = lambda name, *, region: calls.append(f"begin {region}") or region
    answers = {
        "us-east-1": [Detection(status="DETECTION_IN_PROGRESS"), Detection(status="DETECTION_COMPLETE", stack_status="DRIFTED")],
        "us-west-2": [Detection(status="DETECTION_FAILED", stack_status="UNKNOWN", reason="x")],
    }  # fmt: skip
    aws.detection.side_effect = lambda key, *, region: (
        calls.append(f"ask {region}") or answers[region].pop(0)
    )
    found = Drifted(
        region="us-east-1", stack="s", resource="Q", type="T", physical_id="q", status="MODIFIED"
    )
    aws.drifted.side_effect = lambda _, *, name, region: (found,) if region == "us-east-1" else ()
    here, there = drift(aws, (stack(), PEER), sleep=lambda _: None)
    assert calls == ["begin us-east-1", "begin us-west-2", *["ask us-east-1"] * 2, "ask us-west-2"]
    assert (here.status, here.resources) == ("DRIFTED", (found,))
    assert (there.status, there.reason) == ("UNKNOWN", "x")
    aws.detection.side_effect = lambda key, *, region: Detection(status="DETECTION_IN_PROGRESS")
    with pytest.raises(LaunchError, match="15 minutes"):
        drift(aws, (stack(),), sleep=lambda _: None)


BOTH = {"us-east-1": {"Endpoint": "https://a"}, "us-west-2": {"Endpoint": "https://b"}}


def test_health_names_role_and_failing_checks_and_survives_silence(aws):
    body = {
        "ready": False,
        "role": "standby",
        "checks": {"table": {"ok": True}, "lag": {"ok": False, "reason": "too far behind"}},
    }
    answers = {
        ("us-east-1", "health"): Answer(status=200, body={}),
        ("us-east-1", "ready"): Answer(status=503, body=body),
    }

    def get(endpoint: str, *, region: str, path: str) -> Answer:
        if region == "us-west-2":
            raise SetupError(f"{endpoint} does not answer", why="timed out")
        return answers[region, path]

    aws.get.side_effect = get
    aws.setting.side_effect = NotFoundError("no region is off at rest")
    here, there = health(aws, BOTH, suffix="demo")
    assert (here.healthy, here.ready, here.role) == (True, False, "standby")
    assert here.failing == {"lag": "too far behind"}
    assert (there.healthy, there.error) == (False, "https://b does not answer timed out")
    assert health(aws, {"us-east-1": {}}, suffix="demo") == ()


@pytest.mark.parametrize("peer_region", ["us-west-2", ""])
def test_the_peers_api_is_asked_where_only_the_launch_region_tells_of_it(aws, peer_region):
    aws.peer_region = peer_region
    aws.get.side_effect = lambda endpoint, *, region, path: Answer(status=200, body={"checks": {}})
    aws.setting.side_effect = NotFoundError("no region is off at rest")
    told = {"us-east-1": {"Endpoint": "https://a", "PeerEndpoint": "https://b"}}
    found = health(aws, told, suffix="demo")
    assert [each.region for each in found] == ["us-east-1", *filter(None, [peer_region])]
    asked = {(call.kwargs["region"], call.args[0]) for call in aws.get.call_args_list}
    assert (("us-west-2", "https://b") in asked) == bool(peer_region)


@pytest.mark.parametrize(("limit", "off"), [(0, True), (None, False), (3, False)])
def test_a_region_that_is_off_at_rest_is_not_called(aws, limit, off):
    def setting(name: str, *, region: str) -> str:
        if region == "us-east-1":
            raise NotFoundError("not there")
        assert name == "/dr/demo/recovery/peer-at-rest"
        return "off"

    aws.setting.side_effect = setting
    aws.concurrency.side_effect = lambda function, *, region: limit
    called: list[str] = []
    aws.get.side_effect = lambda endpoint, *, region, path: (
        called.append(region) or Answer(status=200, body={"ready": True, "checks": {}})
    )
    here, there = health(aws, BOTH, suffix="demo")
    assert (here.healthy, here.off) == (True, False)
    assert (there.off, there.healthy, there.error) == (off, not off, "")
    assert ("us-west-2" in called) is not off


def test_sixty_launches_cost_three_pages_and_one_product(stubbed, monkeypatch):
    for number in range(3):
        page = [
            {
                "Id": f"pp-{number}-{n}",
                "Name": f"dr-team{number}x{n}",
                "Status": "AVAILABLE",
                "ProductId": "prod-1",
                "ProvisioningArtifactId": "pa-1",
                "LastRecordId": "rec-1",
            }
            for n in range(20)
        ]
        more = {"NextPageToken": f"t{number}"} if number < 2 else {}
        stubbed.answers("search_provisioned_products", {"ProvisionedProducts": page, **more})
    stubbed.answers(
        "describe_product",
        {
            "ProductViewSummary": {"ProductId": "prod-1", "Name": "warm-standby"},
            "ProvisioningArtifacts": [
                {"Id": "pa-1", "Name": "1.0.0", "CreatedTime": datetime(2026, 1, 5, tzinfo=UTC)}
            ],
        },
    )
    stubbed.stub("ssm").add_response("get_parameter", {"Parameter": {"Value": "us-west-2"}})
    calls: Counter[str] = Counter()
    ask = Aws._call

    def counted(self: Aws, service: str, operation: str, **more: Any) -> Any:
        calls[operation] += 1
        return ask(self, service, operation, **more)

    monkeypatch.setattr(Aws, "_call", counted)
    rows = launched(stubbed.aws)
    assert calls == {"search_provisioned_products": 3, "describe_product": 1, "get_parameter": 1}
    assert (len(rows), {row.peer_region for row in rows}) == (60, {"us-west-2"})
