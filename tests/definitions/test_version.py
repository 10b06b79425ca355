"""Semantic versions: their order, and what is none."""

from __future__ import annotations

import random

import pytest

from dr_catalog.definitions import SemanticVersion
from dr_catalog.errors import UsageError

# The order of https://semver.org, point 11, and its neighbours.
ORDERED = [
    "0.9.10",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1",
    "1.2.0",
    "1.10.0",
    "2.0.0",
]


def test_numbers_beyond_any_release_are_none() -> None:
    for version in ("1.0." + "9" * 5000, "1.0.0-" + "9" * 5000, "1.0.٣"):
        with pytest.raises(UsageError):
            SemanticVersion.parse(version)


def test_versions_sort_as_semver_says() -> None:
    shuffled = random.Random(1).sample(ORDERED, len(ORDERED))
    assert [str(version) for version in sorted(map(SemanticVersion.parse, shuffled))] == ORDERED


@pytest.mark.parametrize(
    "text", ["1", "1.0", "v1.0.0", "1.0.0+build", "01.0.0", "1.0.0-", "1.0.0 "]
)
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a semantic version"):
        SemanticVersion.parse(text)
