"""Lambda functions."""

from __future__ import annotations

from ..template import Resource, Template
from .rule import Violations, rule

# Reviewed with each new runtime; cfn-lint knows the dates.
_RUNTIMES = frozenset(
    {
        "dotnet10",
        "java21",
        "java25",
        "nodejs22.x",
        "nodejs24.x",
        "provided.al2023",
        "python3.12",
        "python3.13",
        "python3.14",
        "ruby3.4",
    }
)


@rule(
    "DR040",
    "A function is traced",
    source="https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html",
)
def function_traced(template: Template) -> Violations:
    for function in template.resources("AWS::Lambda::Function"):
        if function.get("TracingConfig.Mode") != "Active":
            yield function.id, "TracingConfig.Mode is not Active"


@rule(
    "DR041",
    "A function has a log group in the template, with a retention",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-logs-loggroup.html",
)
def function_logs(template: Template) -> Violations:
    groups = list(template.resources("AWS::Logs::LogGroup"))
    for function in template.resources("AWS::Lambda::Function"):
        mine = [group for group in groups if _logs_to(template, function, group)]
        if not mine:
            yield function.id, "its log group is not in the template"
        for group in mine:
            if group.get("RetentionInDays") is None:
                yield function.id, f"its log group {group.id} has no RetentionInDays"


@rule(
    "DR042",
    "A function runs on a runtime that is not deprecated",
    source="https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html",
)
def function_runtime(template: Template) -> Violations:
    for function in template.resources("AWS::Lambda::Function"):
        runtime = function.get("Runtime")
        if function.get("PackageType") != "Image" and runtime not in _RUNTIMES:
            yield function.id, f"runtime {runtime} is none of {', '.join(sorted(_RUNTIMES))}"


def _logs_to(template: Template, function: Resource, group: Resource) -> bool:
    stated = function.get("LoggingConfig.LogGroup")
    if stated is not None:
        return stated == {"Ref": group.id} or template.text(stated) == template.name(group) != ""
    name = template.name(function)
    return name != "" and template.name(group) == f"/aws/lambda/{name}"
