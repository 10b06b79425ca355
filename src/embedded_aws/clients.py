"""boto3 clients that call this server back, as the account whose turn it is."""

from __future__ import annotations

import os
import threading
from typing import Any

import boto3
from botocore.config import Config

_CONFIG = Config(
    retries={"total_max_attempts": 1},
    connect_timeout=5,
    read_timeout=120,
    max_pool_connections=32,
    s3={"addressing_style": "path"},
)
_clients: dict[tuple[str, str, str], Any] = {}
_lock = threading.Lock()  # making a client is not thread safe; using one is
_session = boto3.Session(aws_access_key_id="0", aws_secret_access_key="0")


def client(service: str, *, account: str, region: str) -> Any:
    """A client for ``service``; in the emulator the access key is the account."""
    with _lock:
        key = (service, account, region)
        if key not in _clients:
            _clients[key] = _session.client(
                service,
                region_name=region,
                endpoint_url=f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}",
                aws_access_key_id=account,
                aws_secret_access_key="embedded",
                config=_CONFIG,
            )
        return _clients[key]
