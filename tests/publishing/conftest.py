"""Accounts whose clients answer what a test says, and a small catalog on disk."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.retries.bucket import TokenBucket
from botocore.stub import Stubber

from dr_catalog.definitions import Stage
from dr_catalog.publishing import Accounts

from ..definitions.conftest import root  # noqa: F401
from ..embedded_aws.conftest import serving

HUB, TENANT = "111111111111", "222222222222"
REGION, PEER = "us-east-1", "us-west-2"
STAGE = Stage(name="dev", account=HUB, regions=(REGION, PEER))


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", HUB)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


class Stubs:
    """`Accounts` of the hub, with a stubber for each client that a test names."""

    def __init__(self) -> None:
        self.accounts = Accounts()
        self.accounts.__dict__["own"] = HUB
        session = boto3.Session()
        self.accounts._sessions.update({HUB: session, TENANT: session})
        self._stubs: dict[tuple[str, str, str], Stubber] = {}

    def __call__(self, service: str, account: str = TENANT, region: str = REGION) -> Stubber:
        key = (service, account, region)
        if key not in self._stubs:
            client = self.accounts.client(service, account=account, region=region)
            self._stubs[key] = Stubber(client)
            self._stubs[key].activate()
        return self._stubs[key]

    def client(self, service: str, account: str = TENANT, region: str = REGION) -> Any:
        self(service, account, region)
        return self.accounts.client(service, account=account, region=region)

    def callers(self) -> None:
        """Each account can be entered in each region."""
        for account in (HUB, TENANT):
            for region in (REGION, PEER):
                self("sts", account, region).add_response(
                    "get_caller_identity", {"Account": account}
                )

    def done(self) -> None:
        for stub in self._stubs.values():
            stub.assert_no_pending_responses()


@pytest.fixture
def stubs() -> Iterator[Stubs]:
    made = Stubs()
    yield made
    made.done()


@pytest.fixture
def catalog(root: Path) -> Path:  # noqa: F811
    return root


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """An embedded AWS of these tests' own."""
    with serving() as url:
        yield url


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits between attempts, which pass at once."""
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    monkeypatch.setattr(TokenBucket, "acquire", lambda *_, **__: True)  # the adaptive mode's
    return waits
