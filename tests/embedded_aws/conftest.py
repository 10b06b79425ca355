"""One embedded AWS for the session; each test works in accounts of its own, or resets it."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest

from . import aurora_estate
from .stack_runner import Runner

_accounts = itertools.count(300000000000)


@contextmanager
def serving() -> Iterator[str]:
    """An embedded AWS for the time of a block; its address."""
    server = subprocess.Popen(
        [sys.executable, "-m", "embedded_aws", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
    )
    assert server.stdout is not None
    url = server.stdout.readline().split(" on ")[1].split(" ")[0]
    deadline = time.monotonic() + 20
    while True:
        try:
            urllib.request.urlopen(f"{url}/_ministack/health", timeout=2).close()
            break
        except OSError:
            assert time.monotonic() < deadline, "the embedded AWS did not come up"
            time.sleep(0.05)
    try:
        yield url
    finally:
        server.terminate()
        server.wait(10)
        server.stdout.close()


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """The address of a running embedded AWS."""
    with serving() as url:
        yield url


@pytest.fixture(scope="session")
def new_account() -> Callable[[], str]:
    """Gives an account that nobody else uses."""
    return lambda: str(next(_accounts))


@pytest.fixture
def account(new_account: Callable[[], str]) -> str:
    """An account that no other test uses."""
    return new_account()


@pytest.fixture(scope="session")
def client(endpoint: str) -> Callable[..., Any]:
    """``client(service, account=, region=)``: a boto3 client; made once for each."""
    clients: dict[tuple[str, str, str], Any] = {}

    def make(service: str, *, account: str, region: str = "us-east-1") -> Any:
        key = (service, account, region)
        if key not in clients:
            clients[key] = boto3.client(
                service,
                region_name=region,
                endpoint_url=endpoint,
                aws_access_key_id=account,
                aws_secret_access_key="test",
            )
        return clients[key]

    return make


@pytest.fixture(scope="session")
def runner(client: Callable[..., Any]) -> Callable[..., Runner]:
    """``runner(account=, region=)``: runs stacks there."""

    def make(*, account: str, region: str = "us-east-1") -> Runner:
        return Runner(client("cloudformation", account=account, region=region), account, region)

    return make


@pytest.fixture(scope="session")
def control(endpoint: str) -> Callable[..., dict[str, Any]]:
    """``control(name, **asked)``: what the embedded AWS is told from outside; a refusal is ValueError."""

    def tell(name: str, **asked: Any) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{endpoint}/_embedded/{name}", data=json.dumps(asked).encode(), method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                told: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as error:
            raise ValueError(json.load(error)["message"]) from None
        return told

    return tell


@pytest.fixture(scope="session")
def up(client: Callable[..., Any], runner: Callable[..., Runner]) -> Iterator[aurora_estate.Estate]:
    """A global database that is up, in an account of its own."""
    with aurora_estate.launched(client, runner) as launched:
        yield launched


@pytest.fixture
def apart(control: Callable[..., Any]) -> Callable[[], Any]:
    """``with apart():`` nothing replicates to or from the launch region, which goes in the end."""

    @contextmanager
    def cut() -> Iterator[None]:
        control("regions", region="us-east-1", mode="cut-off")
        try:
            yield
            control("regions", region="us-east-1", mode="gone")
        finally:
            control("regions", region="us-east-1", mode="here")

    return cut
