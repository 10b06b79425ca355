"""A file of parameters: YAML or JSON, one `Name: value` a line, read with the place of every mistake."""

from __future__ import annotations

from pathlib import Path

import yaml

from ..errors import UsageError

_EXPECTED = "expected a text, a number, true or false"


def read(path: Path) -> dict[str, str]:
    """The names and values in a file.

    Raises:
        UsageError: It can't be read, or is not such a mapping; with line and field.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(path, error) from error
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _mistake(path, line, error.problem or "it is neither YAML nor JSON") from error
    # PyYAML lets what int() and chr() refuse through: a directive's number, an escape out of range.
    except (yaml.YAMLError, RecursionError, ValueError, OverflowError) as error:
        raise _unreadable(path, error) from error
    if root is None:
        raise _mistake(path, 1, "the file is empty")
    if not isinstance(root, yaml.MappingNode):
        raise _mistake(path, _line(root), "it is no mapping of parameter names to values")
    found: dict[str, str] = {}
    for key, value in root.value:
        name = str(getattr(key, "value", key))
        if not isinstance(key, yaml.ScalarNode):
            raise _mistake(path, _line(key), "a name is expected before the colon")
        if name in found:
            raise _mistake(path, _line(key), f"{name} is given twice")
        found[name] = _text(path, name, value)
    return found


def _text(path: Path, name: str, node: yaml.Node) -> str:
    if isinstance(node, yaml.SequenceNode):
        raise _mistake(
            path, _line(node), f"{name} is a list", hint="write a list as one text: `a,b,c`"
        )
    if not isinstance(node, yaml.ScalarNode):
        raise _mistake(path, _line(node), f"{name} is a mapping")
    kind = node.tag.rpartition(":")[2]
    if kind == "null":
        raise _mistake(path, _line(node), f"{name} has no value", hint=f"write {name}: '' for none")
    if kind == "bool":
        return "true" if node.value.lower() in ("true", "yes", "on") else "false"
    return str(node.value)


def _unreadable(path: Path, error: Exception) -> UsageError:
    return UsageError(
        f"{path} can't be read",
        why=" ".join(str(error).split()),
        hint="name a YAML or JSON file in UTF-8, with one `Name: value` a line",
    )


def _line(node: yaml.Node) -> int:
    line: int = node.start_mark.line
    return line + 1


def _mistake(path: Path, line: int, what: str, *, hint: str = "") -> UsageError:
    return UsageError(
        f"{path}, line {line}: {what}",
        why=_EXPECTED,
        hint=hint or "write one `Name: value` a line",
    )
