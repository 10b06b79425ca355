"""``OPERATIONS.md``, which is the configuration: a heading a service, a line an operation."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

FILE = Path(__file__).parents[1] / "OPERATIONS.md"
_SERVICE = re.compile(r"## ([a-z0-9-]+)")
_OPERATION = re.compile(r"- ([A-Z][A-Za-z0-9]*)")


@cache
def listed() -> dict[str, frozenset[str]]:
    """The operations of each service, by boto3's names."""
    return parse(FILE.read_text(encoding="utf-8"))


def parse(text: str) -> dict[str, frozenset[str]]:
    """The operations that a document lists.

    Raises:
        ValueError: A heading or a list item that is neither a service nor an operation, or an
            operation listed twice.
    """
    services: dict[str, list[str]] = {}
    current: list[str] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _SERVICE.fullmatch(line):
            current = services.setdefault(match[1], [])
        elif (match := _OPERATION.fullmatch(line)) and current is not None:
            if match[1] in current:
                raise ValueError(f"{FILE.name}, line {number}: {match[1]} is listed twice")
            current.append(match[1])
        elif line.startswith(("##", "-")):
            raise ValueError(f"{FILE.name}, line {number}: '{line}' names no service or operation")
    return {service: frozenset(operations) for service, operations in services.items()}
