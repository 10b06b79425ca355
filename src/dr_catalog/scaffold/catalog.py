"""A catalog of one's own in a folder: which files, and writing those that are missing.

    answers (accounts, regions) -> files (path to text) -> compare with the folder -> write what is missing

Nothing that is there is ever written again. A folder that holds anything else is refused before the
first file is written, so a rerun after an interruption resumes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from string import Template

from ..errors import SetupError, UsageError

FILES = Path(__file__).with_name("files")
FIRST_PRODUCT, FIRST_VERSION = "warm-standby", "1.0.0"
# What may stand beside the files: what .gitignore leaves out, git's own, and the first release.
_BESIDE = (".git", ".venv", ".embedded-aws", "assembly", "cdk.out", "cdk.context.json")
_RELEASE = (Path("products/assets"), Path(f"products/{FIRST_PRODUCT}/releases"))


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What a new catalog has to be told; all else has a default in its files.

    Args:
        account: The hub account (12 digits), which publishes.
        tenant: The account (12 digits) that launches first; it may be the hub itself.
        regions: The pair of two different regions.
    """

    account: str
    tenant: str
    regions: tuple[str, str]


@dataclass(frozen=True)
class Written:
    """What is written, and what was there already, as paths below the folder."""

    written: tuple[str, ...]
    kept: tuple[str, ...]


def contents(answers: Answers) -> Mapping[str, str]:
    """Every file of the catalog: its path below the folder, and its text."""
    values = {
        "account": answers.account,
        "tenant": answers.tenant,
        "tenants": "" if answers.tenant == answers.account else f'"{answers.tenant}"',
        "first": answers.regions[0],
        "second": answers.regions[1],
        "version": version("dr-catalog"),
    }
    return {
        _target(file): Template(file.read_text(encoding="utf-8")).substitute(values)
        for file in sorted(FILES.rglob("*"))
        if file.is_file()
    }


def write(folder: Path, answers: Answers) -> Written:
    """Write the files that the folder lacks.

    Raises:
        UsageError: The folder is a file, or holds something that this would not write.
        SetupError: The folder can't be read or written.
    """
    files = contents(answers)
    try:
        _require_own(folder, files)
        missing = [name for name in files if not (folder / name).exists()]
        for name in missing:
            _write_new(folder / name, files[name])
    except OSError as error:
        raise SetupError(
            f"{error.filename or folder} can't be written",
            why=error.strerror or str(error),
            hint="name a folder of your own, such as `dr-catalog init my-catalog`",
        ) from error
    return Written(written=tuple(missing), kept=tuple(sorted(files.keys() - set(missing))))


def _target(file: Path) -> str:
    # A file named .gitignore would rule over this repository itself.
    name = file.relative_to(FILES).as_posix()
    return ".gitignore" if name == "gitignore" else name


def _require_own(folder: Path, files: Mapping[str, str]) -> None:
    if folder.exists() and not folder.is_dir():
        raise UsageError(
            f"{folder} is a file",
            why="a catalog is a folder",
            hint="name a folder that is empty or not there",
        )
    foreign = list(_foreign(folder, Path(), files)) if folder.exists() else []
    if foreign:
        more = f" and {len(foreign) - 3} more" if len(foreign) > 3 else ""
        raise UsageError(
            f"{folder} is not empty",
            why=f"it holds {', '.join(foreign[:3])}{more}, which init would not write so",
            hint="name an empty folder; or, to resume, the answers of the first time",
        )


def _foreign(folder: Path, below: Path, files: Mapping[str, str]) -> Iterator[str]:
    """What the folder holds that is neither a file of the catalog with its text nor may stand beside."""
    for entry in sorted((folder / below).iterdir()):
        path = below / entry.name
        name = path.as_posix()
        if name in _BESIDE or path in _RELEASE:
            continue
        if name in files:
            if not entry.is_file() or entry.read_bytes() != files[name].encode():
                yield name
        elif entry.is_dir() and not entry.is_symlink() and _leads_on(path, files):
            yield from _foreign(folder, path, files)
        else:
            yield name


def _leads_on(path: Path, files: Mapping[str, str]) -> bool:
    return any(path in each.parents for each in [*map(Path, files), *_RELEASE])


def _write_new(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    # "x" refuses what came meanwhile; a file that could not be finished must not stop a rerun.
    with file.open("x", encoding="utf-8", newline="\n") as out:
        try:
            out.write(text)
            out.flush()
        except BaseException:
            os.unlink(file)
            raise
