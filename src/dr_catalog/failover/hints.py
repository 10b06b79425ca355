"""The exact command a hint names, so that it can be copied as it stands."""

from __future__ import annotations

import shlex

from .aws import Aws


def command(aws: Aws, operation: str, suffix: str, *more: str) -> str:
    """The command line for ``operation`` on a suffix, with the region where one was chosen."""
    region = ["--region", aws.chosen_region] if aws.chosen_region else []
    return shlex.join(["dr-catalog", operation, "--suffix", suffix, *region, *more])
