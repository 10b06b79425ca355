"""Semantic versions, in the form that Service Catalog also accepts as a version name.

https://semver.org without build metadata: Service Catalog's names allow no plus sign.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering

from ..errors import UsageError
from .reader import Form

_NUMBER = r"(0|[1-9][0-9]{0,8})"
_PART = r"(?:0|[1-9][0-9]{0,8}|[0-9]*[a-zA-Z-][a-zA-Z0-9-]*)"
VERSION_PATTERN = rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-({_PART}(?:\.{_PART})*))?"
VERSION_FORM = Form(
    VERSION_PATTERN, "a semantic version such as 1.0.0", "write major.minor.patch, such as 1.2.0"
)


@total_ordering
@dataclass(frozen=True)
class SemanticVersion:
    """``major.minor.patch`` with an optional pre-release such as ``rc.1``; ordered as semver says."""

    major: int
    minor: int
    patch: int
    prerelease: str = ""

    @classmethod
    def parse(cls, text: str) -> SemanticVersion:
        """The version that the text names.

        Raises:
            UsageError: The text is not a semantic version.
        """
        match = re.fullmatch(VERSION_PATTERN, text)
        if match is None:
            raise UsageError(f"'{text}' is not {VERSION_FORM.expected}", hint=VERSION_FORM.hint)
        major, minor, patch, prerelease = match.groups()
        return cls(int(major), int(minor), int(patch), prerelease or "")

    def __str__(self) -> str:
        core = f"{self.major}.{self.minor}.{self.patch}"
        return f"{core}-{self.prerelease}" if self.prerelease else core

    def __lt__(self, other: SemanticVersion) -> bool:
        return self._order() < other._order()

    def _order(self) -> tuple[object, ...]:
        # A pre-release comes before its release; numbers before words; numbers by value.
        parts = tuple(
            (0, int(part), "") if part.isdigit() else (1, 0, part)
            for part in self.prerelease.split(".")
            if part
        )
        return (self.major, self.minor, self.patch, not self.prerelease, parts)
