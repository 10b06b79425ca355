"""Calls to a launch's transaction API, signed as the caller.

Where ``AWS_ENDPOINT_URL`` names a local simulation, the same request goes there: the API's host name
does not resolve, so its id and stage travel in the path.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

TIMEOUT_SECONDS = 20


@dataclass(frozen=True)
class Answer:
    """What the API said.

    Args:
        status: The HTTP status.
        body: The JSON it sent.
    """

    status: int
    body: Any


def call(
    session: boto3.Session,
    *,
    endpoint: str,
    region: str,
    path: str,
    method: str = "GET",
    body: dict[str, Any] | None = None,
    seconds: float = TIMEOUT_SECONDS,
) -> Answer:
    """Send one request.

    Args:
        endpoint: The launch's output ``Endpoint`` or ``PeerEndpoint``.
        path: What follows the stage, such as ``transactions``.
        seconds: When to give up.
    """
    credentials = session.get_credentials()
    data = json.dumps(body).encode() if body is not None else None
    request = AWSRequest(
        method=method,
        url=_local(endpoint) + path,
        data=data,
        headers={"Content-Type": "application/json"},
    )
    SigV4Auth(credentials, "execute-api", region).add_auth(request)
    sent = urllib.request.Request(
        request.url, data=data, method=method, headers=dict(request.headers)
    )
    try:
        with urllib.request.urlopen(sent, timeout=seconds) as response:
            return Answer(status=response.status, body=json.load(response))
    except urllib.error.HTTPError as error:
        with error:
            return Answer(status=error.code, body=json.loads(error.read() or b"{}"))


def _local(endpoint: str) -> str:
    simulation = os.environ.get("AWS_ENDPOINT_URL")
    if not simulation:
        return endpoint
    parts = urlsplit(endpoint)
    api, stage = parts.netloc.split(".")[0], parts.path.strip("/")
    return f"{simulation}/restapis/{api}/{stage}/_user_request_/"
