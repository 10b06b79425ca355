"""The first thing every request meets: the controls, then what is away, then ministack.

A request to a region that is gone, or to a service that is, finds what a dead endpoint shows: its
connection is reset, with no answer. boto3 tells it as ``ConnectionClosedError`` once it is done trying.
"""

from __future__ import annotations

import asyncio
import contextlib
from contextvars import ContextVar
from typing import Any

from hypercorn.asyncio.tcp_server import TCPServer
from ministack.core.concurrency import run_reentrant

from . import controls
from .regions import requests

_connection: ContextVar[asyncio.StreamWriter] = ContextVar("connection")
_serve = TCPServer.run


def before(application: Any) -> Any:
    """The ASGI application with all this in front of it."""
    TCPServer.run = _known  # type: ignore[method-assign]

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
        elif scope["path"].startswith(controls.PREFIX):
            await _control(scope["path"], receive, send)
        elif await requests.reaches(scope):
            await application(scope, receive, send)
        else:
            await _reset(receive)

    return answer


async def _known(connection: TCPServer) -> None:
    """Serve a connection; its requests' tasks inherit which it is."""
    _connection.set(connection.writer)
    await _serve(connection)


async def _reset(receive: Any) -> None:
    _connection.get().transport.abort()
    with contextlib.suppress(asyncio.CancelledError):
        while (await receive())["type"] != "http.disconnect":
            pass


async def _control(path: str, receive: Any, send: Any) -> None:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    controls.served_on(asyncio.get_running_loop())
    status, content = await run_reentrant(controls.answer, path, body)
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
