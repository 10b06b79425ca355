"""Custom::DrUpdateGuard: what it lets through, what it refuses, and what a rollback looks like."""

from __future__ import annotations

from typing import Any

import pytest
import update_guard
import writer

from ..conftest import STANDBY, WRITER, Aws
from .conftest import Context, Stack


@pytest.fixture
def properties(suffix: str) -> dict[str, Any]:
    return {
        "ServiceToken": "arn:function",
        "Suffix": suffix,
        "LaunchRegion": WRITER,
        "Content": "one",
        "Fixed": {"PeerRegion": STANDBY},
        "Parameters": {"DeletionProtection": "true"},
        "AcceptedParameter": f"/dr/{suffix}/guard/accepted",
        "CompletedParameter": f"/dr/{suffix}/guard/completed",
    }


@pytest.fixture
def send(aws: Aws, stack: Stack, context: Context, properties: dict[str, Any]) -> Any:
    """Send a request with some properties changed; the answer."""
    sent = dict(properties)

    def send(kind: str, **changed: Any) -> dict[str, Any]:
        event = stack.event(
            kind,
            ResourceProperties={**properties, **changed},
            OldResourceProperties=dict(sent),
            PhysicalResourceId=f"dr-update-guard-{properties['Suffix']}",
        )
        update_guard.handler(event, context)
        answer = stack.answer()
        if answer["Status"] == "SUCCESS":
            sent.update(properties, **changed)
        return answer

    return send


def test_a_new_release_is_accepted_while_the_writer_is_at_home(send: Any) -> None:
    assert send("Create")["Status"] == "SUCCESS"
    assert send("Update", Content="two")["Status"] == "SUCCESS"


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_a_witness_stands_outside_the_pair(send: Any, kind: str) -> None:
    if kind == "Update":
        send("Create", PeerRegion=STANDBY)
    for region in (WRITER, STANDBY):
        refused = send(kind, PeerRegion=STANDBY, Parameters={"WitnessRegion": region})
        assert refused["Status"] == "FAILED"
        assert f"WitnessRegion is {region}" in refused["Reason"]
    for region in ("eu-west-1", ""):
        accepted = send(kind, PeerRegion=STANDBY, Parameters={"WitnessRegion": region})
        assert accepted["Status"] == "SUCCESS"


def test_another_peer_region_is_refused(send: Any, properties: dict[str, Any]) -> None:
    send("Create")
    answer = send("Update", Fixed={"PeerRegion": "eu-west-1"})
    assert answer["Status"] == "FAILED"
    assert f"PeerRegion from {STANDBY} to eu-west-1" in answer["Reason"]
    assert "nothing has been touched" in answer["Reason"]


def test_an_update_while_the_writer_is_elsewhere_is_refused_and_its_rollback_is_not(
    send: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    send("Create", GlobalCluster="g")
    monkeypatch.setattr(update_guard, "writer_region", lambda *_: STANDBY)
    refused = send("Update", GlobalCluster="g", Content="two")
    assert refused["Status"] == "FAILED"
    assert f"the writer is in {STANDBY}" in refused["Reason"]
    # CloudFormation puts the old properties back.
    assert send("Update", GlobalCluster="g")["Status"] == "SUCCESS"


def test_another_suffix_is_refused_even_with_what_its_own_environment_accepted(
    send: Any, aws: Aws, stack: Stack, context: Context, properties: dict[str, Any]
) -> None:
    suffix, other = properties["Suffix"], f"{properties['Suffix']}-other"
    theirs = {
        **properties,
        "Suffix": other,
        "AcceptedParameter": f"/dr/{other}/guard/accepted",
    }
    update_guard.handler(stack.event("Create", ResourceProperties=theirs), context)
    assert stack.answer()["Status"] == "SUCCESS"
    send("Create")
    answer = send("Update", **theirs)
    assert answer["Status"] == "FAILED"
    assert f"Environment '{suffix}' is not updated" in answer["Reason"]
    assert f"EnvironmentSuffix from {suffix} to {other}" in answer["Reason"]
    assert "launch another environment" in answer["Reason"]


@pytest.mark.usefixtures("aws")
def test_the_rollback_of_a_refused_update_is_accepted_wherever_the_writer_is(
    stack: Stack, context: Context, properties: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {**properties, "GlobalCluster": "g"}
    after = {**before, "Content": "two", "Fixed": {"PeerRegion": "eu-west-1"}}

    def send(kind: str, old: dict[str, Any], new: dict[str, Any]) -> str:
        event = stack.event(
            kind,
            ResourceProperties=new,
            OldResourceProperties=old,
            PhysicalResourceId=f"dr-update-guard-{properties['Suffix']}",
        )
        update_guard.handler(event, context)
        return str(stack.answer()["Status"])

    assert send("Create", {}, before) == "SUCCESS"
    assert send("Update", before, after) == "FAILED"
    monkeypatch.setattr(update_guard, "writer_region", lambda *_: STANDBY)
    # CloudFormation has the refused properties for the old ones now.
    assert send("Update", after, before) == "SUCCESS"
    assert send("Update", before, after) == "FAILED"


def test_a_rollback_to_the_release_before_is_accepted_also_after_a_failover(
    send: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    send("Create", GlobalCluster="g")
    send("Update", GlobalCluster="g", Content="two")
    monkeypatch.setattr(update_guard, "writer_region", lambda *_: STANDBY)
    assert send("Update", GlobalCluster="g")["Status"] == "SUCCESS"
    assert send("Update", GlobalCluster="g", Content="three")["Status"] == "FAILED"


def test_deletion_takes_its_memory_along(send: Any, aws: Aws, properties: dict[str, Any]) -> None:
    send("Create")
    ssm = aws.client("ssm")
    assert ssm.get_parameter(Name=properties["AcceptedParameter"])
    assert send("Delete")["Status"] == "SUCCESS"
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name=properties["AcceptedParameter"])
    assert send("Delete")["Status"] == "SUCCESS"


@pytest.mark.parametrize("state", ["pending", "failing-over", "cancelling"])
def test_nothing_is_updated_while_the_writer_moves(
    send: Any, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    class Moving:
        def describe_global_clusters(self, **_: Any) -> dict[str, Any]:
            arn = f"arn:aws:rds:{WRITER}:333333333333:cluster:c"
            member = {"DBClusterArn": arn, "IsWriter": True}
            found = {"FailoverState": {"Status": state}, "GlobalClusterMembers": [member]}
            return {"GlobalClusters": [found]}

    send("Create", GlobalCluster="g")
    monkeypatch.setattr(writer, "client", lambda *_: Moving())
    answer = send("Update", GlobalCluster="g", Content="two")
    assert answer["Status"] == "FAILED"
    assert "in the middle of a switchover or a failover" in answer["Reason"]
