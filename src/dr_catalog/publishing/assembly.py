"""The stages' stacks as CDK builds them, without importing CDK here.

synthesise: the app in a process of its own -> templates by stack name
write, read: the same templates in a folder, an assembly, for whoever has no Node
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from .. import node
from ..errors import PublishError, UsageError

_ENDING = ".template.json"


def synthesise(
    root: Path, *, only: str = "", environment: Mapping[str, str] | None = None
) -> Mapping[str, str]:
    """The templates of the app in ``root``, by stack name, as JSON text.

    Args:
        root: The catalog's folder.
        only: ``pipeline`` for the pipeline's stacks alone.
        environment: What to set besides this process's environment.

    Raises:
        PublishError: Synthesis failed; the reason is what it printed.
    """
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            [sys.executable, "-m", "dr_catalog.app"],
            cwd=root,
            env={
                **node.environment(),
                **(environment or {}),
                "CDK_OUTDIR": folder,
                "CDK_CONTEXT_JSON": json.dumps({"only": only} if only else {}),
            },
            capture_output=True,
            text=True,
        )
        if run.returncode:
            raise PublishError(
                f"the stacks of {root} could not be synthesised",
                why=run.stderr.strip()[-2000:],
                hint="mend it and run the command again; nothing was published",
            )
        return {
            name: json.dumps(json.loads(text), separators=(",", ":"))
            for name, text in _templates(Path(folder)).items()
        }


def check_folder(folder: Path) -> None:
    """Refuse a place for an assembly that holds anything else.

    Raises:
        UsageError: It is a file, or a folder with something that is no template.
    """
    if folder.is_dir():
        foreign = sorted(each.name for each in folder.iterdir() if not each.name.endswith(_ENDING))
        why = f"it holds {foreign[0]}" if foreign else ""
    else:
        why = "it is a file" if folder.exists() else ""
    if why:
        raise UsageError(
            f"{folder} is no place for templates", why=why, hint="name a folder that is not there"
        )


def write(templates: Mapping[str, str], folder: Path) -> tuple[Path, ...]:
    """Make the folder hold these templates and no others.

    Returns:
        The files, in order.

    Raises:
        UsageError: The folder holds something else; nothing is written.
    """
    check_folder(folder)
    files = {folder / f"{name}{_ENDING}": text for name, text in sorted(templates.items())}
    folder.mkdir(parents=True, exist_ok=True)
    for file in set(folder.iterdir()) - files.keys():
        file.unlink()
    for file, text in files.items():
        file.write_text(text, encoding="utf-8")
    return tuple(files)


def read(folder: Path) -> Mapping[str, str]:
    """The templates of an assembly, by stack name, byte for byte as they were synthesised.

    Raises:
        PublishError: The folder holds no templates.
    """
    templates = _templates(folder)
    if not templates:
        raise PublishError(
            f"{folder} holds no templates",
            hint=f"`dr-catalog synth --output {folder}` writes them",
        )
    return templates


def _templates(folder: Path) -> dict[str, str]:
    return {
        file.name.removesuffix(_ENDING): file.read_text(encoding="utf-8")
        for file in sorted(folder.glob(f"*{_ENDING}"))
    }
