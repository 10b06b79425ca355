"""A stack gets its answer, whatever a handler does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from response import NOT_CREATED, Refused, Result, serve

from .conftest import Context, Stack


def _raiser(error: BaseException) -> Any:
    def act(_: dict[str, Any], __: Any) -> Result:
        raise error

    return act


def test_a_result_is_a_success(stack: Stack, context: Context) -> None:
    serve(stack.event("Create"), context, lambda _, __: Result("id-1", {"Value": "v"}))
    assert stack.answer() == {
        "Status": "SUCCESS",
        "Reason": "",
        "PhysicalResourceId": "id-1",
        "StackId": "stack-1",
        "RequestId": "request-1",
        "LogicalResourceId": "Logical",
        "Data": {"Value": "v"},
    }
    assert stack.content_types == [""]  # a presigned address takes no other


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Refused("do this"), "do this"),
        (Refused("x" * 5000), "x" * 800),
        (
            ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutBucket"),
            "PutBucket failed: AccessDenied: no",
        ),
        (LookupError("secret-4711"), "unexpected LookupError; see the log of this function"),
    ],
)
def test_an_error_is_a_failure_with_a_reason(
    stack: Stack, context: Context, error: Exception, reason: str
) -> None:
    serve(stack.event("Update", PhysicalResourceId="id-1"), context, _raiser(error))
    answer = stack.answer()
    assert (answer["Status"], answer["Reason"]) == ("FAILED", reason)
    assert answer["PhysicalResourceId"] == "id-1"


def test_what_was_not_created_is_deleted_without_the_handler(
    stack: Stack, context: Context
) -> None:
    serve(stack.event("Create"), context, _raiser(Refused("no")))
    given = stack.answer()["PhysicalResourceId"]
    assert given == NOT_CREATED
    serve(stack.event("Delete", PhysicalResourceId=given), context, _raiser(Refused("no")))
    answer = stack.answer()
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", NOT_CREATED)


def test_an_answer_that_is_not_taken_is_repeated(
    stack: Stack, context: Context, no_pauses: list[float]
) -> None:
    stack.refuse = 2
    serve(stack.event("Create"), context, lambda _, __: Result("id-1"))
    assert stack.answer()["Status"] == "SUCCESS"
    assert no_pauses == [0, 1, 3]


def test_nothing_is_raised_and_no_secret_logged(
    stack: Stack,
    context: Context,
    no_pauses: list[float],
    capsys: pytest.CaptureFixture[str],
) -> None:
    stack.refuse = 3
    properties = {"Password": "secret-4711"}
    event = stack.event("Create", ResourceProperties=properties)
    serve(event, context, _raiser(LookupError("secret-4711")))
    serve({"RequestType": "Create"}, context, lambda _, __: Result("id-1"))
    assert stack.answers == []
    captured = capsys.readouterr()
    assert "secret-4711" not in captured.out + captured.err
    last = json.loads(captured.out.splitlines()[-1])
    assert (last["level"], last["answered"]) == ("ERROR", False)
