"""The stage's stacks as CDK builds them, without importing CDK here."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from .. import node
from ..errors import PublishError


def synthesise(root: Path) -> Mapping[str, str]:
    """The templates of the app in ``root``, by stack name, as JSON text.

    Raises:
        PublishError: Synthesis failed; the reason is what it printed.
    """
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            [sys.executable, "-m", "dr_catalog.app"],
            cwd=root,
            env={**node.environment(), "CDK_OUTDIR": folder},
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
            file.name.removesuffix(".template.json"): json.dumps(
                json.loads(file.read_text(encoding="utf-8")), separators=(",", ":")
            )
            for file in Path(folder).glob("*.template.json")
        }
