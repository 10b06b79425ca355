"""What is looked at, and what a look found."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3

from ... import names

_making = threading.Lock()
"""Making a client is not thread safe; using one is."""


@dataclass(frozen=True)
class Check:
    """One thing, looked at in one region.

    Args:
        layer: The layer that made it.
        resource: What was looked at.
        region: Where.
        ok: Whether it is as it must be.
        found: What was found, in words; when not ok, what is missing first.
    """

    layer: str
    resource: str
    region: str
    ok: bool
    found: str


@dataclass(frozen=True)
class Launch:
    """What the checks need to know of a launch.

    Args:
        session: Credentials in the launching account.
        account: Its id.
        suffix: The environment suffix.
        region: The launch region.
        peer_region: The peer region.
        endpoints: The transaction API's address, by region.
    """

    session: boto3.Session
    account: str
    suffix: str
    region: str
    peer_region: str
    endpoints: Mapping[str, str]
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False, compare=False)

    def client(self, service: str, region: str) -> Any:
        """A client in one of the launch's regions, made once."""
        with _making:
            if (service, region) not in self._clients:
                made = self.session.client(service, region_name=region)
                self._clients[service, region] = made
            return self._clients[service, region]

    def other(self, region: str) -> str:
        """The other region of the pair."""
        return self.peer_region if region == self.region else self.region

    def bucket(self, region: str) -> str:
        """The documents bucket there."""
        return names.BUCKET.of(suffix=self.suffix, account=self.account, region=region)

    def at_rest(self, region: str) -> bool:
        """Whether that region is off until a recovery switches it on."""
        return self.told("recovery", region).get("peer-at-rest") == "off"

    @property
    def has_copies_alone(self) -> bool:
        """Whether the peer holds copies and nothing that runs, until it is rebuilt from them."""
        return bool(self.told("restore", self.peer_region))

    def key_arn(self, region: str) -> str:
        """The customer key there."""
        alias = names.KEY_ALIAS.of(suffix=self.suffix)
        found: str = self.client("kms", region).describe_key(KeyId=alias)["KeyMetadata"]["Arn"]
        return found

    def told(self, layer: str, region: str) -> dict[str, str]:
        """What a layer tells others there: the SSM parameters ``/dr/<suffix>/<layer>/*``."""
        path = names.parameter(suffix=self.suffix, layer=layer, name="")
        pages = self.client("ssm", region).get_paginator("get_parameters_by_path")
        return {
            each["Name"].removeprefix(path): each["Value"]
            for page in pages.paginate(Path=path.rstrip("/"))
            for each in page["Parameters"]
        }


def check(layer: str, resource: str, region: str, facts: Mapping[str, bool]) -> Check:
    """A check of several facts, each with whether it holds."""
    missing = [fact for fact, holds in facts.items() if not holds]
    found = ", ".join(fact for fact, holds in facts.items() if holds)
    if missing:
        found = f"not: {', '.join(missing)}; {found}"
    return Check(layer=layer, resource=resource, region=region, ok=not missing, found=found)
