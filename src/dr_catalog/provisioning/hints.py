"""The exact command a hint names, so that it can be copied as it stands."""

from __future__ import annotations

import shlex

from .aws import Aws


def command(aws: Aws, operation: str, suffix: str, *more: str, layer: str = "") -> str:
    """The command line for ``operation`` on a suffix, with the region where one was chosen.

    Args:
        aws: The launching account.
        operation: The command's name.
        suffix: The environment suffix.
        more: Further words.
        layer: The layer, where the launch is one.
    """
    which = ["--suffix", suffix, *(["--layer", layer] if layer else [])]
    return shlex.join(["dr-catalog", operation, *which, *_region(aws), *more])


def launching(aws: Aws, product: str, suffix: str) -> str:
    """The command line that launches a product under a suffix."""
    return shlex.join(["dr-catalog", "launch", product, "--suffix", suffix, *_region(aws)])


def settings(values: dict[str, str]) -> list[str]:
    """``--set Name=value`` for each of ``values``."""
    return [word for name, value in values.items() for word in ("--set", f"{name}={value}")]


def _region(aws: Aws) -> list[str]:
    return ["--region", aws.chosen_region] if aws.chosen_region else []
