"""boto3 clients that call this server back, as the account whose turn it is.

Making one takes some milliseconds once its service's model is read, so each is made once. Their
requests carry a mark that only this process knows: they are the inside of AWS. They say where they
come from, too: the inside of a region that is gone stands still, and others don't reach it.
"""

from __future__ import annotations

import functools
import os
import secrets
import threading
from collections.abc import Mapping
from typing import Any

import boto3
from botocore.config import Config
from botocore.hooks import EventAliaser
from ministack.core.responses import get_region

_CONFIG = Config(
    user_agent="embedded-aws",  # given whole: else its parts are put together for every request
    retries={"total_max_attempts": 1},
    connect_timeout=5,
    read_timeout=120,
    max_pool_connections=32,
    s3={"addressing_style": "path"},
)
_HEADER, _MARK = "x-embedded-aws", secrets.token_hex(16)
_FROM = "x-embedded-aws-from"
_clients: dict[tuple[str, str, str], Any] = {}
_lock = threading.Lock()  # making a client is not thread safe; using one is
_session = boto3.Session(aws_access_key_id="0", aws_secret_access_key="0")

# Every client works out the names of its events anew; they are the same for all.
_alias = functools.cache(EventAliaser(None)._alias_event_name)
EventAliaser._alias_event_name = lambda self, event_name: _alias(event_name)


def client(service: str, *, account: str, region: str) -> Any:
    """A client for ``service``; in the emulator the access key is the account."""
    with _lock:
        key = (service, account, region)
        if key not in _clients:
            made = _session.client(
                service,
                region_name=region,
                endpoint_url=f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}",
                aws_access_key_id=account,
                aws_secret_access_key="embedded",
                config=_CONFIG,
            )
            made.meta.events.register("before-call", _mark)
            _clients[key] = made
        return _clients[key]


def caller(headers: Mapping[str, str]) -> str:
    """The region in which a request of these clients was made."""
    return headers[_FROM]


def is_own(headers: Mapping[str, str]) -> bool:
    """Whether a request comes from one of these clients."""
    return headers.get(_HEADER) == _MARK


def _mark(params: dict[str, Any], **rest: Any) -> None:
    params["headers"] |= {_HEADER: _MARK, _FROM: get_region()}
