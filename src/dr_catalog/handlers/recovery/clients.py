"""Clients of AWS for a recovery: a region's own endpoints, short time-outs, and errors in two kinds.

A region that is gone must cost seconds, not minutes: a call waits 2 s for a connection and 5 s for an
answer, twice. What did not answer, or answered that it can't now, is ``Unreachable``; a definite no is a
``Refusal``.

See https://docs.aws.amazon.com/general/latest/gr/rande.html
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from world import Refusal, Unreachable

CONFIG = Config(
    connect_timeout=2,
    read_timeout=5,
    retries={"mode": "standard", "total_max_attempts": 2},
    s3={"us_east_1_regional_endpoint": "regional"},
)
_NOT_NOW = {
    "InternalError",
    "InternalFailure",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}


@functools.cache
def client(service: str, region: str) -> Any:
    """The client of a service in a region, made once."""
    return boto3.client(service, region_name=region, config=CONFIG)


@contextmanager
def calling(what: str, *, ignore: tuple[str, ...] = ()) -> Iterator[None]:
    """Errors of boto3 as those of ``world``; codes to ignore end the block quietly.

    Raises:
        Unreachable: No answer, or none that says anything.
        Refusal: A definite no.
    """
    try:
        yield
    except ClientError as error:
        code = error_code(error)
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in ignore:
            return
        if code in _NOT_NOW or status >= 500:
            raise Unreachable(f"{what}: {code}") from None
        message = error.response.get("Error", {}).get("Message", "")
        raise Refusal(f"{what}: {code}: {message}"[:250]) from None
    except BotoCoreError as error:
        raise Unreachable(f"{what}: {type(error).__name__}") from None


def error_code(error: ClientError) -> str:
    """Such as ``ThrottlingException``."""
    return str(error.response.get("Error", {}).get("Code", ""))
