"""The folders that actions hand on; each is an artifact's content, as CodePipeline would unpack it.

A build that leaves an artifact works in a copy of what it reads, and the copy becomes that artifact. Any
other works in the folder that it reads: what it leaves there, the next one finds, unlike on AWS.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import PipelineError
from .buildspec import BuildSpec
from .template import Action


@dataclass
class Artifacts:
    """What there is so far.

    Args:
        work: The folder that new ones are made in.
    """

    work: Path
    _folders: dict[str, Path] = field(default_factory=dict)

    def put(self, action: Action, folder: Path) -> None:
        """A folder is what the action leaves."""
        for name in action.writes:
            self._folders[name] = folder

    def folder_of(self, action: Action) -> Path:
        """The folder that a build works in.

        Raises:
            PipelineError: No action before it left what it reads.
        """
        name = action.reads[0] if action.reads else ""
        if name not in self._folders:
            raise PipelineError(
                f"{action} reads the artifact '{name}', which no action before it leaves"
            )
        if not action.writes:
            return self._folders[name]
        folder = self.work / action.writes[0]
        shutil.copytree(self._folders[name], folder, symlinks=True)
        return folder

    def keep(self, action: Action, folder: Path, spec: BuildSpec) -> None:
        """Take what the build's specification names of its folder as its artifact."""
        if not action.writes:
            return
        kept = {file for glob in spec.files for file in _files(folder, glob)}
        left_out = {file for glob in spec.excluded for file in _files(folder, glob)}
        for file in _files(folder, "**/*") - (kept - left_out):
            file.unlink()
        self.put(action, folder)


def _files(folder: Path, glob: str) -> set[Path]:
    return {each for each in folder.glob(glob) if each.is_symlink() or not each.is_dir()}
