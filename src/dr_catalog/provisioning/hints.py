"""The exact command a hint names, so that it can be copied as it stands."""

from __future__ import annotations

import shlex

from .aws import Aws


def command(aws: Aws, operation: str, suffix: str, *more: str) -> str:
    """The command line for ``operation`` on a suffix, with the region where one was chosen.

    Args:
        aws: The launching account.
        operation: The command's name.
        suffix: The environment suffix.
        more: Further words.
    """
    region = ["--region", aws.chosen_region] if aws.chosen_region else []
    return shlex.join(["dr-catalog", operation, "--suffix", suffix, *region, *more])


def settings(values: dict[str, str]) -> list[str]:
    """``--set Name=value`` for each of ``values``."""
    return [word for name, value in values.items() for word in ("--set", f"{name}={value}")]
