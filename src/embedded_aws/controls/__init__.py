"""What a test or a drill does to the embedded AWS from outside: ``POST /_embedded/<control>``.

A control is a function from a JSON object to a JSON object, registered by the module whose part of
AWS it moves. It answers 200, or 400 with a message; a path that is no control is 404. README.md
lists them.

    front (see server) -> answer -> the control, on a thread of its own
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

Control = Callable[[Mapping[str, Any]], Mapping[str, Any]]

PREFIX = "/_embedded/"
_controls: dict[str, Control] = {}
_loops: list[asyncio.AbstractEventLoop] = []


def register(name: str, control: Control) -> None:
    """Answer ``POST /_embedded/<name>``; a `ValueError` or `KeyError` of the control is a 400."""
    _controls[name] = control


def served_on(loop: asyncio.AbstractEventLoop) -> None:
    """Note which loop requests are served on."""
    _loops[:] = [loop]


def on_loop(work: Callable[[], None]) -> None:
    """Do what must not meet a request that is being served, and wait for it; for controls alone."""

    async def run() -> None:
        work()

    asyncio.run_coroutine_threadsafe(run(), _loops[0]).result()


def answer(path: str, body: bytes) -> tuple[int, bytes]:
    """Status and body of a request to a path that begins with `PREFIX`."""
    control = _controls.get(path.removeprefix(PREFIX))
    if control is None:
        return _told(
            404, {"message": f"no control {path}; there are {', '.join(sorted(_controls))}"}
        )
    try:
        return _told(200, control(json.loads(body or b"{}")))
    except KeyError as missing:
        return _told(400, {"message": f"{missing.args[0]} is missing"})
    except ValueError as refused:
        return _told(400, {"message": str(refused)})


def _told(status: int, content: Mapping[str, Any]) -> tuple[int, bytes]:
    return status, json.dumps(content).encode()
