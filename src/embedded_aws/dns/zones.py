"""The public zones of all accounts, as a resolver of the internet finds them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ministack.services import route53

from ..extension import require

Record = dict[str, Any]

_zones = require(route53, "_zones")
_records = require(route53, "_records")
_normalised = require(route53, "_normalise_name")


@dataclass(frozen=True)
class Zone:
    """A hosted zone.

    Args:
        account: Whose it is.
        zone_id: Its id.
        name: Its name, with a dot at the end.
    """

    account: str
    zone_id: str
    name: str

    def holds(self, name: str) -> bool:
        """Whether a record of this name may lie in it."""
        return name == self.name or name.endswith(f".{self.name}")

    def records(self) -> list[Record]:
        """Its records, as ministack keeps them."""
        found = _records._data.get((self.account, self.zone_id), [])
        return list(found)


def install() -> None:
    """Names are kept in lower case; once, before the server starts."""
    route53._normalise_name = normalised


def normalised(name: str) -> str:
    """In lower case, with a dot at the end."""
    return str(_normalised(name)).lower()


def holding(name: str) -> Iterator[Zone]:
    """The public zones in which a name may lie, the most specific first."""
    found = [
        Zone(account, zone_id, zone["name"])
        for (account, zone_id), zone in _zones._data.items()
        if not zone.get("private")
    ]
    for zone in sorted(found, key=lambda each: len(each.name), reverse=True):
        if zone.holds(name):
            yield zone
