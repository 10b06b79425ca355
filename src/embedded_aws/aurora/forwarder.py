"""The endpoints: each a loopback address of its own, leading to a server's Unix socket.

All endpoints have one port, as on AWS, where a template knows the port of the writer's endpoint and
uses it for every other; what tells them apart is the address (127.x.y.z; Linux has all of them).

    a client -> TLS, if it asks -> its startup message -> the server behind the endpoint *now*
    -> a role the server trusts logs in by IAM: ask for its token -> bytes both ways

Every connection asks anew where the endpoint leads, so that an endpoint follows a failover.

See https://www.postgresql.org/docs/18/protocol-flow.html and -message-formats.html
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import certificate, tokens
from .postgres import ADMINISTRATOR

_TLS, _GSS, _CANCEL = 80877103, 80877104, 80877102
_TRUSTED, _CLEARTEXT = struct.pack("!I", 0), struct.pack("!I", 3)
_LONGEST_STARTUP = 10_000  # as in PostgreSQL
_LONGEST_PASSWORD = 65_536
_CHUNK = 65_536
_SHIFTS = (0, 10_000, 20_000)  # of the port, where something else holds it on every address
_TRIES = 8
_INVALID_AUTHORIZATION = "28000"


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where an endpoint leads.

    Args:
        socket: The server's Unix socket.
        door: What IAM tokens must be made for; None while IAM authentication is off.
        force_tls: Connections without TLS are refused.
    """

    socket: Path
    door: tokens.Door | None
    force_tls: bool


class _RefusedError(Exception):
    """The connection ends with this message."""


class _GoneError(Exception):
    """One side went away, or does not speak the protocol."""


class Forwarder:
    """All endpoints of this process.

    Args:
        resolve: From an endpoint's address to where it leads; None where nothing answers.
    """

    def __init__(self, resolve: Callable[[str], Target | None]) -> None:
        self._resolve = resolve
        self._servers: dict[str, asyncio.Server] = {}
        self._shifts: dict[int, int] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._tls: ssl.SSLContext | None = None

    def open(self, port: int) -> tuple[str, int]:
        """A new endpoint.

        Args:
            port: The port asked for; where the machine has it taken on all addresses, the endpoint
                has another, which is then that of every endpoint asked for with it.

        Returns:
            Its address and port.

        Raises:
            OSError: No port can be had.
        """
        with self._lock:
            loop = self._started()
            listener = self._bind(port)
            address, actual = listener.getsockname()

            async def serve() -> asyncio.Server:
                return await asyncio.start_server(
                    lambda reader, writer: self._accept(address, reader, writer), sock=listener
                )

            self._servers[address] = _on(loop, serve())
            return address, actual

    def close(self, address: str) -> None:
        """Close an endpoint; connections that stand stay."""
        with self._lock:
            server = self._servers.pop(address, None)
            if server is not None and self._loop is not None:
                self._loop.call_soon_threadsafe(server.close)

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._tls = certificate.context()
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, daemon=True, name="aurora").start()
        return self._loop

    def _bind(self, port: int) -> socket.socket:
        known = self._shifts.get(port)
        for shift in _SHIFTS if known is None else (known,):
            for _ in range(_TRIES):
                address = f"127.{random.randint(16, 126)}.{random.randint(0, 255)}.{random.randint(1, 254)}"
                try:
                    listener = socket.create_server((address, port + shift))
                except OSError as error:
                    problem = error
                    continue
                self._shifts[port] = shift
                return listener
        raise OSError(
            f"no endpoint on port {port}: {problem.strerror}; endpoints are addresses in 127.0.0.0/8, "
            "which Linux has and other systems must be given"
        )

    async def _accept(
        self, address: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            target = self._resolve(address)
            if target is not None:
                await self._serve(target, reader, writer)
        except _RefusedError as refused:
            writer.write(_error(str(refused)))
            with contextlib.suppress(OSError):
                await writer.drain()
        except (_GoneError, OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _serve(
        self, target: Target, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        startup, encrypted = await self._startup(reader, writer)
        server_reader, server_writer = await asyncio.open_unix_connection(target.socket)
        try:
            server_writer.write(startup)
            if struct.unpack("!I", startup[4:8])[0] != _CANCEL:
                user, database = _who(startup)
                if user == ADMINISTRATOR or (target.force_tls and not encrypted):
                    how = "SSL encryption" if encrypted else "no encryption"
                    raise _RefusedError(
                        f'no pg_hba.conf entry for host "{writer.get_extra_info("peername")[0]}", '
                        f'user "{user}", database "{database}", {how}'
                    )
                first = await _message(server_reader)
                while first[:1] not in (b"R", b"E"):  # what it says of the protocol's version
                    writer.write(first)
                    first = await _message(server_reader)
                if first == b"R" + struct.pack("!I", 8) + _TRUSTED:
                    token = await _password(reader, writer)
                    door = target.door if encrypted else None
                    if door is None or not tokens.opens(token, user=user, door=door):
                        raise _RefusedError(f'PAM authentication failed for user "{user}"')
                writer.write(first)
            await _relay(reader, writer, server_reader, server_writer)
        finally:
            server_writer.close()

    async def _startup(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[bytes, bool]:
        """The startup message as it came, and whether it came through TLS."""
        encrypted = False
        while True:
            head = await reader.readexactly(8)
            length, code = struct.unpack("!II", head)
            if code == _TLS and not encrypted:
                writer.write(b"S")
                assert self._tls is not None
                try:
                    await writer.start_tls(self._tls)
                except ssl.SSLError as error:
                    raise _GoneError from error
                encrypted = True
            elif code == _GSS:
                writer.write(b"N")
            elif 8 <= length <= _LONGEST_STARTUP:
                return head + await reader.readexactly(length - 8), encrypted
            else:
                raise _GoneError


def _on(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, asyncio.Server]) -> Any:
    return asyncio.run_coroutine_threadsafe(work, loop).result()


def _who(startup: bytes) -> tuple[str, str]:
    """User and database of a startup message; the database is the user's where none is named."""
    fields = [field.decode(errors="replace") for field in startup[8:].split(b"\0")]
    parameters = dict(zip(fields[::2], fields[1::2], strict=False))
    user = parameters.get("user", "")
    return user, parameters.get("database") or user


async def _message(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readexactly(5)
    return head + await reader.readexactly(struct.unpack("!I", head[1:])[0] - 4)


async def _password(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
    """What the client answers when it is asked for a password in the clear."""
    writer.write(b"R" + struct.pack("!I", 8) + _CLEARTEXT)
    await writer.drain()
    head = await reader.readexactly(5)
    length = struct.unpack("!I", head[1:])[0] - 4
    if head[:1] != b"p" or not 0 < length <= _LONGEST_PASSWORD:
        raise _GoneError
    return (await reader.readexactly(length))[:-1].decode(errors="replace")


async def _relay(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    server_reader: asyncio.StreamReader,
    server_writer: asyncio.StreamWriter,
) -> None:
    """Bytes both ways, until either side ends."""
    ways = [
        asyncio.ensure_future(_copy(reader, server_writer)),
        asyncio.ensure_future(_copy(server_reader, writer)),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while data := await source.read(_CHUNK):
        sink.write(data)
        await sink.drain()


def _error(message: str) -> bytes:
    fields = ("SFATAL", "VFATAL", f"C{_INVALID_AUTHORIZATION}", f"M{message}")
    body = b"".join(field.encode() + b"\0" for field in fields) + b"\0"
    return b"E" + struct.pack("!I", len(body) + 4) + body
