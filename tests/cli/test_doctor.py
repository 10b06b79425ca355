"""`dr-catalog doctor` as a command: a table or JSON, an exit code, and no CDK."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict

import pytest

import dr_catalog.doctor as doctor
from dr_catalog.doctor import Check
from dr_catalog.doctor.model import Mend, Skip


def well(_: object) -> str:
    return "as it must be"


def ill(_: object) -> str:
    raise Mend("broken", "`mend it`")


def dark(_: object) -> str:
    raise Skip("no lamp")


ROWS = (Check("a", "one", well), Check("a", "two", dark), Check("b", "three", well, ("two",)))


@pytest.mark.parametrize(("more", "code"), [((), 0), ((Check("b", "four", ill),), 1)])
def test_the_exit_code_says_whether_something_needs_mending(run, monkeypatch, more, code):
    monkeypatch.setattr(doctor, "CHECKS", (*ROWS, *more))
    done = run("doctor")
    assert done.exit_code == code
    assert done.stderr == f"{3 + code} checks, {code} to mend, 2 skipped\n"
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[1] == ["a", "one", "ok", "as", "it", "must", "be", "-"]
    assert lines[2] == ["a", "two", "skipped", "no", "lamp", "-"]
    assert lines[3] == ["b", "three", "skipped", "needs:", "two", "-"]
    assert not code or lines[4] == ["b", "four", "mend", "broken", "`mend", "it`"]


def test_as_json(run, monkeypatch):
    monkeypatch.setattr(doctor, "CHECKS", (Check("b", "four", ill),))
    done = run("doctor", "--output", "json")
    found = {"group": "b", "check": "four", "state": "mend", "found": "broken", "mend": "`mend it`"}
    assert json.loads(done.stdout) == [found]
    assert asdict(doctor.Finding(**found)) == found


def test_the_real_checks_run_without_aws_and_without_cdk(tmp_path):
    program = (
        "import sys\nfrom dr_catalog.cli.main import cli\n"
        "try:\n    cli(['doctor', '--output', 'json'])\n"
        "finally:\n    print(*{n.partition('.')[0] for n in sys.modules}, file=sys.stderr)"
    )
    nobody = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    nobody |= {
        name: str(tmp_path / "none") for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**nobody, "AWS_EC2_METADATA_DISABLED": "true"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stderr
    states = {each["check"]: each["state"] for each in json.loads(done.stdout)}
    assert len(states) == len(doctor.CHECKS)
    assert {name for name, state in states.items() if state == "mend"} == {"credentials", "region"}
    loaded = set(done.stderr.split("\n")[-2].split())
    assert "boto3" in loaded
    assert loaded.isdisjoint({"aws_cdk", "jsii", "constructs", "cfnlint"})
