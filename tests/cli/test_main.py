"""The entry point: lazy, quick, and clear about what went wrong."""

from __future__ import annotations

import subprocess
import sys
import types

import pytest

from dr_catalog.cli import lazy
from dr_catalog.cli import main as module
from dr_catalog.errors import NotFoundError, UsageError

HEAVY = ("boto3", "botocore", "rich", "aws_cdk", "jsii", "yaml")
PROBE = """
import sys
from dr_catalog.cli.main import cli
try:
    cli(sys.argv[1:], prog_name="dr-catalog")
finally:
    print("loaded:", *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


@pytest.mark.parametrize("words", [["--help"], ["launch", "--help"], ["local", "up", "--help"]])
def test_help_loads_nothing_that_is_slow(words):
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *words], capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.split("loaded:")[1].split())
    assert "Usage: dr-catalog" in done.stdout
    assert "click" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_every_command_is_listed(run):
    listed = run("--help").stdout
    for name, text in module.COMMANDS.items():
        assert name in listed
        assert text in listed


OURS = ("products", "launch", "status", "outputs", "upgrade", "terminate", "local")


@pytest.mark.parametrize("name", OURS)
def test_a_command_has_help(run, name):
    done = run(name, "--help")
    assert done.exit_code == 0
    assert done.stdout.startswith(f"Usage: cli {name}")


def test_an_unknown_command_has_a_close_match(run):
    done = run("lunch")
    assert done.exit_code == 2
    assert "Did you mean 'launch'?" in done.stderr


def raising(monkeypatch, error: BaseException) -> None:
    import click

    @click.command("launch")
    def command() -> None:
        raise error

    stub = types.SimpleNamespace(command=command)
    monkeypatch.setattr(lazy.importlib, "import_module", lambda *_: stub)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotFoundError("it is not there", why="no one made it", hint="make it"), 1),
        (UsageError("it is not there", why="no one made it", hint="make it"), 2),
    ],
)
def test_an_error_is_three_lines_and_a_code(run, monkeypatch, error, code):
    raising(monkeypatch, error)
    done = run("launch")
    assert done.exit_code == code
    assert done.stdout == ""
    assert done.stderr == "error: it is not there\n  why:  no one made it\n  hint: make it\n"


def test_a_defect_asks_to_be_reported(run, monkeypatch):
    raising(monkeypatch, KeyError("oops"))
    done = run("launch")
    assert done.exit_code == 1
    assert "defect" in done.stderr
    assert "KeyError: 'oops'" in done.stderr
    assert "Traceback" not in done.stderr


def test_debug_lets_a_defect_through(run, monkeypatch):
    raising(monkeypatch, KeyError("oops"))
    assert isinstance(run("--debug", "launch").exception, KeyError)


def test_an_interrupt_has_the_shells_code(run, monkeypatch):
    raising(monkeypatch, KeyboardInterrupt())
    assert run("launch").exit_code == 130
