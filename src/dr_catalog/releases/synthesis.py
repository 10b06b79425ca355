"""The synthesis as a process of its own, so that nothing here loads CDK."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from ..errors import ReleaseError

Synthesiser = Callable[[Path], None]
"""Writes ``<role>.template.json`` and ``assets.json`` into the folder that it is given."""

_TIMEOUT_SECONDS = 600


def synthesiser(builds: str, *, product: str, root: Path) -> Synthesiser:
    """The synthesis of ``module:Class``.

    Args:
        builds: The class; a module of the catalog's own is found below ``root``.
        product: The name of the product that it is for.
        root: The catalog's root.

    Returns:
        A callable that raises ``ReleaseError`` with the process's last words when it fails.
    """

    def synthesise(out: Path) -> None:
        # Neither CDK's context nor Python's hash seed may reach the bytes.
        environment = {k: v for k, v in os.environ.items() if not k.startswith("CDK_")}
        command = [sys.executable, "-m", "dr_catalog.tiers.synthesis", builds, product, str(out)]
        try:
            done = subprocess.run(
                command,
                cwd=root,
                env={**environment, "PYTHONHASHSEED": "0"},
                capture_output=True,
                text=True,
                timeout=_TIMEOUT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ReleaseError(
                f"the synthesis of {builds} did not end within {_TIMEOUT_SECONDS} s"
            ) from None
        if done.returncode != 0:
            raise ReleaseError(
                f"the synthesis of {builds} failed with exit code {done.returncode}",
                why="\n        ".join(done.stderr.strip().splitlines()[-12:]),
                hint=f"python -m dr_catalog.tiers.synthesis {builds} {product} <folder> shows it whole",
            )

    return synthesise
