"""Sessions in other accounts, and what becomes of calls that AWS throttles."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from dr_catalog.errors import LaunchError, SetupError
from dr_catalog.publishing import Accounts
from dr_catalog.translation import translated

from .conftest import REGION, TENANT, Stubs
from .wire import Body

THROTTLED = b'{"__type": "ThrottlingException", "message": "Rate exceeded"}'


def answering(client: Any, *answers: tuple[int, bytes]) -> list[int]:
    """Answer a client's requests with these, the last for ever; the statuses that were sent."""
    sent: list[int] = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        status, content = answers[min(len(sent), len(answers) - 1)]
        sent.append(status)
        return AWSResponse(request.url, status, {}, Body(content))

    client.meta.events.register("before-send", answer)
    return sent


@pytest.mark.parametrize(
    ("role", "enters"),
    [("dr-catalog-publish", "dr-catalog-reader"), ("some-admin", "some-admin")],
)
def test_another_stage_is_entered_as_its_reader(role: str, enters: str) -> None:
    own, session = "999999999999", boto3.Session()
    accounts = Accounts(role=role, caller=session).beside()
    accounts.__dict__["own"] = own
    asked: list[str] = []

    def refuse(model: Any, params: Any, **_: Any) -> Any:
        asked.append(params["body"]["RoleArn"])
        raise SetupError("enough")

    session.events.register("before-call.sts.AssumeRole", refuse)
    with pytest.raises(SetupError):
        accounts.client("cloudformation", account=TENANT, region=REGION)
    assert asked == [f"arn:aws:iam::{TENANT}:role/{enters}"]


@pytest.mark.parametrize(
    ("caller", "enters"),
    [
        ("arn:aws:iam::999999999999:user/anna", False),
        ("arn:aws:sts::999999999999:assumed-role/admin/anna", False),
        ("arn:aws:sts::999999999999:assumed-role/dr-catalog-build-dev-assets/build", True),
    ],
)
def test_a_build_enters_the_role_in_its_own_account_too(caller: str, enters: bool) -> None:
    own, session = "999999999999", boto3.Session()
    asked: list[str] = []

    def identity(**_: Any) -> Any:
        return SimpleNamespace(status_code=200), {"Account": own, "Arn": caller}

    def refuse(params: Any, **_: Any) -> Any:
        asked.append(params["body"]["RoleArn"])
        raise SetupError("enough")

    session.events.register("before-call.sts.GetCallerIdentity", identity)
    session.events.register("before-call.sts.AssumeRole", refuse)
    accounts = Accounts(role="dr-catalog-publish", caller=session)
    with pytest.raises(SetupError) if enters else nullcontext():
        accounts.client("cloudformation", account=own, region=REGION)
    assert asked == ([f"arn:aws:iam::{own}:role/dr-catalog-publish"] if enters else [])


def test_throttled_calls_are_repeated(stubs: Stubs, slept: list[float]) -> None:
    backup = stubs.accounts.client("backup", account=TENANT, region=REGION)
    sent = answering(backup, (400, THROTTLED), (400, THROTTLED), (200, b"{}"))
    backup.describe_region_settings()
    assert sent == [400, 400, 200]
    assert slept


def test_who_stays_throttled_is_told_to_wait(stubs: Stubs, slept: list[float]) -> None:
    backup = stubs.accounts.client("backup", account=TENANT, region=REGION)
    sent = answering(backup, (400, THROTTLED))
    with (
        pytest.raises(LaunchError, match="throttles DescribeRegionSettings") as caught,
        translated(endpoint=None),
    ):
        backup.describe_region_settings()
    assert len(sent) == 9
    assert caught.value.why == "Rate exceeded"
    assert "run it again: it resumes" in caught.value.hint


def test_a_local_simulation_that_is_down_is_asked_twice(
    monkeypatch: pytest.MonkeyPatch, stubs: Stubs
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    client = stubs.accounts.client("ssm", account=TENANT, region=REGION)
    assert client.meta.config.retries["total_max_attempts"] == 2


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("AccessDenied", "role/entry can't be assumed from account 111111111111"),
        ("ThrottlingException", "AWS throttles AssumeRole"),
        ("ExpiredToken", "the AWS credentials have expired"),
    ],
)
def test_why_a_role_is_not_assumed_is_told(
    monkeypatch: pytest.MonkeyPatch, stubs: Stubs, code: str, expected: str
) -> None:
    import boto3

    stub = stubs("sts")
    stub.add_client_error("assume_role", code, "no")
    monkeypatch.setattr(boto3.Session, "client", lambda *_, **__: stub.client)
    accounts = Accounts(role="entry")
    accounts.__dict__["own"] = "111111111111"
    with pytest.raises((SetupError, LaunchError), match=expected), translated(endpoint=None):
        accounts.client("ssm", account=TENANT, region=REGION)
