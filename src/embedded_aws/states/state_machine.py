"""``AWS::StepFunctions::StateMachine``, made through the API.

ministack writes a template's log and tracing as they stand, where its API can't read them.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-stepfunctions-statemachine.html
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError
from ministack.core.responses import get_account_id, get_region
from ministack.services.cloudformation import provisioners

from ..extension import require
from ..resource_types.context import Made, Properties, here, known, refuse_replacement, tags

TYPE = "AWS::StepFunctions::StateMachine"
TAGS = "Tags"
FIXED = ("StateMachineName", "StateMachineType")
CONFIGURATIONS = ("EncryptionConfiguration", "LoggingConfiguration", "TracingConfiguration")
DEFINITIONS = (
    "Definition",
    "DefinitionS3Location",
    "DefinitionString",
    "DefinitionSubstitutions",
)
_OFF = {
    "loggingConfiguration": {"level": "OFF", "includeExecutionData": False},
    "tracingConfiguration": {"enabled": False},
}

_definition = require(provisioners, "_sfn_definition")


def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    """Create it."""
    known(properties, ("RoleArn", "Tags", *FIXED, *CONFIGURATIONS, *DEFINITIONS))
    api = here("stepfunctions")
    name = properties.get("StateMachineName") or f"{logical_id}-{stack_name}"[:80]
    arn = f"arn:aws:states:{get_region()}:{get_account_id()}:stateMachine:{name}"
    if _exists(api, arn):
        raise ValueError(f"Resource of type '{TYPE}' with identifier '{arn}' already exists.")
    api.create_state_machine(
        name=name,
        type=properties.get("StateMachineType", "STANDARD"),
        **_wanted(properties),
        tags=_tags(properties),
    )
    return _made(api, arn)


def update(
    physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
) -> Made:
    """Everything but name and type changes in place; executions go on as they began."""
    known(new, ("RoleArn", "Tags", *FIXED, *CONFIGURATIONS, *DEFINITIONS))
    if any(old.get(each) != new.get(each) for each in FIXED):
        refuse_replacement(TYPE, physical_id)
    api = here("stepfunctions")
    dropped = {
        name: value for name, value in _OFF.items() if _cfn(name) in old and _cfn(name) not in new
    }
    api.update_state_machine(stateMachineArn=physical_id, **_wanted(new), **dropped)
    gone = {each["key"] for each in _tags(old)} - {each["key"] for each in _tags(new)}
    if gone:
        api.untag_resource(resourceArn=physical_id, tagKeys=sorted(gone))
    if _tags(new):
        api.tag_resource(resourceArn=physical_id, tags=_tags(new))
    return _made(api, physical_id)


def delete(physical_id: str, properties: dict[str, Any]) -> None:
    """Delete it and its executions."""
    api = here("stepfunctions")
    if _exists(api, physical_id):
        api.delete_state_machine(stateMachineArn=physical_id)


def _wanted(properties: Properties) -> dict[str, Any]:
    """The properties as the API takes them."""
    configurations = {
        _api(each): _lower(properties[each]) for each in CONFIGURATIONS if each in properties
    }
    return {
        "definition": _definition(properties),
        "roleArn": properties["RoleArn"],
        **configurations,
    }


def _tags(properties: Properties) -> list[dict[str, str]]:
    return [{"key": each["Key"], "value": each["Value"]} for each in tags(properties)]


def _api(name: str) -> str:
    return name[0].lower() + name[1:]


def _cfn(name: str) -> str:
    return name[0].upper() + name[1:]


def _lower(value: Any) -> Any:
    if isinstance(value, dict):
        return {_api(name): _lower(each) for name, each in value.items()}
    return [_lower(each) for each in value] if isinstance(value, list) else value


def _exists(api: Any, arn: str) -> bool:
    try:
        api.describe_state_machine(stateMachineArn=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] != "StateMachineDoesNotExist":
            raise
        return False
    return True


def _made(api: Any, arn: str) -> Made:
    found = api.describe_state_machine(stateMachineArn=arn)
    return arn, {
        "Arn": arn,
        "Name": found["name"],
        "StateMachineRevisionId": found.get("revisionId", ""),
    }
