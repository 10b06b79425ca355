"""What a stage's account remembers of its canaries, in Systems Manager's parameters.

``/dr-catalog/canary/passed/<product>/<version>``  digest, date and the version it was upgraded from
``/dr-catalog/canary/launched/<suffix>``           what may still be there: written before the launch
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

PASSED, LAUNCHED = "/dr-catalog/canary/passed", "/dr-catalog/canary/launched"


@dataclass(frozen=True, kw_only=True)
class Pass:
    """A version has passed its canary.

    Args:
        version: The version.
        digest: The SHA-256 digest of its primary template.
        date: When, as ISO 8601 in UTC.
        upgraded_from: The version that was upgraded to it; empty where there was none to upgrade.
    """

    version: str
    digest: str
    date: str
    upgraded_from: str


class Records:
    """The records of one stage.

    Args:
        ssm: A client in the stage's account and first region.
    """

    def __init__(self, ssm: Any) -> None:
        self._ssm = ssm

    def passes(self, product: str) -> tuple[Pass, ...]:
        """What has passed of a product, the latest last."""
        found = (Pass(**json.loads(value)) for _, value in self._under(f"{PASSED}/{product}"))
        return tuple(sorted(found, key=lambda each: each.date))

    def passed(self, product: str, entry: Pass) -> None:
        """Record that a version has passed."""
        name = f"{PASSED}/{product}/{entry.version}"
        self._ssm.put_parameter(
            Name=name, Value=json.dumps(asdict(entry)), Type="String", Overwrite=True
        )

    def launching(self, suffix: str, product: str) -> None:
        """Write down that something is about to be launched under this suffix."""
        self._ssm.put_parameter(
            Name=f"{LAUNCHED}/{suffix}", Value=product, Type="String", Overwrite=True
        )

    def launched(self) -> tuple[str, ...]:
        """The suffixes under which something may still be there."""
        return tuple(sorted(name for name, _ in self._under(LAUNCHED)))

    def gone(self, suffix: str) -> None:
        """Strike out a suffix of which nothing is left, also one that was never written down."""
        self._ssm.delete_parameters(Names=[f"{LAUNCHED}/{suffix}"])

    def _under(self, path: str) -> Iterator[tuple[str, str]]:
        for page in self._ssm.get_paginator("get_parameters_by_path").paginate(Path=path):
            for each in page["Parameters"]:
                yield each["Name"].removeprefix(f"{path}/"), each["Value"]
