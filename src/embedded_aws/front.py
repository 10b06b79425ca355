"""The first thing every request meets: the controls, then ministack."""

from __future__ import annotations

from typing import Any

from ministack.core.concurrency import run_reentrant

from . import controls


def before(application: Any) -> Any:
    """The ASGI application with the controls in front of it."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].startswith(controls.PREFIX):
            await _control(scope["path"], receive, send)
        else:
            await application(scope, receive, send)

    return answer


async def _control(path: str, receive: Any, send: Any) -> None:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    status, content = await run_reentrant(controls.answer, path, body)
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
