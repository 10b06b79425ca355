"""What the demo prints, and how it runs commands: each as it stands after ``$``, its output as it comes."""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dr_catalog.provisioning.checks import Check

ROOT = Path(__file__).resolve().parents[1]
COMMAND = Path(sys.executable).with_name("dr-catalog")
STARTED = time.monotonic()


def run(
    *words: str,
    env: dict[str, str] | None = None,
    cwd: Path = ROOT,
    show: bool = True,
    refused: bool = False,
) -> str:
    """Run ``dr-catalog`` with these words; its output is shown as it comes."""
    if show:
        say(f"\n$ dr-catalog {' '.join(words)}")
    done = subprocess.run(
        [str(COMMAND), *words],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdout=None if show else subprocess.PIPE,
        text=True,
    )
    if done.returncode != int(refused):
        sys.exit(f"'dr-catalog {' '.join(words)}' ended with exit code {done.returncode}")
    if refused:
        expect(True, "refused, as it must be")
    return done.stdout or ""


def meanwhile(*words: str, env: dict[str, str], cwd: Path) -> Callable[[], str]:
    """Begin ``dr-catalog`` with these words; the answer waits for its end and gives its output."""
    say(f"\n$ dr-catalog {' '.join(words)} &")
    process = subprocess.Popen(
        [str(COMMAND), *words],
        cwd=cwd,
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    atexit.register(process.terminate)

    def end() -> str:
        told, _ = process.communicate()
        expect(process.returncode == 0, f"it ended with exit code {process.returncode}")
        return told

    return end


def table(checks: list[Check]) -> None:
    """The checks as a table, one row a resource and region."""
    rows = [("layer", "resource", "region", "", "found")] + [
        (check.layer, check.resource, check.region, "ok" if check.ok else "NO", check.found)
        for check in checks
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)))


def until(look: Any, good: Any) -> Any:
    """Look until it is good, for at most ten seconds: replication takes its time."""
    deadline = time.monotonic() + 10
    while not good(answer := look()) and time.monotonic() < deadline:
        time.sleep(0.2)
    return answer


def expect(holds: bool, words: str) -> None:
    """Say what was found; end the demo when it is not as it must be."""
    say(f"  {'ok' if holds else 'NO'}  {words}")
    if not holds:
        sys.exit("The demo failed: see the line above.")


def step(title: str) -> None:
    """Begin a chapter."""
    say(f"\n=== {title}  [{time.monotonic() - STARTED:.0f} s]")


def say(line: str) -> None:
    """One line, at once, so that it stands in order with what the commands print."""
    print(line, flush=True)


def said(found: list[str]) -> str:
    """What was found, to be added to a line."""
    return f": {', '.join(found)}" if found else ""


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
