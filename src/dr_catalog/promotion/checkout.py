"""A clean copy of the commit: what the pipeline's source action would bring.

git archive HEAD -> a folder; nothing that is not committed is in it
"""

from __future__ import annotations

import io
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path

from ..errors import SetupError


@dataclass(frozen=True)
class Checkout:
    """A commit on disk.

    Args:
        commit: Its id.
        uncommitted: What of the working tree takes no part, as ``git status --short`` lists it.
    """

    commit: str
    uncommitted: tuple[str, ...]


def checkout(root: Path, into: Path) -> Checkout:
    """Copy the commit that ``root`` is at into a folder.

    Raises:
        SetupError: ``root`` is in no repository, has no commit, or git is not there.
    """
    commit = _git(root, "rev-parse", "HEAD").decode().strip()
    changed = _git(root, "status", "--porcelain", "--", ".").decode(errors="replace").splitlines()
    with tarfile.open(fileobj=io.BytesIO(_git(root, "archive", "HEAD"))) as archive:
        # Python before 3.11.4 has no filters, and takes no notice of this; the archive is git's own.
        archive.extraction_filter = getattr(tarfile, "data_filter", None)
        archive.extractall(into)
    return Checkout(commit, tuple(changed))


def _git(root: Path, *words: str) -> bytes:
    try:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True)
    except FileNotFoundError as error:
        raise SetupError(
            "git is not there", why="the pipeline takes a commit", hint="install git"
        ) from error
    if done.returncode:
        raise SetupError(
            f"{root.resolve()} has no commit that could be run",
            why=done.stderr.decode(errors="replace").strip(),
            hint="the pipeline takes a commit: `git init`, `git add .` and `git commit` in the "
            "catalog's folder",
        )
    return done.stdout
