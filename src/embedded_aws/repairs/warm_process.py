"""Loads boto3 once, then forks a process for each function; a program, started by `warm_starts`.

It has one thread, so a fork is safe. It ends when the socket that gives orders closes.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

LONGEST = 1 << 20
NUMBER = 8
"""Bytes of a process id or exit status, as text."""


def main(control: socket.socket) -> None:
    """Fork for each order, and say what becomes of each process."""
    _load()
    control.send(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})).encode())
    gc.freeze()
    ends: dict[int, int] = {}
    woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        ready, _, _ = select.select([control, woken], [], [])
        if woken in ready:
            os.read(woken, LONGEST)
            _collect(ends)
        if control in ready:
            message, given, _, _ = socket.recv_fds(control, LONGEST, 4)
            if not message:
                return
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                signal.signal(signal.SIGINT, signal.default_int_handler)
                control.close()
                for each in (woken, wake, given[3], *ends.values()):
                    os.close(each)
                _become(json.loads(message), given[:3])
                return
            for each in given[:3]:
                os.close(each)
            ends[pid] = given[3]
            _say(given[3], pid)


def _load() -> None:
    """What every function that talks to AWS loads, and the data it reads."""
    import boto3
    import botocore.session

    botocore.session.create_loader = functools.cache(botocore.session.create_loader)
    session = boto3.Session(
        aws_access_key_id="-", aws_secret_access_key="-", region_name="us-east-1"
    )
    for service in ("dynamodb", "s3", "ssm", "ec2", "rds"):
        session.client(service)


def _become(order: dict[str, Any], pipes: list[int]) -> None:
    """Be the function's process, until its script ends."""
    for number, pipe in enumerate(pipes):
        os.dup2(pipe, number)
        os.close(pipe)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    sys.argv[:] = [order["script"]]
    sys.path[0] = str(Path(order["script"]).parent)
    runpy.run_path(order["script"], run_name="__main__")


def _collect(ends: dict[int, int]) -> None:
    while ends:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        end = ends.pop(pid)
        _say(end, os.waitstatus_to_exitcode(status))
        os.close(end)


def _say(end: int, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody asks any more
        os.write(end, f"{number:<{NUMBER}}".encode())


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
