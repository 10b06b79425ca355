"""A stack's side of a custom resource: the address that takes answers, and Lambda's context."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest


@dataclass
class Stack:
    """Takes answers, after refusing the first ``refuse`` of them."""

    url: str
    answers: list[dict[str, Any]] = field(default_factory=list)
    content_types: list[str | None] = field(default_factory=list)
    refuse: int = 0

    def event(self, request_type: str, **event: Any) -> dict[str, Any]:
        return {
            "RequestType": request_type,
            "ResponseURL": self.url,
            "StackId": "stack-1",
            "RequestId": "request-1",
            "LogicalResourceId": "Logical",
            "ResourceType": "Custom::Test",
            "ResourceProperties": {},
            **event,
        }

    def answer(self) -> dict[str, Any]:
        """The only answer since the last call."""
        (answer,) = self.answers
        self.answers.clear()
        return answer


@pytest.fixture(scope="session")
def _stack() -> Iterator[Stack]:
    stack = Stack("")

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            stack.content_types.append(self.headers.get("Content-Type"))
            stack.refuse -= 1
            if stack.refuse < 0:
                stack.answers.append(json.loads(body))
            self.send_response(200 if stack.refuse < 0 else 500)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    stack.url = f"http://127.0.0.1:{server.server_port}/answer?Signature=secret-4711"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield stack
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def stack(_stack: Stack) -> Stack:
    """Takes the answers of this test."""
    _stack.answers.clear()
    _stack.content_types.clear()
    _stack.refuse = 0
    return _stack


class Context:
    """Lambda's context, as far as handlers look: the time that is left, and who they are."""

    invoked_function_arn = "arn:aws:lambda:us-east-1:333333333333:function:dr-any"

    def __init__(self, *seconds: float) -> None:
        self._left = list(seconds)

    def get_remaining_time_in_millis(self) -> int:
        left = self._left.pop(0) if len(self._left) > 1 else self._left[0]
        return int(left * 1000)


@pytest.fixture
def context() -> Context:
    """A context with all of Lambda's 15 minutes."""
    return Context(900)


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """No handler sleeps; the seconds they would have."""
    import deadline
    import peer_parameter
    import response

    pauses: list[float] = []
    for module in (deadline, peer_parameter, response):
        monkeypatch.setattr(module, "time", _Clock(pauses.append))
    return pauses


@dataclass(frozen=True)
class _Clock:
    sleep: Callable[[float], None]

    def perf_counter(self) -> float:
        return 0.0

    def time(self) -> float:
        return time.time()


@dataclass
class Invocations:
    """Lambda, as far as a function that continues itself needs it."""

    events: list[dict[str, Any]] = field(default_factory=list)

    def invoke(self, **arguments: Any) -> None:
        assert arguments["FunctionName"] == Context.invoked_function_arn
        assert arguments["InvocationType"] == "Event"
        self.events.append(json.loads(arguments["Payload"]))

    def taken(self) -> list[dict[str, Any]]:
        """The events since the last call."""
        events = self.events.copy()
        self.events.clear()
        return events


@pytest.fixture
def invocations(monkeypatch: pytest.MonkeyPatch) -> Invocations:
    """The invocations that a function makes of itself."""
    import response

    invocations, client = Invocations(), response.client
    monkeypatch.setattr(
        response,
        "client",
        lambda service, region: invocations if service == "lambda" else client(service, region),
    )
    return invocations
