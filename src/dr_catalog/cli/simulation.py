"""The embedded AWS as a process of its own: started, found again, reset and ended.

    up -> python -m embedded_aws, detached; its state folder holds `lock`, `process.json`, `log`

The process inherits the lock and holds it for as long as it lives, so that whoever finds the lock free
knows that the process is gone, whatever the number in the file has been given to since.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import SetupError

HOST = "127.0.0.1"
DEFAULT_PORT = 4566
DEFAULT_STATE = Path(".embedded-aws")
READY_SECONDS, END_SECONDS = 60.0, 10.0
ACCOUNTS = {"hub": "111111111111", "tenant": "222222222222", "pipeline": "555555555555"}
_LOOK_SECONDS = 0.1
_LOG_LINES = 15


@dataclass(frozen=True)
class Running:
    """A process that was started: its id, which is its group's too, and its port."""

    pid: int
    port: int


class Simulation:
    """The embedded AWS that a state folder stands for.

    Args:
        state: The folder for lock, process number and log.
        port: Where it listens, on 127.0.0.1.
    """

    def __init__(self, *, state: Path = DEFAULT_STATE, port: int = DEFAULT_PORT) -> None:
        self.state, self.port = state, port
        self._file, self._lock, self.log = state / "process.json", state / "lock", state / "log"

    @property
    def url(self) -> str:
        """What belongs into ``AWS_ENDPOINT_URL``."""
        return f"http://{HOST}:{self.port}"

    def up(self) -> bool:
        """Start it and wait until it answers.

        Returns:
            Whether it was started now; False when it was up already.

        Raises:
            SetupError: The extra is not installed, the port is taken, or it does not come up.
        """
        running = self.running()
        if running is not None and running.port != self.port:
            raise SetupError(
                f"it runs already, on port {running.port}",
                why=f"{self.state} belongs to one process",
                hint="`dr-catalog local down` first, or choose another --state-dir",
            )
        if running is not None:
            self._wait_until_ready(running.pid)
            return False
        if self._answers():
            return False
        self._check_installed()
        self._wait_until_ready(self._start())
        return True

    def down(self) -> bool:
        """End it and every process it started.

        Returns:
            Whether there was one to end.
        """
        running = self.running()
        if running is not None:
            # Asked first; then whatever of its group is left, Lambda's processes among it, is ended.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGTERM)
                _until(lambda: self.running() is None, END_SECONDS)
                os.killpg(running.pid, signal.SIGKILL)
                _until(lambda: self.running() is None, END_SECONDS)
        self._file.unlink(missing_ok=True)
        return running is not None

    def reset(self) -> None:
        """Forget everything it holds, in every account and region.

        Raises:
            SetupError: It does not answer.
        """
        request = urllib.request.Request(f"{self.url}/_ministack/reset", data=b"", method="POST")
        try:
            with urllib.request.urlopen(request, timeout=30):
                pass
        except OSError as error:
            raise SetupError(
                f"{self.url} can't be reset",
                why=str(error),
                hint="start it with `dr-catalog local up`",
            ) from error

    def running(self) -> Running | None:
        """The process that the state folder names, if it still lives."""
        try:
            with self._lock.open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return None
        except FileNotFoundError:
            return None
        except BlockingIOError:
            pass
        try:
            known = json.loads(self._file.read_text(encoding="utf-8"))
            return Running(pid=int(known["pid"]), port=int(known["port"]))
        except (OSError, ValueError, KeyError):
            return None

    def _check_installed(self) -> None:
        if any(importlib.util.find_spec(name) is None for name in ("embedded_aws", "ministack")):
            raise SetupError(
                "the local simulation is not installed",
                why="it comes with the extra `local`",
                hint="`pip install 'dr-catalog[local]'`",
            )

    def _start(self) -> int:
        self.state.mkdir(parents=True, exist_ok=True)
        with self._lock.open("w") as lock, self.log.open("w") as log:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # A session of its own: it outlives the shell, and its group holds all it starts.
            process = subprocess.Popen(
                [sys.executable, "-m", "embedded_aws", "--port", str(self.port)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=[lock.fileno()],
            )
            content = json.dumps({"pid": process.pid, "port": self.port})
            self._file.write_text(content + "\n", encoding="utf-8")
            process.returncode = 0  # it outlives us on purpose: nothing to warn about
        return process.pid

    def _wait_until_ready(self, pid: int) -> None:
        if _until(lambda: self._answers() or self.running() is None, READY_SECONDS) and (
            self.running() is not None
        ):
            return
        self.down()
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        raise SetupError(
            f"the local simulation (process {pid}) did not come up on port {self.port}",
            why="\n        ".join(lines[-_LOG_LINES:]),
            hint=f"see {self.log}; if the port is taken, choose another --port",
        )

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=2) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError, ValueError):
            return False


def _until(happened: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            return False
        time.sleep(_LOOK_SECONDS)
    return True
