"""A strict reader of one YAML definition file that remembers every line.

    text -> yaml.compose (nodes with marks) -> Section (one mapping) -> the caller's dataclass

A :class:`Section` hands out its fields one by one, each checked for presence, type and form, and
:meth:`Section.done` refuses whatever was not asked for. Every refusal is a ``DefinitionError`` that
names file, line, field, what was expected and what was found.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

import yaml

from ..errors import DefinitionError

_DEEPEST: Final = 100
_TAGS: Final = {
    "tag:yaml.org,2002:str": "text",
    "tag:yaml.org,2002:int": "a number",
    "tag:yaml.org,2002:float": "a number",
    "tag:yaml.org,2002:bool": "true or false",
    "tag:yaml.org,2002:null": "nothing",
    "tag:yaml.org,2002:timestamp": "a date",
    "tag:yaml.org,2002:seq": "a list",
    "tag:yaml.org,2002:map": "a mapping",
}


@dataclass(frozen=True)
class Form:
    """What a text must look like.

    Args:
        pattern: Regular expression that the whole text must match.
        expected: The same in words, for the error.
        hint: How to mend a text that does not match.
    """

    pattern: str
    expected: str
    hint: str = ""


ANY_TEXT = Form(r"(?s).*\S.*", "text that is not empty", "write text here")


def read(path: Path) -> Section:
    """The top mapping of the file.

    Raises:
        DefinitionError: The file is absent, is not UTF-8 YAML, or its top is not a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DefinitionError(
            f"{path}: no such file",
            hint="run the command at the catalog's root, or name the root with --root",
        ) from None
    except OSError as error:
        raise DefinitionError(
            f"{path}: expected a file that can be read",
            why=error.strerror or str(error),
            hint="see what is there, and whose it is, with `ls -ld`",
        ) from None
    except UnicodeDecodeError as error:
        raise DefinitionError(
            f"{path}: expected UTF-8 text, found other bytes",
            why=str(error),
            hint="save the file as UTF-8",
        ) from None
    try:
        node = _compose(text)
    # PyYAML lets what int() and chr() refuse through: a directive's number, an escape out of range.
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise DefinitionError(
            f"{path}:{line}: expected YAML, found text that does not parse",
            why=" ".join((getattr(error, "problem", None) or str(error)).split()),
            hint="look for an unclosed bracket or quote, a tab, or a wrong indent at this line",
        ) from None
    if not isinstance(node, yaml.MappingNode):
        found = _describe(node) if node is not None else "an empty file"
        raise DefinitionError(
            f"{path}:1: expected a mapping, found {found}",
            hint="the file begins with its fields, such as 'product: warm-standby'",
        )
    return Section(path=path, node=node)


def _compose(text: str) -> yaml.Node | None:
    """The document's nodes, read by libyaml where PyYAML comes with it: thirty times as fast.

    libyaml's composer recurses without Python's limit, so the depth is looked at first.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise RecursionError(f"it is nested more than {_DEEPEST} deep")
    node: yaml.Node | None = yaml.compose(text, Loader=loader)
    return node


@dataclass
class Section:
    """One mapping of a definition file.

    Args:
        path: The file.
        node: The mapping with its marks.
        name: The mapping's place in the file, such as ``versions[1]``; empty at the top.
    """

    path: Path
    node: yaml.MappingNode
    name: str = ""
    _fields: dict[str, yaml.Node] = field(init=False, default_factory=dict)
    _asked: set[str] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        for key, value in self.node.value:
            if key.tag == "tag:yaml.org,2002:merge" or not isinstance(key, yaml.ScalarNode):
                raise self._error(
                    key,
                    self.name or "the file",
                    "plain field names",
                    _describe(key),
                    hint="write 'field: value'",
                )
            if key.value in self._fields:
                raise self._error(
                    key,
                    self._place(key.value),
                    "the field once",
                    "it again",
                    hint="delete one of the two",
                )
            self._fields[key.value] = value

    # -- fields ------------------------------------------------------------------------------

    def text(self, key: str, form: Form = ANY_TEXT) -> str:
        """A text field."""
        node = self._take(key)
        assert node is not None
        return self._text(node, self._place(key), form)

    def optional_text(self, key: str, form: Form = ANY_TEXT) -> str | None:
        """A text field that may be absent."""
        node = self._take(key, required=False)
        return None if node is None else self._text(node, self._place(key), form)

    def number(self, key: str, *, default: int | None = None) -> int:
        """A whole number; one with a default may be absent."""
        node = self._take(key, required=default is None)
        if node is None:
            assert default is not None
            return default
        if node.tag != "tag:yaml.org,2002:int" or not re.fullmatch("[0-9]{1,18}", node.value):
            raise self._error(
                node,
                self._place(key),
                "a whole number",
                _describe(node),
                hint="write digits alone, such as 8",
            )
        return int(node.value)

    def day(self, key: str) -> date:
        """A day as ``YYYY-MM-DD``, in quotes or not."""
        node = self._take(key)
        assert node is not None
        try:
            if re.fullmatch(r"\d{4}-\d\d-\d\d", str(node.value), re.ASCII):
                return date.fromisoformat(node.value)
        except ValueError:
            pass  # the form of a day, and none of the calendar's
        raise self._error(
            node,
            self._place(key),
            "a day as YYYY-MM-DD",
            _describe(node),
            hint="such as 2027-03-31",
        )

    def flag(self, key: str, *, default: bool | None = None) -> bool:
        """``true`` or ``false``; one with a default may be absent."""
        node = self._take(key, required=default is None)
        if node is None:
            assert default is not None
            return default
        if node.value not in ("true", "false"):
            raise self._error(
                node, self._place(key), "true or false", _describe(node), hint="write true or false"
            )
        return bool(node.value == "true")

    def choice(self, key: str, *allowed: str) -> str:
        """A text field that is one of the allowed words."""
        node = self._take(key)
        assert node is not None
        value = self._text(node, self._place(key), ANY_TEXT)
        if value not in allowed:
            close = difflib.get_close_matches(value, allowed, n=1)
            raise self._error(
                node,
                self._place(key),
                f"one of {', '.join(allowed)}",
                f"'{value}'",
                hint=f"did you mean '{close[0]}'?" if close else f"write {allowed[0]}",
            )
        return value

    def texts(self, key: str, form: Form = ANY_TEXT, *, optional: bool = False) -> tuple[str, ...]:
        """A list of texts, each once."""
        found: list[str] = []
        for position, node in enumerate(self._list(key, optional=optional)):
            place = f"{self._place(key)}[{position}]"
            value = self._text(node, place, form)
            if value in found:
                raise self._error(
                    node, place, "each entry once", f"'{value}' again", hint="delete one of the two"
                )
            found.append(value)
        return tuple(found)

    def section(self, key: str) -> Section:
        """A mapping field."""
        node = self._take(key)
        assert node is not None
        return self._section(node, self._place(key))

    def sections(self, key: str, *, optional: bool = False) -> tuple[Section, ...]:
        """A list of mappings."""
        return tuple(
            self._section(node, f"{self._place(key)}[{position}]")
            for position, node in enumerate(self._list(key, optional=optional))
        )

    def optional_section(self, key: str) -> Section | None:
        """A mapping field that may be absent."""
        node = self._take(key, required=False)
        return None if node is None else self._section(node, self._place(key))

    @property
    def names(self) -> tuple[str, ...]:
        """The field names that the file holds, for a mapping whose names are data."""
        return tuple(self._fields)

    def done(self) -> None:
        """Refuse every field that was not asked for."""
        for key, _ in self.node.value:
            if key.value not in self._asked:
                close = difflib.get_close_matches(key.value, self._asked - self._fields.keys(), n=1)
                known = ", ".join(sorted(self._asked))
                raise self._error(
                    key,
                    self._place(key.value),
                    f"one of the fields {known}",
                    "an unknown field",
                    hint=f"did you mean '{close[0]}'?" if close else "delete it",
                )

    def refuse(
        self, key: str, expected: str, found: str, *, position: int | None = None, hint: str
    ) -> DefinitionError:
        """The error for a field that is well formed but wrong; the caller raises it.

        Args:
            position: The entry, where the field is a list.
        """
        node: yaml.Node = self._fields.get(key, self.node)
        place = self._place(key)
        if position is not None:
            node, place = node.value[position], f"{place}[{position}]"
        return self._error(node, place, expected, found, hint=hint)

    # -- how -----------------------------------------------------------------------------------

    def _place(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key

    def _take(self, key: str, *, required: bool = True) -> yaml.Node | None:
        self._asked.add(key)
        node = self._fields.get(key)
        if node is None and required:
            raise self._error(
                self.node,
                self._place(key),
                "the field",
                "nothing",
                hint=f"add '{key}:' here",
            )
        return node

    def _text(self, node: yaml.Node, place: str, form: Form) -> str:
        if not isinstance(node, yaml.ScalarNode) or node.tag != "tag:yaml.org,2002:str":
            quotable = isinstance(node, yaml.ScalarNode) and node.value
            hint = f'quote it: "{node.value}"' if quotable else "write text"
            raise self._error(node, place, form.expected, _describe(node), hint=hint)
        if not re.fullmatch(form.pattern, node.value, re.ASCII):
            raise self._error(node, place, form.expected, f"'{node.value}'", hint=form.hint)
        if not node.style and re.fullmatch(r"\d{12}", node.value):
            # With an 8 or a 9, a leading zero makes YAML 1.1 read text and YAML 1.2 a number.
            raise self._error(
                node,
                place,
                form.expected,
                "digits without quotes",
                hint=f'quote it: "{node.value}"',
            )
        return str(node.value)

    def _list(self, key: str, *, optional: bool) -> list[yaml.Node]:
        node = self._take(key, required=not optional)
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            raise self._error(
                node,
                self._place(key),
                "a list",
                _describe(node),
                hint="write [a, b], or '- ' before each entry",
            )
        return list(node.value)

    def _section(self, node: yaml.Node, place: str) -> Section:
        if not isinstance(node, yaml.MappingNode):
            raise self._error(
                node,
                place,
                "a mapping",
                _describe(node),
                hint="write {field: value}, or the fields on indented lines of their own",
            )
        return Section(path=self.path, node=node, name=place)

    def _error(
        self, node: yaml.Node, place: str, expected: str, found: str, *, hint: str
    ) -> DefinitionError:
        line = node.start_mark.line + 1
        return DefinitionError(
            f"{self.path}:{line}: {place}: expected {expected}, found {found}", hint=hint
        )


def _describe(node: yaml.Node) -> str:
    kind = _TAGS.get(node.tag, node.tag)
    if isinstance(node, yaml.ScalarNode) and node.value:
        return f"{kind} ({node.value})"
    return kind
