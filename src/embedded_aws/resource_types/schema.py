"""A resource's properties held to its type's CloudFormation schema, which cfn-lint carries.

What a template says arrives as JSON with strings where a parameter stood; services want booleans and
numbers. One walk over the schema turns them and refuses what the schema does not know, since the
emulator would drop it without a word. A schema is read when its type is first used. Every type is
held to it, those of the emulator itself as well; Service Catalog's look at their own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ministack.services.cloudformation import stacks

from ..extension import Made, require

_provision = require(stacks, "_provision_resource")
_update = require(stacks, "_update_resource")

Schema = Mapping[str, Any]


class PropertyError(ValueError):
    """A property that is missing, or whose value the type does not take."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"Properties validation failed with message: #{path}: {problem}")


class UnsupportedPropertyError(ValueError):
    """A property that the type does not have."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Encountered unsupported property {name}")


def install() -> None:
    """Look at every resource's properties before it is made or changed."""
    stacks._provision_resource = _typed_provision
    stacks._update_resource = _typed_update


def _typed_provision(
    resource_type: str, logical_id: str, properties: dict[str, Any], stack_name: str
) -> Made:
    made: Made = _provision(resource_type, logical_id, typed(resource_type, properties), stack_name)
    return made


def _typed_update(
    resource_type: str,
    physical_id: str,
    old: dict[str, Any],
    new: dict[str, Any],
    *rest: Any,
) -> Made:
    made: Made = _update(
        resource_type,
        physical_id,
        _loosely_typed(resource_type, old),
        typed(resource_type, new),
        *rest,
    )
    return made


def _loosely_typed(resource_type: str, old: dict[str, Any]) -> dict[str, Any]:
    """What a stack has, or had: a failed update is undone from properties that were refused."""
    try:
        return typed(resource_type, old)
    except ValueError:
        return old


def typed(resource_type: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties with the types of the schema; as they are where cfn-lint has none.

    Raises:
        UnsupportedPropertyError: One is unknown, at whatever depth.
        PropertyError: A required one is missing, or a value is not of the schema's type, in its
            enumeration or between its bounds.
    """
    schema = schema_of(resource_type)
    if schema is None:
        return dict(properties)
    result: dict[str, Any] = _walk(properties, schema, schema, "")
    return result


@cache
def schema_of(resource_type: str) -> Schema | None:
    """The type's schema; None for a type of another kind."""
    if resource_type.startswith("AWS::ServiceCatalog::"):
        return None
    key = _index().get(resource_type)
    if not isinstance(key, str):
        return None
    schema: Schema = json.loads((_folder() / "resources" / f"{key}.json").read_bytes())
    return schema


@cache
def _index() -> Mapping[str, Any]:
    index: Mapping[str, Any] = json.loads((_folder() / "providers" / "us-east-1.json").read_bytes())
    return index


@cache
def _folder() -> Path:
    found = find_spec("cfnlint")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("cfn-lint is not installed; its schemas are needed")
    return Path(found.submodule_search_locations[0], "data", "schemas")


def _walk(value: Any, schema: Schema, root: Schema, path: str) -> Any:
    schema = _resolved(schema, root)
    if isinstance(value, Mapping):
        return _walk_object(value, schema, root, path)
    if isinstance(value, list):
        items = schema.get("items", {})
        return [_walk(item, items, root, f"{path}/{number}") for number, item in enumerate(value)]
    value = _scalar(value, schema.get("type"), path)
    _check(value, schema, path)
    return value


def _walk_object(
    value: Mapping[str, Any], schema: Schema, root: Schema, path: str
) -> dict[str, Any]:
    known: Mapping[str, Any] = schema.get("properties", {})
    if known and schema.get("additionalProperties") is False:
        for name in value:
            if name not in known and not schema.get("patternProperties"):
                raise UnsupportedPropertyError(name)
        for name in schema.get("required", ()):
            if name not in value:
                raise PropertyError(path, f"required key [{name}] not found")
    return {
        name: _walk(item, known.get(name, {}), root, f"{path}/{name}")
        for name, item in value.items()
    }


def _resolved(schema: Schema, root: Schema) -> Schema:
    while "$ref" in schema:
        target: Any = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target
    return schema


def _scalar(value: Any, wanted: Any, path: str) -> Any:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if wanted == "boolean":
        if text.lower() not in ("true", "false"):
            raise PropertyError(path, "expected type: Boolean, found: String")
        return text.lower() == "true"
    if wanted == "integer":
        if not text.lstrip("-").isdigit():
            raise PropertyError(path, "expected type: Integer, found: String")
        return int(text)
    if wanted == "number" and not isinstance(value, int | float):
        try:
            return float(text)
        except ValueError:
            raise PropertyError(path, "expected type: Number, found: String") from None
    if wanted == "string" and isinstance(value, bool | int | float):
        return text
    return value


def _check(value: Any, schema: Schema, path: str) -> None:
    if "enum" in schema and value not in schema["enum"]:
        raise PropertyError(path, f"{value} is not a valid enum value")
    if isinstance(value, int | float) and not isinstance(value, bool):
        if value < schema.get("minimum", value):
            raise PropertyError(path, f"{value} is not greater or equal to {schema['minimum']}")
        if value > schema.get("maximum", value):
            raise PropertyError(path, f"{value} is not less or equal to {schema['maximum']}")
