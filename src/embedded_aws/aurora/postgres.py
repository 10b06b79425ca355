"""One PostgreSQL server: made empty or as a copy of another, started, promoted, stopped.

It listens on a Unix socket in its own folder only. Whoever reaches that is trusted as the
administrator and as any role that logs in by IAM, for the forwarder has looked at the token before;
everyone else shows a password to PostgreSQL itself.

A shell stands between this process and the server. It waits for the end of a pipe: when this process
ends, however that comes about, the pipe ends and the shell stops the server.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import shutil
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

from pg8000.native import Connection

from . import folder

ADMINISTRATOR = "rdsadmin"
IAM_ROLE = "rds_iam"
_PATIENCE = 30.0
_PAUSE = 0.01
_RETRY, _QUIET = 0.1, 3  # a standby tries again after that time; held is who was not seen so often
_WATCHED = '"$@" & child=$!; read signal || signal=QUIT; kill -"$signal" "$child"; wait "$child"'
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "16MB",
    "max_wal_size": "256MB",
    "wal_keep_size": "256MB",
    "wal_log_hints": "on",  # pg_rewind asks for it
    "wal_retrieve_retry_interval": "100ms",
    "wal_receiver_status_interval": "1s",
    "hot_standby_feedback": "on",
    "io_method": "sync",  # no worker processes for it
    "fsync": "off",  # a simulation survives no power cut
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_ACCESS = """\
local all         {administrator}  trust
local replication {administrator}  {replication}
local all         {master}         scram-sha-256
local all         +{iam}           trust
local all         all              scram-sha-256
"""
_ENDED = re.compile(rb"FATAL:  (?!the database system is)")  # which who comes too early is told
_numbers = itertools.count(1)
_first = threading.Lock()


class PostgresError(RuntimeError):
    """PostgreSQL does not do what it is asked to; the message holds what it says."""


class Server:
    """A PostgreSQL server in a folder of its own.

    Args:
        master: The name of the cluster's master user, who always shows a password.
    """

    def __init__(self, *, master: str) -> None:
        self.folder = folder.root() / str(next(_numbers))
        self.folder.mkdir(mode=0o700)
        folder.hand_over(self.folder)
        self._master = master
        self._process: subprocess.Popen[bytes] | None = None
        self.held = False
        """Whether standbys are refused."""
        self._told = 0  # how much stood in the log before it was started

    @property
    def socket(self) -> Path:
        """The Unix socket it listens on."""
        return self.folder / ".s.PGSQL.5432"

    @property
    def running(self) -> bool:
        """Whether it was started and not stopped."""
        return self._process is not None

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _standby_signal(self) -> Path:
        return self._data / "standby.signal"

    def initialise(self) -> None:
        """Make an empty database: a copy of the first one, which takes a third of the time."""
        with _first:
            empty = folder.root() / "empty"
            if not empty.is_dir():
                self._run(
                    folder.programs() / "initdb",
                    *(f"--pgdata={empty}", f"--username={ADMINISTRATOR}", "--auth=trust"),
                    *("--encoding=UTF8", "--locale=C", "--wal-segsize=1"),
                    *("--no-sync", "--no-instructions"),
                )
        self._run("cp", "-R", empty, self._data)
        self._write_access()

    def copy(self, source: Server) -> None:
        """Become a standby with the data of a running server; any data of its own goes."""
        shutil.rmtree(self._data, ignore_errors=True)
        self._back_up(source, self._data)
        self._write_access()

    def start(self, *, source: Server | None = None) -> None:
        """Start, and wait until it answers.

        Args:
            source: The server it follows; None for a writer.

        Raises:
            PostgresError: It does not answer.
        """
        if source is None:
            self._standby_signal.unlink(missing_ok=True)
        else:
            self._standby_signal.touch()
            folder.hand_over(self._standby_signal)
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        settings = {**_SETTINGS, "unix_socket_directories": str(self.folder)}
        if source is not None:
            settings["primary_conninfo"] = f"host={source.folder} user={ADMINISTRATOR}"
        arguments = [f"--{name}={value}" for name, value in settings.items()]
        program = folder.programs() / "postgres"
        with self._log.open("ab") as log:
            self._told = log.tell()
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _WATCHED, "sh", program, "-D", self._data, *arguments],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                **folder.identity(),  # type: ignore[call-overload]
            )
        try:
            self._wait_until_ready()
        except PostgresError:
            self.stop(signal="QUIT")
            raise

    def stop(self, *, signal: str = "INT") -> None:
        """Stop, if it runs.

        Args:
            signal: ``INT`` writes everything down first; ``QUIT`` does not.
        """
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(f"{signal}\n".encode())
            process.stdin.close()
        process.wait(_PATIENCE)

    def remove(self) -> None:
        """Stop it and forget its data."""
        self.stop(signal="QUIT")
        shutil.rmtree(self.folder, ignore_errors=True)

    def hold(self, held: bool) -> None:
        """Let no standby follow this server, which runs, or let them again; they catch up then."""
        self._write_access(held=held)
        self.query("SELECT pg_reload_conf()")
        quiet = 0
        while held and quiet < _QUIET:  # one that comes back before the reload is sent away again
            gone = self.query("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_replication")
            quiet = 0 if gone else quiet + 1
            time.sleep(_RETRY)

    def keep_data(self, place: Path) -> None:
        """Move the data of a server that is stopped to another folder."""
        self._data.rename(place)

    def save_data(self, place: Path) -> None:
        """Copy the data to another folder, of a server that goes on if it runs."""
        if self.running:
            self._back_up(self, place)
        else:
            shutil.copytree(self._data, place)

    def take_data(self, place: Path) -> None:
        """Begin with a copy of data that were kept."""
        shutil.copytree(place, self._data)
        for path in (self._data, *self._data.rglob("*")):
            folder.hand_over(path)
        self._write_access()

    def promote(self) -> None:
        """Make a standby a writer, at the end of what it has received."""
        self.query("SELECT pg_promote(true, 30)")
        self._await("SELECT NOT pg_is_in_recovery()")

    def follows_in_full(self, source: Server) -> None:
        """Wait until this standby has all that its source has written."""
        [[end]] = source.query("SELECT pg_current_wal_flush_lsn()::text")
        self._await(f"SELECT pg_last_wal_replay_lsn() >= '{end}'::pg_lsn")

    def query(self, *statements: str, database: str = "postgres") -> list[list[Any]]:
        """Run statements as the administrator; the rows of the last."""
        rows: list[list[Any]] = []
        with contextlib.closing(
            Connection(
                ADMINISTRATOR, unix_sock=str(self.socket), database=database, ssl_context=False
            )
        ) as connection:
            for statement in statements:
                rows = connection.run(statement) or []
        return rows

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _await(self, question: str) -> None:
        end = time.monotonic() + _PATIENCE
        while self.query(question) != [[True]]:
            if time.monotonic() > end:
                raise PostgresError(f"still waiting: {question}")
            time.sleep(_PAUSE)

    def _wait_until_ready(self) -> None:
        pid_file = self._data / "postmaster.pid"
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            # https://www.postgresql.org/docs/18/storage-file-layout.html: the 8th line is the state.
            with contextlib.suppress(FileNotFoundError, IndexError):
                if pid_file.read_text().splitlines()[7].strip() == "ready":
                    return
            if _ENDED.search(self._log.read_bytes(), self._told):
                break
            time.sleep(_PAUSE)
        raise PostgresError(f"PostgreSQL does not start: {self._log.read_text()[-1000:]}")

    def _write_access(self, *, held: bool = False) -> None:
        self.held = held
        (self._data / "pg_hba.conf").write_text(
            _ACCESS.format(
                administrator=ADMINISTRATOR,
                master=self._master,
                iam=IAM_ROLE,
                replication="reject" if held else "trust",
            )
        )

    def _back_up(self, source: Server, place: Path) -> None:
        """Copy a running server's data to a folder."""
        self._run(
            folder.programs() / "pg_basebackup",
            *(f"--pgdata={place}", f"--host={source.folder}", f"--username={ADMINISTRATOR}"),
            *("--checkpoint=fast", "--no-sync", "--no-password"),
        )

    def _run(self, program: str | Path, *options: str | Path) -> None:
        done = subprocess.run(
            [program, *options],
            capture_output=True,
            text=True,
            cwd=self.folder,
            check=False,
            timeout=_PATIENCE,
            **folder.identity(),  # type: ignore[call-overload]
        )
        if done.returncode:
            name = Path(program).name
            raise PostgresError(f"{name} failed: {done.stderr.strip()[-1000:]}")
