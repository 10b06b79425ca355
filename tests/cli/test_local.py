"""The local simulation as a process: started once, found again, reset, ended with all it started."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import sys
import textwrap
from pathlib import Path

import pytest

from dr_catalog.cli import local, simulation
from dr_catalog.cli.simulation import Simulation
from dr_catalog.errors import SetupError

# Stands in for the emulator: answers health and reset, and starts a child that ignores SIGTERM.
STAND_IN = """
import subprocess, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

port = int(sys.argv[sys.argv.index("--port") + 1])
deaf = (
    "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "open('child', 'w').write(str(os.getpid())); time.sleep(60)"
)
subprocess.Popen([sys.executable, "-c", deaf])

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/_ministack/health" else 404)
        self.end_headers()

    def do_POST(self):
        open("reset", "w").write(self.path)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass

HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """A working folder whose ``embedded_aws`` is the stand-in."""
    package = tmp_path / "embedded_aws"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(textwrap.dedent(STAND_IN))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(simulation, "_LOOK_SECONDS", 0.02)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    monkeypatch.setattr(local, "make_role", lambda **_: None)  # the stand-in knows no IAM
    yield tmp_path
    Simulation().down()


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_up_again_reset_and_down(here, port, run):
    where = ("--port", str(port))
    first = run("local", "up", *where)
    assert first.exit_code == 0
    assert f"local simulation is up at http://127.0.0.1:{port}" in first.stderr
    pid = json.loads((here / ".embedded-aws" / "process.json").read_text())["pid"]
    number = here / "child"
    assert simulation._until(lambda: number.exists() and number.read_text() != "", 5)
    child = int(number.read_text())
    assert lives(pid)
    assert lives(child)

    assert "was up already" in run("local", "up", *where).stderr
    other = run("local", "up", "--port", str(port + 1))
    assert (other.exit_code, "runs already, on port" in other.stderr) == (1, True)

    assert run("local", "reset", *where).exit_code == 0
    assert (here / "reset").read_text() == "/_ministack/reset"

    assert run("local", "down").stderr == "local simulation ended\n"
    assert simulation._until(lambda: not lives(pid) and not lives(child), 5)
    assert "no local simulation runs" in run("local", "down").stderr
    down = run("local", "reset", *where)
    assert (down.exit_code, "dr-catalog local up" in down.stderr) == (1, True)


def test_a_number_that_another_process_has_now_is_stale(here, port, run):
    state = here / ".embedded-aws"
    state.mkdir()
    (state / "lock").touch()
    (state / "process.json").write_text(json.dumps({"pid": os.getpid(), "port": port}))
    assert Simulation(port=port).running() is None
    assert "no local simulation runs" in run("local", "down").stderr
    assert run("local", "up", "--port", str(port)).exit_code == 0
    assert Simulation(port=port).running() is not None


def test_what_does_not_come_up_shows_its_log(here, port):
    (here / "embedded_aws" / "__main__.py").write_text("raise SystemExit('port is taken')")
    with pytest.raises(SetupError, match="did not come up") as caught:
        Simulation(port=port).up()
    assert caught.value.why == "port is taken"
    assert Simulation(port=port).running() is None


def test_a_missing_extra_has_its_pip_command(tmp_path, monkeypatch, port, run):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "ministack", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    done = run("local", "up", "--port", str(port))
    assert done.exit_code == 1
    assert "pip install 'dr-catalog[local]'" in done.stderr
    assert not (tmp_path / ".embedded-aws").exists()


@pytest.mark.parametrize(
    ("account", "number"),
    [
        ("hub", "111111111111"),
        ("tenant", "222222222222"),
        ("pipeline", "555555555555"),
        ("333333333333", "333333333333"),
    ],
)
def test_env_is_for_eval(run, account, number):
    done = run("local", "env", "--account", account, "--port", "4567", "--region", "us-west-2")
    assert done.stdout.splitlines() == [
        "unset AWS_PROFILE AWS_SESSION_TOKEN",
        "export AWS_ENDPOINT_URL=http://127.0.0.1:4567",
        "export AWS_DEFAULT_REGION=us-west-2",
        f"export AWS_ACCESS_KEY_ID={number}",
        "export AWS_SECRET_ACCESS_KEY=test",
    ]


@pytest.mark.parametrize("words", [("--account", "me"), ("--account", "hub", "--region", "a;b")])
def test_env_prints_nothing_that_a_shell_should_not_eval(run, words):
    done = run("local", "env", *words)
    assert (done.exit_code, done.stdout) == (2, "")


def test_a_catalogs_accounts_are_of_the_organisation(here, run, monkeypatch):
    accounts = ("--account", "333333333333", "--tenant", "444444444444")
    monkeypatch.setattr("dr_catalog.cli.init._release", lambda _: None)
    assert run("init", "mine", *accounts).exit_code == 0
    monkeypatch.chdir("mine")
    trusted, entered = local._accounts_here()
    assert trusted == ("111111111111", "333333333333", "555555555555")
    # A stage's account is entered too: by the pipeline.
    assert entered == ("111111111111", "222222222222", "333333333333", "444444444444")
    Path("pipeline/pipeline.yaml").write_text("stages: 3")
    assert local._accounts_here() == (
        ("111111111111", "555555555555"),
        ("111111111111", "222222222222"),
    )
