"""Both guards while a recovery runs, and once it has put the writer elsewhere."""

from __future__ import annotations

from typing import Any

import delete_guard
import pytest
import recovery_state
import update_guard
from botocore.exceptions import EndpointConnectionError

from ..conftest import STANDBY, WRITER, Aws
from .conftest import Context, Stack

GUARDS = {"updated": ("Update", update_guard), "deleted": ("Delete", delete_guard)}
LOCK = {"id": "lock", "run": "r-1", "operation": "switchover", "since": "2026-01-01T00:00:00Z"}


@pytest.fixture
def event(aws: Aws, suffix: str, stack: Stack) -> dict[str, Any]:
    """A request to either guard of a launch that nothing else protects."""
    protection = f"/dr/{suffix}/guard/deletion-protection"
    aws.client("ssm").put_parameter(Name=protection, Value="false", Type="String")
    for region in (WRITER, STANDBY):
        aws.client("dynamodb", region).create_table(
            TableName=f"dr-recovery-{suffix}",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )
    properties = {
        "Suffix": suffix,
        "LaunchRegion": WRITER,
        "PeerRegion": STANDBY,
        "RecoveryTable": f"dr-recovery-{suffix}",
        "AcceptedParameter": f"/dr/{suffix}/guard/accepted",
        "CompletedParameter": f"/dr/{suffix}/guard/completed",
        "ProtectionParameter": protection,
        "OnTermination": "retain",
    }
    return stack.event("", ResourceProperties=properties, OldResourceProperties=properties)


def ask(guard: str, event: dict[str, Any], stack: Stack) -> str:
    """The guard's reason to refuse; empty when it does not."""
    kind, module = GUARDS[guard]
    own_id = f"dr-{kind.lower()}-guard-{event['ResourceProperties']['Suffix']}"
    module.handler({**event, "RequestType": kind, "PhysicalResourceId": own_id}, Context(900))
    answer = stack.answer()
    assert (answer["Status"] == "FAILED") is bool(answer["Reason"])
    return str(answer["Reason"])


def put(aws: Aws, event: dict[str, Any], where: str, **item: Any) -> None:
    kinds = {str: "S", int: "N", bool: "BOOL"}
    aws.client("dynamodb", where).put_item(
        TableName=event["ResourceProperties"]["RecoveryTable"],
        Item={
            name: {kinds[type(value)]: str(value) if type(value) is int else value}
            for name, value in item.items()
        },
    )


@pytest.mark.parametrize("guard", GUARDS)
def test_nothing_speaks_against_it_where_nothing_ran_or_the_writer_is_home(
    aws: Aws, event: dict[str, Any], stack: Stack, guard: str
) -> None:
    assert ask(guard, event, stack) == ""
    put(aws, event, STANDBY, id="writer", region=WRITER, epoch=3, fenced=False)
    event["ResourceProperties"]["Content"] = "two"
    assert ask(guard, event, stack) == ""


@pytest.mark.parametrize("guard", GUARDS)
def test_without_the_table_or_its_name_the_launch_is_of_a_release_without_recovery(
    aws: Aws, event: dict[str, Any], stack: Stack, guard: str
) -> None:
    table = event["ResourceProperties"].pop("RecoveryTable")
    assert ask(guard, event, stack) == ""
    aws.client("dynamodb", STANDBY).delete_table(TableName=table)
    event["ResourceProperties"]["RecoveryTable"] = table
    assert ask(guard, event, stack) == ""


@pytest.mark.parametrize("guard", GUARDS)
def test_while_a_recovery_holds_the_lock_nothing_is_touched(
    aws: Aws, event: dict[str, Any], stack: Stack, guard: str
) -> None:
    put(aws, event, STANDBY, **LOCK)
    suffix = event["ResourceProperties"]["Suffix"]
    told = ask(guard, event, stack)
    assert f"'{suffix}' is not {guard}, and nothing has been touched: a recovery runs" in told
    assert "the switchover r-1" in told
    assert f"dr-catalog switchover --suffix {suffix}" in told


@pytest.mark.parametrize("guard", GUARDS)
@pytest.mark.parametrize("knows", [WRITER, STANDBY])
def test_while_either_region_knows_the_writer_elsewhere_failback_comes_first(
    aws: Aws, event: dict[str, Any], stack: Stack, guard: str, knows: str
) -> None:
    put(aws, event, knows, id="writer", region=STANDBY, epoch=2, fenced=False)
    told = ask(guard, event, stack)
    assert f"is not {guard}, and nothing has been touched: the writer is in {STANDBY}" in told
    assert f"dr-catalog failback --suffix {event['ResourceProperties']['Suffix']}" in told


@pytest.mark.parametrize("guard", GUARDS)
@pytest.mark.parametrize("knows", [WRITER, STANDBY])
def test_what_was_rebuilt_from_copies_is_taken_away_first(
    aws: Aws, event: dict[str, Any], stack: Stack, guard: str, knows: str
) -> None:
    put(aws, event, knows, id="writer", region=STANDBY, epoch=2, fenced=False, by="restore")
    told = ask(guard, event, stack)
    assert f"nothing has been touched: it was rebuilt in {STANDBY} from its copies" in told
    assert "failback" not in told


@pytest.mark.parametrize("guard", GUARDS)
def test_a_peer_that_does_not_answer_is_no_reason_to_go_on(
    event: dict[str, Any], stack: Stack, guard: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = recovery_state.client

    def gone(service: str, region: str) -> Any:
        if region == STANDBY:
            raise EndpointConnectionError(endpoint_url="https://dynamodb.example")
        return made(service, region)

    monkeypatch.setattr(recovery_state, "client", gone)
    told = ask(guard, event, stack)
    assert f"is not {guard}, and nothing has been touched: {STANDBY} does not say" in told
