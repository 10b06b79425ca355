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
from ..errors import DefinitionError, PublishError


def set_default(file: Path, *, version: str) -> None:
    """Make the version the default, and the former default available.

    Raises:
        PublishError: The file is laid out so that it can't be changed in place; it stays as it is.
    """
    before = load_product(file)
    text = file.read_text(encoding="utf-8")
    assert before.default is not None  # it lists a version
    try:
        for name, word in ((before.default.version, "available"), (version, "default")):
            node = _field(_entry(text, name), "guidance")
            text = text[: node.start_mark.index] + word + text[node.end_mark.index :]
        for key in ("reason", "ends"):
            text = _without(text, version, key)
        if _read(text, before) != _expected(before, version):
            raise _unfit(file)
    except (yaml.YAMLError, DefinitionError, StopIteration):
        raise _unfit(file) from None
    new = file.with_name(f".{file.name}.new")
    new.write_text(text, encoding="utf-8")
    os.replace(new, file)


def _unfit(file: Path) -> PublishError:
    return PublishError(
        f"{file} can't be changed in place",
        why="its versions are laid out in a way that replacing words does not keep",
        hint="write guidance: default for the version by hand, and available for the former",
    )


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


def _read(text: str, product: Product) -> Product:
    """What the text says, as if it stood in the product's file."""
    # The folder's name must be the product's, so it is read in a folder of that name.
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / product.product / "product.yaml"
        trial.parent.mkdir()
        trial.write_text(text, encoding="utf-8")
        return replace(load_product(trial), folder=product.folder)


def _entry(text: str, version: str) -> yaml.MappingNode:
    """What the text says of the version, with its marks."""
    top = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(top, yaml.MappingNode)  # it was just read
    return next(
        entry
        for entry in _field(top, "versions").value
        if _field(entry, "version").value == version
    )


def _field(mapping: yaml.MappingNode, key: str) -> yaml.Node:
    return next(value for name, value in mapping.value if name.value == key)


def _without(text: str, version: str, key: str) -> str:
    """The text without a field of the version, if it has it: its lines, or its place between commas."""
    entry = _entry(text, version)
    names = [name.value for name, _ in entry.value]
    if key not in names:
        return text
    position = names.index(key)
    name, value = entry.value[position]
    start, end = name.start_mark.index, value.end_mark.index
    if not entry.flow_style:
        # A block's end is where the next token begins; its last line is the last one with text.
        last = start + len(text[start:end].rstrip())
        return text[: text.rindex("\n", 0, start)] + text[text.index("\n", last) :]
    if position + 1 < len(names):
        return text[:start] + text[entry.value[position + 1][0].start_mark.index :]
    return text[: entry.value[position - 1][1].end_mark.index] + text[end:]
