"""A function's process comes from one that has boto3 loaded already.

ministack starts Python anew for each function, and each loads boto3 and reads the endpoints of all of
AWS: that costs more than what a small function does. Here one process does it once (`warm_process`)
and makes the others by fork, with the folder, the environment and the pipes that ministack gives them.

    popen -> Process -- script, folder, environment, pipes --> warm_process -> the function's process
             Process <-- its id; its exit status, in the end -- warm_process

Where there is no safe fork, ministack's own way stays. It stays too for a function that would notice:
one that comes with a module which is loaded here, or sets a variable that Python reads as it starts.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

from ministack.core import lambda_runtime

from ..extension import require
from . import warm_process

_LAYERS = "_LAMBDA_LAYERS_DIRS"
_own = require(lambda_runtime, "subprocess")
_lock = threading.Lock()


def install() -> None:
    """Once, before the server starts."""
    if sys.platform == "linux":
        lambda_runtime.subprocess = SimpleNamespace(**{**vars(_own), "Popen": popen})


def popen(command: Sequence[str], **options: Any) -> Any:
    """What ministack starts: as a fork, unless the function would notice."""
    folder, environment = Path(options["cwd"]), options["env"]
    if command[0] == sys.executable and not _sets_python(environment):
        source = _source()
        if not source.modules & {each.name.partition(".")[0] for each in folder.iterdir()}:
            return Process(source, script=command[1], folder=folder, environment=environment)
    return _own.Popen(command, **options)


def _sets_python(environment: Mapping[str, str]) -> bool:
    ours, theirs = (
        {name: value for name, value in each.items() if name.startswith("PYTHON")}
        for each in (os.environ, environment)
    )
    return _LAYERS in environment or ours != theirs


@dataclass(frozen=True)
class _Source:
    """The process that forks.

    Args:
        process: Held, so that it is collected at the end.
        control: Where it takes orders; it ends when this closes, and so with this process.
        modules: The top-level modules it has loaded.
    """

    process: subprocess.Popen[bytes]
    control: socket.socket
    modules: frozenset[str]


_sources: list[_Source] = []


def _source() -> _Source:
    with _lock:
        if not _sources or _sources[-1].process.poll() is not None:
            _sources[:] = [_started()]
        return _sources[-1]


def _started() -> _Source:
    control, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with other:
        process = subprocess.Popen(
            [sys.executable, warm_process.__file__, str(other.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[other.fileno()],
            env={name: value for name, value in os.environ.items() if name[:4] != "AWS_"},
        )
    modules = json.loads(control.recv(warm_process.LONGEST))
    return _Source(process, control, frozenset(modules))


class Process:
    """A function's process, with what ministack uses of `subprocess.Popen`."""

    def __init__(
        self, source: _Source, *, script: str, folder: Path, environment: Mapping[str, str]
    ) -> None:
        pipes = [os.pipe() for _ in range(4)]
        (stdin, to), (out, stdout), (err, stderr), (status, end) = pipes
        order = {"script": script, "folder": str(folder), "environment": dict(environment)}
        theirs = [stdin, stdout, stderr, end]
        try:
            socket.send_fds(source.control, [json.dumps(order).encode()], theirs)
        finally:
            for each in theirs:
                os.close(each)
        self.stdin: IO[str] = os.fdopen(to, "w", buffering=1)
        self.stdout: IO[str] = os.fdopen(out)
        self.stderr: IO[str] = os.fdopen(err)
        self._status = os.fdopen(status, "rb", buffering=0)
        self.returncode: int | None = None
        self._lock = threading.Lock()
        self.pid = int(self._status.read(warm_process.NUMBER) or 0)
        if not self.pid:
            raise OSError("the process that starts functions is gone")

    def poll(self) -> int | None:
        """Its exit status, once it has ended."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, when it ends.

        Raises:
            subprocess.TimeoutExpired: It has not ended by then.
        """
        ended = self._ended(timeout)
        if ended is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return ended

    def terminate(self) -> None:
        """Ask it to end."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._send(signal.SIGKILL)

    def _send(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def _ended(self, timeout: float | None) -> int | None:
        with self._lock:
            if self.returncode is None and _readable(self._status, timeout):
                # Nothing comes from a source that was killed.
                self.returncode = int(self._status.read(warm_process.NUMBER) or -signal.SIGKILL)
                self._status.close()
            return self.returncode


def _readable(file: IO[bytes], timeout: float | None) -> bool:
    """Whether something, or the end, can be read by then; `select.select` stops at file 1,024."""
    poll = select.poll()
    poll.register(file, select.POLLIN)
    return bool(poll.poll(None if timeout is None else timeout * 1000))
