"""A build's commands, run by one shell as CodeBuild runs them.

A phase ends with its first command that fails, after which its ``finally`` commands run; ``build`` is
left out after a ``pre_build`` that failed, and ``post_build`` runs after any ``build``. ``install`` is
left out: it prepares the image, and here the environment that runs this is the image.
https://docs.aws.amazon.com/codebuild/latest/userguide/view-build-details-phases.html
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .buildspec import BuildSpec, Phase

_SKIPPED = "install"


@dataclass(frozen=True, kw_only=True)
class Built:
    """What a build came to.

    Args:
        code: Its exit code.
        printed: The lines its commands wrote to stdout.
        lines: All lines, those of stderr too.
        variables: The exported variables.
    """

    code: int
    printed: tuple[str, ...]
    lines: tuple[str, ...]
    variables: Mapping[str, str]


def run(
    spec: BuildSpec,
    *,
    folder: Path,
    environment: Mapping[str, str],
    keep: int,
    told: Callable[[str], None],
) -> Built:
    """Run a build in a folder.

    An interruption is passed on to the commands, and waits until they have ended.

    Args:
        spec: What to run.
        folder: Where.
        environment: All environment variables.
        keep: A file that stays open as long as anything of the build runs: a lock's.
        told: Takes each line as it comes.
    """
    with tempfile.NamedTemporaryFile(prefix="dr-catalog-exported-") as exported:
        process = subprocess.Popen(
            ["bash", "-c", script(spec, exported=exported.name)],
            cwd=folder,
            env={**environment, **spec.variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,  # ^C reaches it through us only
            pass_fds=[keep],
        )
        printed: list[str] = []
        lines: list[str] = []
        assert process.stdout is not None
        assert process.stderr is not None
        readers = [
            threading.Thread(target=_read, args=(process.stdout, (printed, lines), told)),
            threading.Thread(target=_read, args=(process.stderr, (lines,), told)),
        ]
        for reader in readers:
            reader.start()
        try:
            process.wait()
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait()
            raise
        finally:
            for reader in readers:
                reader.join()
        values = Path(exported.name).read_text(encoding="utf-8").split("\0")
    return Built(
        code=process.returncode,
        printed=tuple(printed),
        lines=tuple(lines),
        variables=dict(zip(spec.exported, values, strict=False)),
    )


def script(spec: BuildSpec, *, exported: str) -> str:
    """The shell script of a build; it ends with the code of the first command that failed."""
    lines = ["trap : INT TERM", "__code=0"]
    for phase in spec.phases:
        if phase.name != _SKIPPED:
            lines += _phase(phase)
    values = " ".join(f'"${{{name}-}}"' for name in spec.exported)
    if values:
        lines.append(f"printf '%s\\0' {values} > {shlex.quote(exported)}")
    return "\n".join([*lines, "exit $__code"])


def _phase(phase: Phase) -> Iterator[str]:
    # What failed before `build` ends the build; what failed in it does not keep post_build away.
    yield (
        "if [ ${__built-no} = yes ]; then"
        if phase.name == "post_build"
        else "if [ $__code = 0 ]; then"
    )
    yield "  __phase=0"
    if phase.name == "build":
        yield "  __built=yes"
    for command in phase.commands:
        yield "  if [ $__phase = 0 ]; then"
        yield f"    {_echo(command)}"
        yield f"    eval {shlex.quote(command)} || __phase=$?"
        yield "  fi"
    for command in phase.lastly:
        yield f"  {_echo(command)}"
        yield f"  eval {shlex.quote(command)} || {{ __last=$?; [ $__phase != 0 ] || __phase=$__last; }}"
    yield "  [ $__code != 0 ] || __code=$__phase"
    yield "fi"


def _echo(command: str) -> str:
    return f"printf '%s\\n' {shlex.quote('$ ' + command)} >&2"


def _read(stream: IO[str], into: tuple[list[str], ...], told: Callable[[str], None]) -> None:
    with stream:
        for line in stream:
            for each in into:
                each.append(line.rstrip("\n"))
            told(line.rstrip("\n"))
