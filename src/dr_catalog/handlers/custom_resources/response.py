"""The answer every custom resource owes CloudFormation.

A handler hands its event and a function to ``serve``. The function does the work and returns a
``Result``, or raises ``Refused`` with a reason that a person can act on; whatever happens, ``serve``
puts an answer to the event's ``ResponseURL``, because a stack without one waits for an hour.

Work that outlasts one invocation raises ``Unfinished``: ``serve`` then sends the event to its own
function once more, and leaves the answer to that invocation.

Properties and the answer's address are never logged: the address is itself a credential.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

REASON_LIMIT = 800
"""Characters of a reason: StackSets pass on 850."""
PUT_PAUSES = (0.0, 1.0, 3.0)
"""Seconds before each attempt to answer."""
PUT_TIMEOUT = 10
NOT_CREATED = "not-created"
"""The physical id of a resource whose creation was refused; its Delete has nothing to do."""
STARTED = "StartedAt"
"""Of an event: when its first invocation began, in seconds since 1970."""


@dataclass(frozen=True)
class Result:
    """The physical id, and the attributes that ``Fn::GetAtt`` reads."""

    physical_id: str
    data: Mapping[str, str] = field(default_factory=dict)


class Refused(Exception):
    """The request is not carried out; the message says what, why and how to mend it."""


class Unfinished(Exception):
    """The time of this invocation is over, and the work is to go on in another."""


Act = Callable[[dict[str, Any], Any], Result]


def serve(event: dict[str, Any], context: Any, act: Act) -> None:
    """Do ``act`` and answer the event, or have it continued; nothing is raised."""
    started = time.perf_counter()
    event = {STARTED: time.time(), **event}
    physical_id = event.get("PhysicalResourceId") or NOT_CREATED
    result, reason, failure = Result(physical_id), "", None
    try:
        if event.get("RequestType") != "Delete" or physical_id != NOT_CREATED:
            try:
                result = act(event, context)
            except Unfinished:
                _continue(event, context)
                return
    except Refused as refusal:
        reason = str(refusal)
    except ClientError as error:
        told = error.response.get("Error", {})
        reason = f"{error.operation_name} failed: {told.get('Code')}: {told.get('Message')}"
        failure = _describe(error)
    except Exception as error:
        reason = f"unexpected {type(error).__name__}; see the log of this function"
        failure = _describe(error)
    status = "FAILED" if reason else "SUCCESS"
    answered = _put(event, status=status, reason=reason, result=result)
    log(
        "INFO" if status == "SUCCESS" and answered else "ERROR",
        "custom resource",
        type=event.get("ResourceType"),
        request=event.get("RequestType"),
        logicalId=event.get("LogicalResourceId"),
        requestId=event.get("RequestId"),
        status=status,
        answered=answered,
        duration_ms=round((time.perf_counter() - started) * 1000, 1),
        **({"error": failure} if failure else {}),
    )


def text(event: dict[str, Any], name: str) -> str:
    """The resource's property ``name``.

    Raises:
        Refused: It is missing, empty or no string.
    """
    value = event.get("ResourceProperties", {}).get(name)
    if isinstance(value, str) and value:
        return value
    raise Refused(f"{event.get('ResourceType')} needs the property {name}, a string")


def client(service: str, region: str) -> Any:
    """A boto3 client whose slowest call, retries included, takes about half a minute."""
    return boto3.client(
        service,
        region_name=region,
        config=Config(
            connect_timeout=3,
            read_timeout=7,
            retries={"mode": "standard", "total_max_attempts": 3},
        ),
    )


@contextmanager
def ignoring(*codes: str) -> Iterator[None]:
    """Go on after an AWS error with one of these codes."""
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in codes:
            raise


def log(level: str, message: str, **fields: Any) -> None:
    """One JSON line on standard output."""
    sys.stdout.write(json.dumps({"level": level, "message": message, **fields}) + "\n")


def _continue(event: dict[str, Any], context: Any) -> None:
    """Let another invocation of this function take the event up.

    Lambda ends a function that calls itself about 16 times over; these are four at most.

    See https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
    """
    client("lambda", os.environ["AWS_REGION"]).invoke(
        FunctionName=context.invoked_function_arn,
        InvocationType="Event",
        Payload=json.dumps(event).encode(),
    )
    log("INFO", "continued in another invocation", requestId=event.get("RequestId"))


def _put(event: dict[str, Any], *, status: str, reason: str, result: Result) -> bool:
    """Whether CloudFormation took the answer."""
    answer = {
        "Status": status,
        "Reason": reason[:REASON_LIMIT],
        "PhysicalResourceId": result.physical_id,
        "StackId": event.get("StackId"),
        "RequestId": event.get("RequestId"),
        "LogicalResourceId": event.get("LogicalResourceId"),
        "Data": dict(result.data),
    }
    for pause in PUT_PAUSES:
        time.sleep(pause)
        try:
            request = urllib.request.Request(
                event["ResponseURL"],
                data=json.dumps(answer).encode(),
                method="PUT",
                headers={"Content-Type": ""},  # the address was signed without one
            )
            with urllib.request.urlopen(request, timeout=PUT_TIMEOUT):
                return True
        except Exception as error:  # the next attempt, or the log line, is all that is left
            log("ERROR", "answer not taken", error=_describe(error))
    return False


def _describe(error: BaseException) -> dict[str, Any]:
    """An exception without its message: type and stack frames."""
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "type": type(error).__name__,
        "frames": [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames],
    }
