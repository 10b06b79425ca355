"""The commit alone is copied, and what takes no part is named."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from dr_catalog.errors import SetupError
from dr_catalog.promotion.checkout import checkout


def git(folder: Path, *words: str) -> str:
    someone = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    done = subprocess.run(
        ["git", *someone, *words], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """A catalog in a folder of a repository, committed, and changed since."""
    repository, into = tmp_path / "repository", tmp_path / "into"
    root = repository / "catalog"
    (root / "pipeline").mkdir(parents=True)
    into.mkdir()
    (repository / "beside").write_text("not of the catalog")
    (root / "pipeline" / "pipeline.yaml").write_text("committed")
    (root / ".gitignore").write_text("ignored")
    git(repository, "init")
    git(repository, "add", ".")
    git(repository, "commit", "--message", "one")
    return root


def test_what_is_not_committed_takes_no_part(catalog: Path, tmp_path: Path) -> None:
    (catalog / "pipeline" / "pipeline.yaml").write_text("changed since")
    (catalog / "new").write_text("")
    (catalog / "ignored").write_text("")
    (catalog.parent / "beside").write_text("changed, and not of the catalog")
    found = checkout(catalog, tmp_path / "into")
    assert found.commit == git(catalog, "rev-parse", "HEAD")
    assert sorted(line.split()[-1] for line in found.uncommitted) == [
        "catalog/new",
        "catalog/pipeline/pipeline.yaml",
    ]
    copied = sorted(
        str(file.relative_to(tmp_path / "into")) for file in (tmp_path / "into").rglob("*")
    )
    assert copied == [".gitignore", "pipeline", "pipeline/pipeline.yaml"]
    assert (tmp_path / "into" / "pipeline" / "pipeline.yaml").read_text() == "committed"


def test_a_repository_without_a_commit_has_nothing_to_run(tmp_path: Path) -> None:
    git(tmp_path, "init")
    with pytest.raises(SetupError, match="has no commit that could be run") as told:
        checkout(tmp_path, tmp_path)
    assert "git commit" in told.value.hint


def test_without_git_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="git is not there"):
        checkout(tmp_path, tmp_path)
