"""What a check is, what it finds, and the surroundings that it looks at."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from ..translation import translated

OK, MEND, SKIPPED = "ok", "mend", "skipped"
CALL_SECONDS = 3
_making = threading.Lock()
"""Making a client is not thread safe; using one is."""


class Mend(Exception):
    """Something has to be mended.

    Args:
        found: What was found.
        way: How to mend it, with the exact command where there is one.
    """

    def __init__(self, found: str, way: str) -> None:
        super().__init__(found)
        self.found, self.way = found, way


class Skip(Exception):
    """It can't be looked at, or there is nothing to look at; the text says why."""


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Args:
        state: ``ok``, ``mend`` or ``skipped``.
        found: What was found; when skipped, why.
        mend: How to mend it; empty unless the state is ``mend``.
    """

    group: str
    check: str
    state: str
    found: str
    mend: str


@dataclass(frozen=True)
class Check:
    """One row of what is looked at.

    Args:
        look: Answers what it found, or raises ``Mend`` or ``Skip``.
        needs: The checks that must be ok before; they stand earlier in the list.
    """

    group: str
    name: str
    look: Callable[[Surroundings], str]
    needs: tuple[str, ...] = ()


@dataclass
class Surroundings:
    """Where the checks look.

    Args:
        root: The folder that may hold a catalog.
        region: The region of launches; boto3's default where it is None.
    """

    root: Path
    region_asked: str | None = None
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False)

    @property
    def endpoint(self) -> str | None:
        """``AWS_ENDPOINT_URL``, where it is set."""
        return os.environ.get("AWS_ENDPOINT_URL") or None

    @functools.cached_property
    def session(self) -> boto3.Session:
        """The caller's session."""
        with _making:
            return boto3.Session(region_name=self.region_asked)

    @property
    def region(self) -> str:
        """The region of launches; where none is set, one to ask STS in."""
        return self.session.region_name or "us-east-1"

    @functools.cached_property
    def caller(self) -> dict[str, str]:
        """Account and ARN of the credentials."""
        return self.call("sts", "get_caller_identity")

    @functools.cached_property
    def peer(self) -> str:
        """The other region, as onboarding wrote it here."""
        return self.parameter("peer-region", self.region)

    @property
    def regions(self) -> tuple[str, str]:
        """The region of launches and its peer."""
        return self.region, self.peer

    def parameter(self, name: str, region: str) -> str:
        """What onboarding wrote under ``/dr-catalog/<name>``."""
        answer = self.call("ssm", "get_parameter", region, Name=f"/dr-catalog/{name}")
        value: str = answer["Parameter"]["Value"]
        return value

    def call(self, service: str, operation: str, region: str = "", **arguments: Any) -> Any:
        """One call, answered within three seconds or not at all.

        Raises:
            DrCatalogError: AWS refused or did not answer.
        """
        with translated(endpoint=self.endpoint):
            return getattr(self._client(service, region or self.region), operation)(**arguments)

    def _client(self, service: str, region: str) -> Any:
        session = self.session
        with _making:
            if (service, region) not in self._clients:
                self._clients[service, region] = session.client(
                    service,
                    region_name=region,
                    config=Config(
                        connect_timeout=CALL_SECONDS,
                        read_timeout=CALL_SECONDS,
                        retries={"mode": "standard", "total_max_attempts": 1},
                    ),
                )
            return self._clients[service, region]
