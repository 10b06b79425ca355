"""What a tenant is asked."""

from __future__ import annotations

from ..template import Template, as_list, dig
from .rule import Violations, rule

_INTERFACE = "AWS::CloudFormation::Interface"
_RULES = ("AllowedPattern", "AllowedValues", "MaxValue")


@rule(
    "DR090",
    "A parameter has a description, and a pattern, a range or allowed values",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html",
)
def parameter_described(template: Template) -> Violations:
    for name, parameter in template.parameters.items():
        if not parameter.get("Description"):
            yield name, "has no Description"
        if not any(rule in parameter for rule in _RULES):
            yield name, "has neither AllowedPattern nor AllowedValues nor MaxValue"


@rule(
    "DR091",
    "A launch parameter has a label and stands in a group",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cloudformation-interface.html",
)
def parameter_labelled(template: Template) -> Violations:
    if template.role != "primary":
        return
    interface = template.body.get("Metadata", {}).get(_INTERFACE, {})
    grouped = {
        name
        for group in as_list(interface.get("ParameterGroups"))
        for name in group.get("Parameters", ())
    }
    for name in template.parameters:
        if name not in grouped:
            yield name, "stands in no ParameterGroups"
        if not dig(interface, f"ParameterLabels.{name}.default"):
            yield name, "has no ParameterLabels entry"
    for name in sorted(grouped - template.parameters.keys()):
        yield name, "stands in ParameterGroups but is no parameter"
