"""The assets as Lambda sees them, and a real DynamoDB, S3, SSM and KMS API to run them against.

An asset's modules are top-level names in Lambda; here they are imported the same way, from the asset's
folder on the path. The emulator is one process for the session; each test names what
it makes by a suffix of its own.
"""

from __future__ import annotations

import functools
import itertools
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

import dr_catalog

from .database import database, empty_database

__all__ = ["database", "empty_database"]  # fixtures, one database for all folders

HANDLERS = Path(dr_catalog.__file__).parent / "handlers"
sys.path[:0] = [
    str(HANDLERS / asset) for asset in ("_database", "processor", "custom_resources", "recovery")
]

WRITER, STANDBY = "us-east-1", "us-west-2"
_SUFFIXES = itertools.count()


@pytest.fixture(scope="session")
def emulator() -> Iterator[str]:
    """The address of the emulated AWS."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "ministack"],
        env={
            **{name: value for name, value in os.environ.items() if name[:4] != "AWS_"},
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",
            "LAMBDA_EXECUTOR": "local",
            "LOG_LEVEL": "ERROR",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait(address, process)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise RuntimeError(f"the emulator ended with {process.returncode}")
        try:
            with urllib.request.urlopen(f"{address}/_ministack/health", timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the emulator did not come up in 10 s")


class Aws:
    """The emulated AWS: a client for each service and region, made once."""

    def __init__(self, session: boto3.Session) -> None:
        self.session = session
        self.client = functools.cache(self._client)

    def _client(self, service: str, region: str = WRITER) -> Any:
        config = Config(max_pool_connections=50)
        return self.session.client(service, region_name=region, config=config)


@pytest.fixture(scope="session")
def _aws() -> Aws:
    return Aws(
        boto3.Session(
            aws_access_key_id="333333333333", aws_secret_access_key="test", region_name=WRITER
        )
    )


@pytest.fixture
def aws(_aws: Aws, emulator: str, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """The emulated AWS; boto3 anywhere in the test talks to it."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", _aws.session)
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator)
    monkeypatch.setenv("AWS_REGION", WRITER)
    return _aws


@pytest.fixture
def suffix() -> str:
    """An environment suffix of the test's own; it names what the test makes, so nothing is cleaned up."""
    return f"t{next(_SUFFIXES)}"


@pytest.fixture
def make_table(aws: Aws, suffix: str) -> Callable[..., str]:
    """Makes a global table like the layer's, with a replica in both regions."""

    def make_table(*, protected: bool = False) -> str:
        name = f"dr-transactions-{suffix}"
        dynamodb = aws.client("dynamodb")
        dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[
                {"AttributeName": attribute, "AttributeType": "S"}
                for attribute in ("transactionId", "timestamp", "status")
            ],
            KeySchema=_keys("transactionId", "timestamp"),
            GlobalSecondaryIndexes=[
                {
                    "IndexName": "StatusIndex",
                    "KeySchema": _keys("status", "timestamp"),
                    "Projection": {"ProjectionType": "ALL"},
                }
            ],
            DeletionProtectionEnabled=protected,
        )
        dynamodb.update_table(TableName=name, ReplicaUpdates=[{"Create": {"RegionName": STANDBY}}])
        if protected:
            aws.client("dynamodb", STANDBY).update_table(
                TableName=name, DeletionProtectionEnabled=True
            )
        return name

    return make_table


@pytest.fixture
def table(make_table: Callable[..., str]) -> str:
    """The name of such a table."""
    return make_table()


def _keys(partition: str, sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]
