"""Requests held against the service's own model, as AWS does before an operation sees them.

The model is botocore's: required members, types, lengths, ranges, enumerations and patterns. A request
that breaks any of them is refused with one message that lists every break.
"""

from __future__ import annotations

import functools
import re
from typing import Any

import botocore.session
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

from .errors import InvalidParametersError

_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "list": (list,),
    "map": (dict,),
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "timestamp": (int, float),
}


@functools.cache
def service_model(service: str = "servicecatalog") -> ServiceModel:
    """botocore's model of Service Catalog, or of another service."""
    return botocore.session.get_session().get_service_model(service)


def operation_model(operation: str, *, service: str = "servicecatalog") -> OperationModel:
    """botocore's model of one operation."""
    return service_model(service).operation_model(operation)


def check_request(
    operation: str, request: dict[str, Any], *, service: str = "servicecatalog"
) -> None:
    """Refuse a request that breaks the model; an operation without input takes anything.

    Raises:
        InvalidParametersError: With AWS's sentence for each break.
    """
    shape = operation_model(operation, service=service).input_shape
    problems = _problems(shape, request, "") if shape is not None else []
    if problems:
        plural = "s" if len(problems) > 1 else ""
        raise InvalidParametersError(
            f"{len(problems)} validation error{plural} detected: " + "; ".join(problems)
        )


@functools.cache
def pattern(expression: str) -> re.Pattern[str]:
    """A pattern of the model, which must cover the whole value, for Python.

    A class that names letters (``\\p{L}``) also takes the underscore, which every such class of this
    model lists anyway.
    """
    for java, python in ((r"\p{L}", r"\w"), (r"\p{N}", r"\d"), (r"\p{Z}", r"\s")):
        expression = expression.replace(java, python)
    return re.compile(expression)


def _problems(shape: Any, value: Any, path: str) -> list[str]:
    kind = shape.type_name
    if not isinstance(value, _TYPES[kind]) or (kind == "integer" and isinstance(value, bool)):
        return [f"Value at '{path}' failed to satisfy constraint: Member must be a {kind}"]
    return _member_problems(shape, value, path)


def _member_problems(shape: Any, value: Any, path: str) -> list[str]:
    if isinstance(shape, StructureShape):
        return _structure_problems(shape, value, path)
    if isinstance(shape, ListShape):
        return _limit_problems(shape, value, path) + [
            problem
            for index, item in enumerate(value, 1)
            for problem in _problems(shape.member, item, f"{path}.{index}.member")
        ]
    if isinstance(shape, MapShape):
        return [
            problem
            for key, item in value.items()
            for problem in (
                *_problems(shape.key, key, f"{path}.key"),
                *_problems(shape.value, item, f"{path}.{key}.value"),
            )
        ]
    return _limit_problems(shape, value, path)


def _structure_problems(shape: StructureShape, value: dict[str, Any], path: str) -> list[str]:
    problems = []
    for name, member in shape.members.items():
        inner = f"{path}.{_wire(name)}" if path else _wire(name)
        if value.get(name) is not None:
            problems += _problems(member, value[name], inner)
        elif name in shape.required_members:
            problems.append(
                f"Value null at '{inner}' failed to satisfy constraint: Member must not be null"
            )
    return problems


def _limit_problems(shape: Shape, value: Any, path: str) -> list[str]:
    rules = shape.metadata
    measure = value if shape.type_name == "integer" else None
    if isinstance(value, (str, list)):
        measure = len(value)
    subject = "have value" if shape.type_name == "integer" else "have length"
    broken = []
    if measure is not None and "min" in rules and measure < rules["min"]:
        broken.append(f"Member must {subject} greater than or equal to {rules['min']}")
    if measure is not None and "max" in rules and measure > rules["max"]:
        broken.append(f"Member must {subject} less than or equal to {rules['max']}")
    if rules.get("enum") and value not in rules["enum"]:
        broken.append(f"Member must satisfy enum value set: [{', '.join(rules['enum'])}]")
    if rules.get("pattern") and not pattern(rules["pattern"]).fullmatch(value):
        broken.append(f"Member must satisfy regular expression pattern: {rules['pattern']}")
    return [f"Value '{value}' at '{path}' failed to satisfy constraint: {rule}" for rule in broken]


def _wire(name: str) -> str:
    return name[0].lower() + name[1:]
