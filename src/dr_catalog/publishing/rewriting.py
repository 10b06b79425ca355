"""``product.yaml`` with another default version, and nothing else touched.

    text -> yaml.compose (marks) -> the places of two words -> text -> read again and compared

Comments, order and layout stay, since only the words themselves are replaced; a deprecated version that
becomes the default also loses its reason and its end. What is written is read again first: a file that
would not say exactly what is wanted is not written at all.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path

import yaml

from ..definitions import Product, load_product
from ..errors import PublishError

Cut = tuple[int, int, str]
"""From where to where in the text, and what stands there instead."""


def set_default(file: Path, *, version: str) -> None:
    """Make the version the default, and the former default available.

    Raises:
        PublishError: The file is laid out so that it can't be changed in place; it stays as it is.
    """
    text = file.read_text(encoding="utf-8")
    before = load_product(file)
    top = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(top, yaml.MappingNode)  # it was just read
    cuts: list[Cut] = []
    for entry in _field(top, "versions").value:
        guidance = _field(entry, "guidance")
        if _field(entry, "version").value == version:
            cuts.append(_instead(guidance, "default"))
            cuts += [_without(entry, text, key) for key in ("reason", "ends") if _has(entry, key)]
        elif guidance.value == "default":
            cuts.append(_instead(guidance, "available"))
    after = text
    for start, end, word in sorted(cuts, reverse=True):
        after = after[:start] + word + after[end:]
    _write(file, after, expected=_expected(before, version))


def _expected(product: Product, version: str) -> Product:
    return replace(
        product,
        versions=tuple(
            replace(entry, guidance="default", reason="", ends=None)
            if entry.version == version
            else replace(entry, guidance="available")
            if entry.guidance == "default"
            else entry
            for entry in product.versions
        ),
    )


def _write(file: Path, text: str, *, expected: Product) -> None:
    """Put the text in the file's place at once, if it says what is expected."""
    # The folder's name must be the product's, so it is read in a folder of that name.
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / expected.product / "product.yaml"
        trial.parent.mkdir()
        trial.write_text(text, encoding="utf-8")
        if replace(load_product(trial), folder=expected.folder) != expected:
            raise PublishError(
                f"{file} can't be changed in place",
                why="its versions are laid out in a way that replacing words does not keep",
                hint="write guidance: default for the version by hand, and available for the former",
            )
    new = file.with_name(f".{file.name}.new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, file)


def _has(mapping: yaml.MappingNode, key: str) -> bool:
    return any(name.value == key for name, _ in mapping.value)


def _field(mapping: yaml.MappingNode, key: str) -> yaml.Node:
    return next(value for name, value in mapping.value if name.value == key)


def _instead(node: yaml.Node, word: str) -> Cut:
    return node.start_mark.index, node.end_mark.index, word


def _without(mapping: yaml.MappingNode, text: str, key: str) -> Cut:
    """The cut that takes a field out, up to the next one; the last one from the end of that before."""
    fields = mapping.value
    position = next(number for number, (name, _) in enumerate(fields) if name.value == key)
    name, value = fields[position]
    if position + 1 < len(fields):
        return name.start_mark.index, fields[position + 1][0].start_mark.index, ""
    end = fields[position - 1][1].end_mark.index
    # A block's end is where the next token begins: what was between stays.
    return (
        end,
        value.start_mark.index + len(text[value.start_mark.index : value.end_mark.index].rstrip()),
        "",
    )
