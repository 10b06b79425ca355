"""The fake catalog, and an `Aws` on stubbed clients, as fixtures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from dr_catalog.provisioning import Aws

from .fakes import fake_aws


class Stubbed:
    """An `Aws` whose clients answer what a test says, in order."""

    def __init__(self) -> None:
        self.aws = Aws(region="us-east-1")
        self.stubs: dict[tuple[str, str], Stubber] = {}

    def stub(self, service: str, region: str = "us-east-1") -> Stubber:
        if (service, region) not in self.stubs:
            client = self.aws._client(service, region)
            self.stubs[service, region] = Stubber(client)
            self.stubs[service, region].activate()
        return self.stubs[service, region]

    def answers(
        self, operation: str, answer: dict[str, Any], sent: dict[str, Any] | None = None
    ) -> None:
        self.stub("servicecatalog").add_response(operation, answer, sent)

    def done(self) -> None:
        for stub in self.stubs.values():
            stub.assert_no_pending_responses()


@pytest.fixture
def aws() -> Any:
    """`Aws` with one product and nothing launched; a test changes what it needs."""
    return fake_aws()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that are nobody's, and nothing of the machine's own."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_DEFAULT_REGION", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "222222222222")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    """One for all stubs: each session would read the services' models again, 0.2 s a test."""
    return boto3.session.Session(region_name="us-east-1")


@pytest.fixture
def stubbed(
    environment: None, session: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stubbed]:
    """An `Aws` whose every call must have been announced, and every announced call made."""
    monkeypatch.setattr(boto3.session, "Session", lambda **_: session)
    made = Stubbed()
    yield made
    made.done()
