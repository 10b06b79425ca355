"""Every answer of Service Catalog and Organizations, held against botocore's model of its operation.

`watch` puts the check into a client: an answer with a member the model lacks, a wrong type, a missing
required member, or a value outside its pattern, length or enumeration fails the call that got it.
"""

from __future__ import annotations

import json
import re
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

ANSWERED: set[str] = set()
"""The operations that answered, of every service."""
_SCALARS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "timestamp": (int, float),
}
_CLASSES = ((r"\p{L}", r"\w"), (r"\p{N}", r"\d"), (r"\p{Z}", r"\s"))


def watch(client: Any) -> Any:
    """The client, with every successful answer checked."""
    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register(f"before-parse.{service}", _check)
    return client


def _check(operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
    if response_dict["status_code"] != 200:
        return
    answer = json.loads(response_dict["body"])
    shape = operation_model.output_shape
    problems = answer if shape is None else breaks(shape, answer, operation_model.name)
    assert not problems, problems
    ANSWERED.add(operation_model.name)


def breaks(shape: Shape, value: Any, path: str) -> list[str]:
    """What of the value breaks the shape, a line each."""
    if isinstance(shape, StructureShape):
        if not isinstance(value, dict):
            return [f"{path} is not a structure"]
        lines = [f"{path} lacks {name}" for name in shape.required_members if name not in value]
        for name, item in value.items():
            if name in shape.members:
                lines += breaks(shape.members[name], item, f"{path}.{name}")
            else:
                lines.append(f"{path} has {name}, which the model lacks")
        return lines
    if isinstance(shape, ListShape):
        if not isinstance(value, list):
            return [f"{path} is not a list"]
        inner = [line for item in value for line in breaks(shape.member, item, f"{path}[]")]
        return _limits(shape, len(value), path) + inner
    if isinstance(shape, MapShape):
        if not isinstance(value, dict):
            return [f"{path} is not a map"]
        return [
            line
            for key, item in value.items()
            for line in breaks(shape.key, key, path) + breaks(shape.value, item, f"{path}.{key}")
        ]
    if not isinstance(value, _SCALARS[shape.type_name]):
        return [f"{path} is not a {shape.type_name}: {value!r}"]
    if shape.type_name != "string":
        return []
    return _limits(shape, len(value), path) + _words(shape, value, path)


def _limits(shape: Shape, length: int, path: str) -> list[str]:
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", length)
    return [] if least <= length <= most else [f"{path} has length {length}"]


def _words(shape: Shape, value: str, path: str) -> list[str]:
    expression = shape.metadata.get("pattern", r"[\s\S]*")
    for java, python in _CLASSES:
        expression = expression.replace(java, python)
    lines = [] if re.fullmatch(expression, value) else [f"{path} does not match: {value!r}"]
    if shape.metadata.get("enum") and value not in shape.metadata["enum"]:
        lines.append(f"{path} is not one of its values: {value!r}")
    return lines
