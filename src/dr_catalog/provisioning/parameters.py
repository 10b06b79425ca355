"""A launch's parameters: read from words and files, checked before anything is launched.

The rules are those that ``DescribeProvisioningParameters`` answers for the version, so a value that
CloudFormation would refuse minutes later is refused here, with what would be allowed.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from .. import names
from ..errors import UsageError
from .catalog import closest
from .model import Parameter, Terms

# float() takes more than CloudFormation: nan, underscores, other scripts' digits.
_NUMBER = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
HIDDEN = "****"  # what CloudFormation shows of a NoEcho parameter


def pairs(words: Iterable[str], *, option: str) -> dict[str, str]:
    """``Name=Value`` words as a mapping; only the first ``=`` separates.

    Raises:
        UsageError: A word has no name or no ``=``, or a name comes twice.
    """
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise UsageError(
                f"{option} {word}: not a Name=Value pair", hint=f"write {option} Name=Value"
            )
        if name in found:
            raise UsageError(f"{option} {name} is given twice", hint="leave one of the two out")
        found[name] = value
    return found


def read_file(path: Path) -> dict[str, str]:
    """A YAML or JSON file that maps parameter names to values.

    Raises:
        UsageError: It can't be read, or is not such a mapping.
    """
    from .parameter_file import read

    return read(path)


def check(given: Mapping[str, str], terms: Terms, *, subject: str) -> None:
    """Hold values against a version's parameters.

    Args:
        given: What is to be sent; also holds what the suffix option set.
        terms: The version's parameters.
        subject: The product and version, for the messages.

    Raises:
        UsageError: A name is unknown, or a value is outside what its parameter allows.
    """
    look = f"see `dr-catalog describe {subject.split()[0]}`"
    for name, value in given.items():
        if name not in terms.parameters:
            others = sorted(set(terms.parameters) - {names.SUFFIX_PARAMETER})
            raise UsageError(
                f"{subject} has no parameter '{name}'",
                why=f"it has {', '.join(others) or 'none'}",
                hint=closest(name, others) or look,
            )
        problem = _problem(terms.parameters[name], value)
        if problem:
            parameter = terms.parameters[name]
            raise UsageError(
                f"{name}={HIDDEN if parameter.secret else value}: {problem}",
                why=parameter.constraint or parameter.description,
                hint=closest(value, parameter.allowed) or look,
            )


def check_complete(given: Iterable[str], terms: Terms, *, subject: str) -> None:
    """Refuse to go on while a parameter without a default has no value.

    Raises:
        UsageError: One or more have none.
    """
    missing = [
        name
        for name, parameter in terms.parameters.items()
        if parameter.default is None and name not in set(given)
    ]
    if missing:
        raise UsageError(
            f"{subject} needs a value for {', '.join(missing)}",
            why="; ".join(filter(None, (terms.parameters[name].description for name in missing))),
            hint="add " + " ".join(f"--set {name}=..." for name in missing),
        )


def check_tags(tags: Mapping[str, str], terms: Terms, *, subject: str) -> None:
    """Hold tags against the portfolio's tag options.

    Service Catalog sets a tag option with one value by itself; of several values one must be chosen.
    https://docs.aws.amazon.com/servicecatalog/latest/adminguide/tagoptions.html

    Raises:
        UsageError: A value is not one of its tag options, or a choice is missing.
    """
    for key, values in terms.tag_options.items():
        if (key not in tags and len(values) > 1) or (key in tags and tags[key] not in values):
            raise UsageError(
                f"{subject}: tag {key} is {tags[key]!r}"
                if key in tags
                else f"{subject} needs a tag {key}",
                why=f"its portfolio allows {', '.join(values)}",
                hint=f"add --tag {key}={values[0]}",
            )


def changed(wanted: Mapping[str, str], present: Mapping[str, str]) -> dict[str, str]:
    """Those of ``wanted`` that differ from a stack's values; hidden ones can't be compared."""
    return {
        name: value
        for name, value in wanted.items()
        if present.get(name) != value and present.get(name) != HIDDEN
    }


def different_values(names: Iterable[str], present: Mapping[str, str]) -> str:
    """What the values are that were asked for otherwise, for a message."""
    return "; ".join(f"{name} is {present.get(name, 'not set')}" for name in names)


def _problem(parameter: Parameter, value: str) -> str:
    several = parameter.type.startswith("List<") or parameter.type == "CommaDelimitedList"
    items = [item.strip() for item in value.split(",")] if several else [value]
    if any("\ud800" <= character <= "\udfff" for character in value):
        return "not text in UTF-8"
    for item in items:
        if parameter.allowed and item not in parameter.allowed:
            return f"not one of {', '.join(parameter.allowed)}"
        if parameter.pattern and not _matches(parameter.pattern, item):
            return f"does not match {parameter.pattern}"
        if parameter.min_length is not None and len(item) < parameter.min_length:
            return f"shorter than {parameter.min_length} characters"
        if parameter.max_length is not None and len(item) > parameter.max_length:
            return f"longer than {parameter.max_length} characters"
        if parameter.type in ("Number", "List<Number>"):
            if not _NUMBER.fullmatch(item):
                return "not a number"
            number = float(item)
            if parameter.min_value is not None and number < parameter.min_value:
                return f"less than {parameter.min_value:g}"
            if parameter.max_value is not None and number > parameter.max_value:
                return f"more than {parameter.max_value:g}"
    return ""


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.fullmatch(pattern, value) is not None
    except re.error:  # a Java expression that Python does not know: CloudFormation decides
        return True
