"""The rules of an SSM-typed template parameter hold for the key, not for the value behind it.

ministack resolves first and checks what it found. A template that pins the key
(``AllowedValues: [/dr-catalog/peer-region]``) could so never be launched.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
"""

from __future__ import annotations

from typing import Any

from ministack.services.cloudformation import changesets, engine, handlers, provisioners, stacks

from ..extension import require

PREFIX = "AWS::SSM::Parameter::Value<"
RULES = ("AllowedValues", "AllowedPattern", "MinLength", "MaxLength")

_resolve = require(engine, "_resolve_parameters")
_check = require(engine, "_check_parameter_constraints")


def install() -> None:
    """Once, before the server starts."""
    for module in (engine, changesets, handlers, provisioners, stacks):
        if hasattr(module, "_resolve_parameters"):
            module._resolve_parameters = resolve


def resolve(
    template: dict[str, Any],
    provided: list[dict[str, Any]],
    previous: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Resolve a template's parameters, checking SSM-typed ones by their key."""
    definitions = template.get("Parameters", {})
    by_key = {
        name: definition
        for name, definition in definitions.items()
        if definition.get("Type", "").startswith(PREFIX)
    }
    if not by_key:
        resolved: dict[str, Any] = _resolve(template, provided, previous)
        return resolved
    for name, definition in by_key.items():
        _check_key(name, definition, _key(name, definition, provided, previous or {}))
    relaxed = {
        name: {key: value for key, value in definition.items() if key not in RULES}
        for name, definition in by_key.items()
    }
    return _resolve({**template, "Parameters": {**definitions, **relaxed}}, provided, previous)


def _key(
    name: str,
    definition: dict[str, Any],
    provided: list[dict[str, Any]],
    previous: dict[str, Any],
) -> str:
    for entry in provided:
        if entry.get("Key") == name and not entry.get("UsePreviousValue"):
            return str(entry.get("Value", ""))
        if entry.get("Key") == name and name in previous:
            return str(previous[name].get("SsmName", definition.get("Default", "")))
    return str(definition.get("Default", ""))


def _check_key(name: str, definition: dict[str, Any], key: str) -> None:
    allowed = definition.get("AllowedValues")
    if allowed and key not in [str(value) for value in allowed]:
        raise ValueError(f"Parameter '{name}' must be one of AllowedValues")
    _check(name, definition, "String", key)
