"""What Service Catalog reads in a version's template, and the rules it adds before a launch.

https://docs.aws.amazon.com/servicecatalog/latest/adminguide/reference-template_constraint_rules.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ministack.services.cloudformation import engine

from ..extension import require
from .errors import InvalidParametersError

OUTPUTS_MAX = 60
_parse = require(engine, "_parse_template")
_CONSTRAINTS = ("AllowedPattern", "ConstraintDescription", "MaxLength", "MinLength")
_RANGES = ("MaxValue", "MinValue")


def parse(text: str) -> dict[str, Any]:
    """A template's text, JSON or YAML, as a mapping."""
    parsed: dict[str, Any] = _parse(text)
    return parsed


def parameters_of(text: str) -> list[dict[str, Any]]:
    """The wire's ``ProvisioningArtifactParameter`` for each parameter."""
    return [_parameter(name, body) for name, body in parse(text).get("Parameters", {}).items()]


def _parameter(name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    constraints: dict[str, Any] = {
        key: str(body[key]) for key in (*_CONSTRAINTS, *_RANGES) if key in body
    }
    if "AllowedValues" in body:
        constraints["AllowedValues"] = [str(value) for value in body["AllowedValues"]]
    parameter: dict[str, Any] = {
        "ParameterKey": name,
        "ParameterType": body.get("Type", "String"),
        "IsNoEcho": str(body.get("NoEcho", False)).lower() == "true",
        "ParameterConstraints": constraints,
    }
    if "Default" in body:
        parameter["DefaultValue"] = str(body["Default"])
    if "Description" in body:
        parameter["Description"] = body["Description"]
    return parameter


def outputs_of(text: str) -> list[dict[str, Any]]:
    """The wire's ``ProvisioningArtifactOutput`` for each output, at most 60."""
    outputs = parse(text).get("Outputs", {})
    return [
        {"Key": name, "Description": body.get("Description", "")} for name, body in outputs.items()
    ][:OUTPUTS_MAX]


def check_parameters(text: str, given: Iterable[str]) -> None:
    """Refuse parameters that the template lacks, or values that it misses.

    Raises:
        InvalidParametersError: With CloudFormation's sentence.
    """
    declared = parse(text).get("Parameters", {})
    unknown = [name for name in given if name not in declared]
    if unknown:
        raise InvalidParametersError(
            f"Parameters: [{', '.join(unknown)}] do not exist in the template"
        )
    missing = [
        name for name, body in declared.items() if "Default" not in body and name not in given
    ]
    if missing:
        raise InvalidParametersError(f"Parameters: [{', '.join(missing)}] must have values")


def with_rules(text: str, constraints: Iterable[Mapping[str, Any]]) -> str:
    """The template with the rules of template constraints beside its own; itself without any."""
    template = parse(text)
    rules = dict(template.get("Rules", {}))
    added = False
    for constraint in constraints:
        for name, rule in constraint["parameters"]["Rules"].items():
            free = name if name not in rules else constraint["id"].replace("-", "") + name
            rules[free] = rule
            added = True
    if not added:
        return text
    return json.dumps({**template, "Rules": rules}, default=str)
