"""What CloudFormation's API tells of StackSets; they are made and changed by the resource type alone.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from ministack.services.cloudformation import handlers, helpers

from ..extension import require
from .state import Instance, StackSet, stack_sets

_actions = require(handlers, "_ACTION_HANDLERS")
_xml = require(helpers, "_xml")
_error = require(helpers, "_error")
_value = require(helpers, "_p")
Answer = tuple[int, dict[str, str], bytes]
Node = dict[str, Any]


class _NotFound(Exception):
    """No such StackSet or instance."""


def register() -> None:
    """Answer the queries."""
    for name, answer in (
        ("DescribeStackSet", _describe_stack_set),
        ("ListStackSets", _list_stack_sets),
        ("ListStackInstances", _list_stack_instances),
        ("DescribeStackInstance", _describe_stack_instance),
        ("ListStackSetOperations", _list_operations),
        ("ListStackSetOperationResults", _list_results),
    ):
        _actions[name] = _answering(name, answer)


def _answering(name: str, answer: Any) -> Any:
    def handle(params: Any) -> Answer:
        try:
            found = answer(params)
        except _NotFound as error:
            code = f"{error.args[0]}NotFoundException"
            status: Answer = _error(code, error.args[1], 404)
            return status
        inner = f"<{name}Result>{_render(found)}</{name}Result>"
        response: Answer = _xml(200, f"{name}Response", inner)
        return response

    return handle


def _describe_stack_set(params: Any) -> Node:
    found = _find(params)
    definition = found["definition"]
    return {
        "StackSet": {
            "StackSetName": found["name"],
            "StackSetId": found["id"],
            "StackSetARN": found["arn"],
            "Description": definition["description"],
            "Status": "ACTIVE",
            "TemplateBody": definition["template"],
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in definition["parameters"].items()
            ],
            "Capabilities": definition["capabilities"],
            "Tags": [{"Key": key, "Value": value} for key, value in definition["tags"].items()],
            "AdministrationRoleARN": definition["administration_role"],
            "ExecutionRoleName": definition["execution_role"],
            "PermissionModel": "SELF_MANAGED",
            "Regions": sorted({each["region"] for each in found["instances"]}),
        }
    }


def _list_stack_sets(params: Any) -> Node:
    return {
        "Summaries": [
            {
                "StackSetName": each["name"],
                "StackSetId": each["id"],
                "Description": each["definition"]["description"],
                "Status": "ACTIVE",
                "PermissionModel": "SELF_MANAGED",
            }
            for each in stack_sets.values()
        ]
    }


def _list_stack_instances(params: Any) -> Node:
    found = _find(params)
    return {"Summaries": [_instance(found, each) for each in found["instances"]]}


def _describe_stack_instance(params: Any) -> Node:
    found = _find(params)
    place = _value(params, "StackInstanceAccount"), _value(params, "StackInstanceRegion")
    for each in found["instances"]:
        if (each["account"], each["region"]) == place:
            return {"StackInstance": _instance(found, each)}
    raise _NotFound("StackInstance", f"Stack instance not found for {' '.join(place)}")


def _list_operations(params: Any) -> Node:
    return {
        "Summaries": [
            {
                "OperationId": each["id"],
                "Action": each["action"],
                "Status": each["status"],
                "CreationTimestamp": each["created"],
                **({"EndTimestamp": each["ended"]} if each["ended"] else {}),
            }
            for each in reversed(_find(params)["operations"])
        ]
    }


def _list_results(params: Any) -> Node:
    wanted = _value(params, "OperationId")
    for operation in _find(params)["operations"]:
        if operation["id"] == wanted:
            return {
                "Summaries": [
                    {
                        "Account": each["account"],
                        "Region": each["region"],
                        "Status": each["status"],
                        "StatusReason": each["reason"],
                    }
                    for each in operation["outcomes"]
                ]
            }
    raise _NotFound("Operation", f"Operation {wanted} not found")


def _find(params: Any) -> StackSet:
    name = str(_value(params, "StackSetName"))
    found: StackSet | None = stack_sets.get(name.partition(":")[0])
    if found is None or name not in (found["name"], found["id"]):
        raise _NotFound("StackSet", f"StackSet {name} not found")
    return found


def _instance(stack_set: StackSet, instance: Instance) -> Node:
    detail = "FAILED" if instance["reason"] else "RUNNING"
    if instance["status"] == "CURRENT":
        detail = "SUCCEEDED"
    return {
        "StackSetId": stack_set["id"],
        "Region": instance["region"],
        "Account": instance["account"],
        "StackId": instance["stack_id"],
        "Status": instance["status"],
        "StatusReason": instance["reason"],
        "StackInstanceStatus": {"DetailedStatus": detail},
    }


def _render(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(f"<{key}>{_render(each)}</{key}>" for key, each in value.items())
    if isinstance(value, list):
        return "".join(f"<member>{_render(each)}</member>" for each in value)
    return escape(str(value))
