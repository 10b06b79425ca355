"""A function's process is a fork of one that has boto3 loaded, and does not notice."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from embedded_aws.repairs import warm_starts

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="ministack's own way elsewhere")

PAST_SELECT = 1024
"""The first file that `select.select` refuses."""

SCRIPT = """
import json, os, sys
loaded, path = "botocore.loaders" in sys.modules, sys.path[0]
sys.path.insert(0, os.getcwd())
import urllib3
for line in sys.stdin:
    if line == "end\\n":
        sys.exit(3)
    print("about", line.strip(), file=sys.stderr, flush=True)
    print(json.dumps({
        "line": line, "loaded": loaded, "folder": os.getcwd(), "name": __name__,
        "argv": sys.argv, "path": path, "environment": dict(os.environ),
        "urllib3": urllib3.__file__, "pid": os.getpid(),
    }), flush=True)
"""


@pytest.fixture
def started(tmp_path: Path) -> Any:
    """``started(**environment)``: the process of a script, as ministack starts it."""
    made = []
    (tmp_path / "code").mkdir()
    (tmp_path / "worker.py").write_text(SCRIPT)

    def start(**environment: str) -> Any:
        python = {name: value for name, value in os.environ.items() if name.startswith("PYTHON")}
        process = warm_starts.popen(
            [sys.executable, str(tmp_path / "worker.py")],
            cwd=str(tmp_path / "code"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
            env={**python, **environment},
        )
        made.append(process)
        return process

    yield start
    for process in made:
        process.kill()
        process.wait(5)
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()


def ask(process: Any, line: str = "this") -> dict[str, Any]:
    process.stdin.write(f"{line}\n")
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def test_it_is_as_if_it_had_been_started(started: Any, tmp_path: Path) -> None:
    process = started(NAME="dr", AWS_REGION="us-west-2")
    answer = ask(process)
    assert answer["loaded"]
    assert answer["line"] == "this\n"
    assert process.stderr.readline() == "about this\n"
    assert answer["pid"] == process.pid
    assert (answer["name"], answer["argv"]) == ("__main__", [str(tmp_path / "worker.py")])
    assert (answer["folder"], answer["path"]) == (str(tmp_path / "code"), str(tmp_path))
    strange = {name: value for name, value in answer["environment"].items() if name[:6] != "PYTHON"}
    assert strange == {"NAME": "dr", "AWS_REGION": "us-west-2"}


def test_each_is_a_process_of_its_own(started: Any) -> None:
    one, two = started(NAME="one"), started(NAME="two")
    answers = ask(one), ask(two)
    assert [each["environment"]["NAME"] for each in answers] == ["one", "two"]
    one.stdin.close()  # the other holds none of its pipes
    assert one.wait(5) == 0
    assert one.stdout.read() == ""
    assert two.poll() is None
    assert ask(two)["line"] == "this\n"


def test_its_end_is_seen(started: Any) -> None:
    process = started()
    ask(process)
    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    process.stdin.write("end\n")
    assert (process.wait(5), process.poll()) == (3, 3)
    process.terminate()  # says nothing any more


def test_it_can_be_ended(started: Any) -> None:
    process = started()
    ask(process)
    process.terminate()
    assert process.wait(5) == -15
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)


def test_a_function_brings_its_own_modules(started: Any, tmp_path: Path) -> None:
    (tmp_path / "code" / "urllib3.py").write_text("")
    answer = ask(started())
    assert (answer["loaded"], answer["urllib3"]) == (False, str(tmp_path / "code" / "urllib3.py"))


@pytest.mark.parametrize("own", [{"PYTHONHASHSEED": "1"}, {"_LAMBDA_LAYERS_DIRS": "/nowhere"}])
def test_what_python_reads_at_its_start_is_read(started: Any, own: dict[str, str]) -> None:
    assert not ask(started(**own))["loaded"]


def test_many_open_files_are_no_hindrance(started: Any) -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < PAST_SELECT * 2:
        pytest.skip("no more files may be open here than `select.select` takes")
    with contextlib.ExitStack() as held:
        for _ in range(PAST_SELECT):
            held.callback(os.close, os.open(os.devnull, os.O_RDONLY))
        process = started()
        assert ask(process)["line"] == "this\n"
        assert process.poll() is None
        process.terminate()
        assert process.wait(5) == -15
