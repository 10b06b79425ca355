"""The server: ministack with every extension in place, on one port of 127.0.0.1.

    bind -> settings (the environment ministack reads when imported) -> extensions register
    -> extension.install -> ministack answers, until SIGTERM or SIGINT

The socket listens before ministack is imported, so that a port is never promised and then lost.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import os
import resource
import signal
import socket
import sys
import threading
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

HOST = "127.0.0.1"
EXTENSIONS = (
    "repairs",
    "resource_types",
    "aurora",
    "backup",
    "dns",
    "stacksets",
    "states",
    "organizations",
    "service_catalog",
    "permissions",
    "operations",
    "regions",
)
"""In the order they are registered: the last two stand before all others, what is away first."""

_BACKLOG = 128
_COLLECT_AFTER = (20_000, 50, 100)
"""Python's garbage collection, rarer than by default: models and state stay, and are large."""
_END_SECONDS = 1.0
_CLEAN_SECONDS = 5.0
"""How long tidying up may take; what it leaves, the next process removes."""
_FILES = 20_000


def listen(port: int) -> socket.socket:
    """A listening socket on 127.0.0.1.

    Args:
        port: 0 takes a free one.

    Raises:
        OSError: The port is taken.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def serve(listener: socket.socket, *, state: Path | None, ready: Callable[[], None]) -> None:
    """Answer on ``listener`` until SIGTERM or SIGINT.

    Args:
        listener: From `listen`.
        state: A folder that the state is read from at the start and written to at the end; None
            keeps nothing.
        ready: Called once, when requests are answered.
    """
    _allow_files()
    os.environ.update(_settings(listener.getsockname()[1], state))
    gc.set_threshold(*_COLLECT_AFTER)
    app = _application()
    gc.freeze()
    asyncio.run(_run(app, listener, ready))


def _allow_files() -> None:
    """As many open files as may be, up to what is ever needed: each function's process takes four."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _settings(port: int, state: Path | None) -> dict[str, str]:
    """What ministack reads from the environment; nothing of the caller's own leaks in."""
    settings = {
        "AUTH": "false",
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "LAMBDA_EXECUTOR": "local",
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
        "MINISTACK_HOST": HOST,
        "MINISTACK_REGION": "us-east-1",
        "PERSIST_STATE": "0",
        "S3_PERSIST": "0",
        "SERVICES": "",
    }
    if state is not None:
        (state / "s3").mkdir(parents=True, exist_ok=True)
        settings |= {
            "PERSIST_STATE": "1",
            "S3_DATA_DIR": str(state / "s3"),
            "S3_PERSIST": "1",
            "STATE_DIR": str(state),
        }
    return settings


def _application() -> Any:
    from . import extension, front

    for name in EXTENSIONS:
        import_module(f"{__package__}.{name}").register()
    extension.install()
    return front.before(extension.application)


async def _run(app: Any, listener: socket.socket, ready: Callable[[], None]) -> None:
    from hypercorn.asyncio import serve as answer
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = _END_SECONDS
    config.shutdown_timeout = _END_SECONDS
    config.loglevel = os.environ["LOG_LEVEL"]
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await answer(_announced(app, ready), config, shutdown_trigger=ended.wait)
    _end()


def _end() -> NoReturn:
    """End at once: Python would wait for every thread, and a thread for a stack or a pause of hours."""
    late = threading.Timer(_CLEAN_SECONDS, os._exit, (0,))
    late.daemon = True
    late.start()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _announced(app: Any, ready: Callable[[], None]) -> Callable[..., Awaitable[None]]:
    """The application, saying when it has started; the socket listens already."""

    async def announced(scope: Any, receive: Any, send: Any) -> None:
        async def noting(message: Any) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                ready()

        await app(scope, receive, noting if scope["type"] == "lifespan" else send)

    return announced
