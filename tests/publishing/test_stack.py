"""A stack that fails, is overtaken or is deleted: what is told, and that the next run goes on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dr_catalog.errors import PublishError
from dr_catalog.publishing import stack

from .conftest import Stubs

NOW = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "poll_seconds", lambda: 0)


def seen(stubs: Stubs, *statuses: str | None) -> None:
    """What describing the stack answers, one after the other; None where it is gone."""
    for status in statuses:
        if status is None:
            stubs("cloudformation").add_client_error(
                "describe_stacks", "ValidationError", "Stack with id s does not exist"
            )
            continue
        found = {"StackName": "s", "CreationTime": NOW, "StackStatus": status}
        stubs("cloudformation").add_response("describe_stacks", {"Stacks": [found]})


def event(resource: str, kind: str, status: str, reason: str = "") -> dict[str, Any]:
    return {
        "StackId": "s",
        "EventId": "e",
        "StackName": "s",
        "Timestamp": NOW,
        "LogicalResourceId": resource,
        "ResourceType": kind,
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


def test_a_stack_that_is_not_there_is_not_deleted(stubs: Stubs) -> None:
    seen(stubs, None)
    assert stack.remove(stubs.client("cloudformation"), name="s") is False


@pytest.mark.parametrize("before", ["CREATE_COMPLETE", "DELETE_FAILED"])
def test_a_stack_is_deleted_and_waited_for(stubs: Stubs, before: str) -> None:
    seen(stubs, before)
    stubs("cloudformation").add_response("delete_stack", {}, {"StackName": "s"})
    seen(stubs, "DELETE_IN_PROGRESS", None)
    assert stack.remove(stubs.client("cloudformation"), name="s") is True


def test_a_deletion_that_runs_already_is_waited_for(stubs: Stubs) -> None:
    seen(stubs, "DELETE_IN_PROGRESS", None)
    assert stack.remove(stubs.client("cloudformation"), name="s") is False


def test_what_holds_a_stack_is_told(stubs: Stubs) -> None:
    seen(stubs, "CREATE_COMPLETE")
    stubs("cloudformation").add_response("delete_stack", {}, {"StackName": "s"})
    seen(stubs, "DELETE_FAILED")
    whole = "AWS::CloudFormation::Stack"
    events = [
        event("s", whole, "DELETE_FAILED", "The following resource(s) failed to delete"),
        event("Role", "AWS::IAM::Role", "DELETE_FAILED", "must detach all policies first"),
        event("s", whole, "DELETE_IN_PROGRESS"),
        event("Old", "AWS::IAM::Role", "CREATE_FAILED", "of another time"),
    ]
    stubs("cloudformation").add_response("describe_stack_events", {"StackEvents": events})
    with pytest.raises(PublishError, match="stack s is DELETE_FAILED") as caught:
        stack.remove(stubs.client("cloudformation"), name="s")
    assert caught.value.why == "Role (AWS::IAM::Role): must detach all policies first"
    assert "it resumes" in caught.value.hint


def test_a_change_set_that_is_not_executed_any_more_is_deleted(stubs: Stubs) -> None:
    client = stubs.client("cloudformation")
    stubs("cloudformation").add_response("delete_change_set", {}, {"ChangeSetName": "arn:set"})
    stack.discard(stack.Prepared(client, "s", "arn:set", {}))
    stubs("cloudformation").add_client_error("delete_change_set", "ChangeSetNotFound", "gone")
    stack.discard(stack.Prepared(client, "s", "arn:set", {}))
    stack.discard(stack.Prepared(client, "s", "", {}))  # nothing was to do: nothing is asked
    stubs("cloudformation").add_client_error("delete_change_set", "AccessDenied", "no")
    with pytest.raises(ClientError):
        stack.discard(stack.Prepared(client, "s", "arn:set", {}))


@pytest.mark.parametrize("code", ["ChangeSetNotFoundException", "InvalidChangeSetStatus"])
def test_who_keeps_being_overtaken_is_told(stubs: Stubs, code: str) -> None:
    for _ in range(stack.ATTEMPTS):
        seen(stubs, None)
        stubs("cloudformation").add_response("create_change_set", {"Id": "arn:set"})
        stubs("cloudformation").add_response("describe_change_set", {"Status": "CREATE_COMPLETE"})
        stubs("cloudformation").add_client_error("execute_change_set", code, "gone")
    with pytest.raises(PublishError, match="stack s is changed by someone else") as caught:
        stack.deploy(stubs.client("cloudformation"), name="s", template="{}")
    assert "let one publishing at a time run" in caught.value.hint


def test_a_stack_that_failed_is_told_and_made_anew_by_the_next_run(stubs: Stubs) -> None:
    cloudformation, client = stubs("cloudformation"), stubs.client("cloudformation")
    whole = "AWS::CloudFormation::Stack"
    events = [
        event("s", whole, "ROLLBACK_COMPLETE"),
        event("Later", "AWS::IAM::Role", "CREATE_FAILED", "Resource creation cancelled"),
        event("Offer", "AWS::ServiceCatalog::Portfolio", "CREATE_FAILED", "too many portfolios"),
        event("s", whole, "CREATE_IN_PROGRESS"),
    ]

    def executed(*after: str) -> None:
        cloudformation.add_response("create_change_set", {"Id": "arn:set"})
        cloudformation.add_response("describe_change_set", {"Status": "CREATE_COMPLETE"})
        cloudformation.add_response("execute_change_set", {}, {"ChangeSetName": "arn:set"})
        seen(stubs, *after)

    seen(stubs, None)
    executed("CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE")
    cloudformation.add_response("describe_stack_events", {"StackEvents": events})
    with pytest.raises(PublishError, match="stack s is ROLLBACK_COMPLETE") as caught:
        stack.deploy(client, name="s", template="{}")
    assert caught.value.why == "Offer (AWS::ServiceCatalog::Portfolio): too many portfolios"
    assert "it resumes" in caught.value.hint
    seen(stubs, "ROLLBACK_COMPLETE")
    cloudformation.add_response("delete_stack", {}, {"StackName": "s"})
    seen(stubs, None)
    executed("CREATE_COMPLETE")
    assert stack.deploy(client, name="s", template="{}").changed
