"""`dr-catalog init`: questions, refusals, reruns; nothing that is there is ever overwritten."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from dr_catalog.cli import init
from dr_catalog.definitions import load_catalog

ACCOUNTS = ("--account", "333333333333", "--tenant", "444444444444")


@pytest.fixture(autouse=True)
def frozen(monkeypatch) -> list[Path]:
    """The folders whose first release was asked for; the release itself is tested elsewhere."""
    asked: list[Path] = []
    monkeypatch.setattr(init, "_release", asked.append)
    return asked


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_init_writes_a_catalog_and_says_what_comes_next(run, tmp_path, frozen):
    folder = tmp_path / "mine"
    done = run("init", str(folder), *ACCOUNTS, "--regions", "eu-west-1, eu-central-1")
    assert done.exit_code == 0
    assert set(done.stdout.splitlines()) == {str(folder / name) for name in tree(folder)}
    stage = load_catalog(folder).pipeline.stages[0]
    assert (stage.account, stage.regions) == ("333333333333", ("eu-west-1", "eu-central-1"))
    assert frozen == [folder]
    for words in (
        f"cd {folder}",
        'eval "$(dr-catalog local env --account 333333333333 --region eu-west-1)"',
        "dr-catalog publish --stage dev",
        "dr-catalog onboard --account 444444444444 --stage dev",
    ):
        assert words in done.stderr


def test_a_rerun_writes_nothing_and_goes_on_to_the_release(run, tmp_path, frozen):
    run("init", str(tmp_path), *ACCOUNTS)
    before = tree(tmp_path)
    stamps = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*")}
    done = run("init", str(tmp_path), *ACCOUNTS)
    assert (done.exit_code, done.stdout) == (0, "")
    assert "are there already" in done.stderr
    assert tree(tmp_path) == before
    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*")} == stamps
    assert frozen == [tmp_path, tmp_path]


def test_an_interrupted_init_is_resumed(run, tmp_path):
    run("init", str(tmp_path), *ACCOUNTS)
    before = tree(tmp_path)
    (tmp_path / "pipeline/pipeline.yaml").unlink()
    (tmp_path / "products/warm-standby/releases/.1.0.0.77").mkdir(parents=True)
    (tmp_path / ".venv").mkdir()
    done = run("init", str(tmp_path), *ACCOUNTS)
    assert done.stdout.splitlines() == [str(tmp_path / "pipeline/pipeline.yaml")]
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    "name", ["notes.txt", "pipeline/pipeline.yaml", "products/mine/product.yaml", "src/a.py"]
)
def test_a_folder_with_something_else_is_refused_untouched(run, tmp_path, frozen, name):
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("mine")
    done = run("init", str(tmp_path), *ACCOUNTS)
    assert done.exit_code == 2
    assert f"{tmp_path} is not empty" in done.stderr
    assert name.split("/")[0] in done.stderr
    assert tree(tmp_path) == {name: b"mine"}
    assert frozen == []


def test_other_answers_than_the_first_are_refused(run, tmp_path):
    run("init", str(tmp_path), *ACCOUNTS)
    before = tree(tmp_path)
    done = run("init", str(tmp_path), *ACCOUNTS, "--regions", "us-west-2,us-east-1")
    assert done.exit_code == 2
    assert "pipeline/pipeline.yaml" in done.stderr
    assert "the answers of the first time" in done.stderr
    assert tree(tmp_path) == before


def test_a_file_is_no_folder(run, tmp_path):
    (tmp_path / "file").write_text("mine")
    done = run("init", str(tmp_path / "file"), *ACCOUNTS)
    assert done.exit_code == 2
    assert "is a file" in done.stderr
    below = run("init", str(tmp_path / "file" / "below"), *ACCOUNTS)
    assert (below.exit_code, "can't be written" in below.stderr) == (1, True)
    assert tree(tmp_path) == {"file": b"mine"}


def test_an_unwritable_folder_is_named(run, tmp_path, monkeypatch):
    """Root may write anywhere: the refusal is the system's own, put in its place."""
    folder = tmp_path / "locked"

    def refuse(self: Path, *_, **__) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    done = run("init", str(folder), *ACCOUNTS)
    assert done.exit_code == 1
    assert f"{folder} can't be written\n  why:  Permission denied" in done.stderr
    assert "hint: name a folder of your own" in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_rights_is_refused(run, tmp_path):
    tmp_path.chmod(0o500)
    done = run("init", str(tmp_path / "below"), *ACCOUNTS)
    tmp_path.chmod(0o700)
    assert (done.exit_code, "Permission denied" in done.stderr) == (1, True)


def test_a_file_that_could_not_be_finished_is_taken_back(run, tmp_path, monkeypatch):
    from dr_catalog.scaffold import catalog

    real = catalog._write_new

    def full(file: Path, text: str) -> None:
        if file.name != "cdk.json":
            return real(file, text)
        return real(file, 7)  # what fails in the middle

    monkeypatch.setattr(catalog, "_write_new", full)
    assert run("init", str(tmp_path), *ACCOUNTS).exit_code == 1
    assert not (tmp_path / "cdk.json").exists()
    monkeypatch.undo()
    monkeypatch.setattr(init, "_release", lambda _: None)
    assert run("init", str(tmp_path), *ACCOUNTS).exit_code == 0


def test_a_file_that_came_meanwhile_is_left_alone(tmp_path):
    from dr_catalog.scaffold.catalog import _write_new

    file = tmp_path / "cdk.json"
    file.write_text("mine")
    with pytest.raises(FileExistsError):
        _write_new(file, "ours")
    assert file.read_text() == "mine"


# words, what is said, what the hint says
WRONG = [
    (("--account", "3333"), "--account: '3333' is not an account id", "--account 111111111111"),
    (("--tenant", "44444444444x"), "--tenant: '44444444444x' is not", "--tenant 111111111111"),
    (("--account", "٣" * 12), "is not an account id", "--account"),
    (("--regions", "us-east-1"), "is not a pair of regions", "us-east-1,us-west-2"),
    (("--regions", "us-east-1,us-west-2,eu-west-1"), "3 named", "us-east-1,us-west-2"),
    (("--regions", "us-east-1,us-east-1"), "us-east-1 stands there twice", "name two"),
    (("--regions", "us-east-1,us-west-22"), "'us-west-22' is not a region", "'us-west-2'?"),
    (("--regions", "us-east-1,Oregon!"), "expected a region name", "us-east-1"),
    (("--regions", "us-east-1,cn-north-1"), "different partitions", "name two"),
]


@pytest.mark.parametrize(("words", "says", "hint"), WRONG)
def test_a_wrong_answer_is_refused_before_anything_is_written(run, tmp_path, words, says, hint):
    given = dict(zip(ACCOUNTS[::2], ACCOUNTS[1::2], strict=True)) | {words[0]: words[1]}
    done = run("init", str(tmp_path / "mine"), *(word for pair in given.items() for word in pair))
    assert done.exit_code == 2
    assert says in done.stderr
    assert hint in done.stderr.partition("hint:")[2]
    assert not (tmp_path / "mine").exists()


@pytest.mark.parametrize("missing", ["--account", "--tenant"])
def test_without_a_terminal_nothing_is_asked(run, tmp_path, missing):
    given = dict(zip(ACCOUNTS[::2], ACCOUNTS[1::2], strict=True))
    del given[missing]
    done = run("init", str(tmp_path / "mine"), *(word for pair in given.items() for word in pair))
    assert done.exit_code == 2
    assert f"init needs {missing}\n  why:  there is no terminal" in done.stderr
    assert f"{missing} " in done.stderr.partition("hint:")[2]
    assert not (tmp_path / "mine").exists()


def test_at_a_terminal_two_questions_are_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(init, "_terminal", lambda: True)
    done = CliRunner().invoke(init.command, [str(tmp_path)], input="555555555555\n\n")
    assert done.exit_code == 0
    assert "Hub account" in done.stderr
    assert "Tenant account" in done.stderr
    catalog = load_catalog(tmp_path)
    assert catalog.pipeline.stages[0].account == "555555555555"
    assert catalog.offer.shares.accounts == ("222222222222",)


def test_the_first_release_is_frozen_once(run, tmp_path, monkeypatch, frozen):
    """With the releases' own sample in place of the tier, which takes seconds to synthesise."""
    from tests.releases.conftest import synthesis

    monkeypatch.undo()
    begun = []

    def synthesiser(builds: str, *, product: str, root: Path):
        begun.append((builds, product, root))
        return synthesis()

    monkeypatch.setattr("dr_catalog.releases.synthesiser", synthesiser)
    first = run("init", str(tmp_path), *ACCOUNTS)
    assert first.exit_code == 0, first.stderr
    folder = tmp_path / "products/warm-standby/releases/1.0.0"
    assert str(folder) in first.stdout.splitlines()
    assert (folder / "release.yaml").is_file()
    before = tree(tmp_path)
    again = run("init", str(tmp_path), *ACCOUNTS)
    assert "1.0.0 is frozen already" in again.stderr
    assert begun == [("dr_catalog.tiers:WarmStandby", "warm-standby", tmp_path)]
    assert tree(tmp_path) == before
