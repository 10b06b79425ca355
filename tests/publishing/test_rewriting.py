"""`product.yaml` with another default: two words change, and nothing else of the text."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from dr_catalog.definitions import load_product
from dr_catalog.errors import PublishError
from dr_catalog.publishing.rewriting import set_default

HEAD = """\
# the product
product: tier
title: A tier
builds: some.module:Tier
owner: Platform team
description: One tier
support: {email: a@example.com, url: https://example.com, description: Ask}
versions:   # oldest first
"""
FLOW = """\
  - {version: 1.0.0, guidance: available, description: First}    # kept
  - {version: 1.1.0, guidance: "default", description: 'Second'}
"""
BLOCK = """\
  # the first
  - version: 1.0.0
    guidance: available   # still
    description: >-
      First,
      and long
  - description: Second
    # why it is the default
    guidance: default
    version: 1.1.0
exceptions: []
"""
OLD = """\
  - {version: 1.0.0, reason: "slow, and old", guidance: deprecated, ends: 2027-03-31, description: A}
  - version: 1.0.1
    guidance: deprecated
    description: B
    reason: >-
      slow,
      and old
    ends: 2027-03-31   # a day
  - {version: 1.1.0, guidance: default, description: C}  # new
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "tier/product.yaml"
    made.parent.mkdir()
    return made


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (FLOW, FLOW.replace("available", "default").replace('"default"', "available")),
        (
            BLOCK,
            BLOCK.replace("guidance: default", "guidance: X")
            .replace("available", "default")
            .replace("X", "available"),
        ),
    ],
)
def test_two_words_change(file: Path, text: str, expected: str) -> None:
    file.write_text(HEAD + text)
    set_default(file, version="1.0.0")
    assert file.read_text() == HEAD + expected
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("version", ["1.0.0", "1.0.1"])
def test_a_deprecated_version_loses_its_reason_and_its_end(file: Path, version: str) -> None:
    file.write_text(HEAD + OLD)
    assert load_product(file).versions[0].ends == date(2027, 3, 31)
    set_default(file, version=version)
    product = load_product(file)
    assert product.default == product.version(version)
    assert (product.versions[-1].guidance, product.default.reason) == ("available", "")  # type: ignore[union-attr]
    kept = OLD.splitlines()
    after = file.read_text().removeprefix(HEAD).splitlines()
    assert after[-1] == "  - {version: 1.1.0, guidance: available, description: C}  # new"
    if version == "1.0.0":
        assert after[0] == "  - {version: 1.0.0, guidance: default, description: A}"
        assert after[1:-1] == kept[1:-1]
    else:
        assert after[0] == kept[0]
        assert after[1:-1] == [
            "  - version: 1.0.1",
            "    guidance: default",
            "    description: B",
        ]


def test_a_file_that_would_say_something_else_stays_as_it_is(file: Path) -> None:
    """Here the line that would go is the one that begins the entry."""
    text = OLD.replace("- version: 1.0.1\n", "- reason: slow\n    version: 1.0.1\n")
    text = HEAD + text.replace("    reason: >-\n      slow,\n      and old\n", "")
    file.write_text(text)
    with pytest.raises(PublishError, match="can't be changed in place") as caught:
        set_default(file, version="1.0.1")
    assert "by hand" in caught.value.hint
    assert file.read_text() == text
