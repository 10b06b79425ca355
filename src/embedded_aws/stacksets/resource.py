"""``AWS::CloudFormation::StackSet`` with self-managed permissions, in one account and its regions.

See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cloudformation-stackset.html
"""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

from botocore.exceptions import ClientError
from ministack.core.responses import get_account_id, get_region
from ministack.services import s3

from .. import extension
from ..clients import client
from ..resource_types.context import Made, Properties, known, refuse_replacement
from .engine import StackSetError, arn, new_instance, operate
from .state import Instance, StackSet, stack_sets

TYPE = "AWS::CloudFormation::StackSet"
PROPERTIES = (
    "AdministrationRoleARN",
    "Capabilities",
    "Description",
    "ExecutionRoleName",
    "Parameters",
    "PermissionModel",
    "StackInstancesGroup",
    "StackSetName",
    "Tags",
    "TemplateBody",
    "TemplateURL",
)
NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9-]{0,127}")
SERVICE = "cloudformation.amazonaws.com"


def register() -> None:
    """Register the type."""
    extension.register_type(TYPE, create=create, update=update, delete=delete)


def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    """Create the StackSet and bring its instances up; a failure leaves neither behind."""
    known(properties, PROPERTIES)
    name = properties["StackSetName"]
    if not NAME.fullmatch(name):
        raise StackSetError(f"1 validation error detected: Value '{name}' at 'stackSetName'")
    if name in stack_sets:
        raise StackSetError(f"StackSet {name} already exists (NameAlreadyExistsException)")
    identifier = str(uuid.uuid4())
    stack_set = StackSet(
        name=name,
        id=f"{name}:{identifier}",
        arn=arn(name, identifier, get_account_id()),
        instances=[],
        operations=[],
        **_described(properties),
    )
    _check_roles(stack_set)
    stack_sets[name] = stack_set
    stack_set["instances"] = [new_instance(*where) for where in _where(properties)]
    try:
        operate(stack_set, "CREATE", stack_set["instances"])
    except StackSetError:
        _take_down(stack_set)
        raise
    return stack_set["id"], {"StackSetId": stack_set["id"]}


def update(
    physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
) -> Made:
    """Update every instance, delete those that are no longer listed, create those that are new."""
    known(new, PROPERTIES)
    if old["StackSetName"] != new["StackSetName"]:
        refuse_replacement(TYPE, old["StackSetName"])
    stack_set: StackSet = stack_sets[new["StackSetName"]]
    stack_set.update(_described(new))  # type: ignore[typeddict-item]
    _check_roles(stack_set)
    wanted = _where(new)
    kept = [each for each in stack_set["instances"] if _place(each) in wanted]
    gone = [each for each in stack_set["instances"] if _place(each) not in wanted]
    added = [
        new_instance(*where)
        for where in wanted
        if where not in [_place(each) for each in stack_set["instances"]]
    ]
    if kept:
        operate(stack_set, "UPDATE", kept)
    if gone:
        operate(stack_set, "DELETE", gone)
    stack_set["instances"] = [*kept, *added]
    if added:
        operate(stack_set, "CREATE", added)
    return physical_id, {"StackSetId": physical_id}


def delete(physical_id: str, properties: dict[str, Any]) -> None:
    """Delete the instances, then the StackSet."""
    stack_set = stack_sets.get(physical_id.partition(":")[0])
    if stack_set is not None:
        operate(stack_set, "DELETE", [each for each in stack_set["instances"] if each["stack_id"]])
        del stack_sets[stack_set["name"]]


def _take_down(stack_set: StackSet) -> None:
    try:
        operate(stack_set, "DELETE", [each for each in stack_set["instances"] if each["stack_id"]])
    finally:
        del stack_sets[stack_set["name"]]


def _described(properties: Properties) -> dict[str, Any]:
    if properties.get("PermissionModel") != "SELF_MANAGED":
        raise StackSetError("The embedded AWS knows PermissionModel SELF_MANAGED only")
    account = get_account_id()
    default = f"arn:aws:iam::{account}:role/AWSCloudFormationStackSetAdministrationRole"
    return {
        "description": properties.get("Description", ""),
        "template": properties.get("TemplateBody") or _fetch(properties["TemplateURL"]),
        "url": properties.get("TemplateURL", ""),
        "administration_role": properties.get("AdministrationRoleARN", default),
        "execution_role": properties.get(
            "ExecutionRoleName", "AWSCloudFormationStackSetExecutionRole"
        ),
        "capabilities": list(properties.get("Capabilities", [])),
        "parameters": {
            each["ParameterKey"]: str(each["ParameterValue"])
            for each in properties.get("Parameters", [])
        },
        "tags": {
            each["Key"]: str(each["Value"])
            for each in properties.get("Tags", [])
            if not each["Key"].startswith("aws:")
        },
    }


def _fetch(url: str) -> str:
    """The template behind a path-style S3 URL."""
    bucket, _, key = url.partition("://")[2].partition("/")[2].partition("/")
    found = s3._get_object_data(bucket, key)
    if found is None:
        raise StackSetError(f"S3 error: Access Denied or no such key: {url}")
    text: str = found.decode()
    return text


def _check_roles(stack_set: StackSet) -> None:
    """Administration is there and trusts CloudFormation; execution is there and trusts it."""
    administration = stack_set["administration_role"]
    trust = _trust(administration.rpartition("/")[2])
    if trust is None or not _allows(trust, "Service", SERVICE):
        raise StackSetError(
            f"Account {get_account_id()} should have '{administration.rpartition('/')[2]}' role "
            f"with trust relationship to Role '{SERVICE}'."
        )
    trust = _trust(stack_set["execution_role"])
    root = f"arn:aws:iam::{get_account_id()}:root"
    if trust is None or not any(_allows(trust, "AWS", who) for who in (administration, root)):
        raise StackSetError(
            f"Account {get_account_id()} should have '{stack_set['execution_role']}' role with "
            f"trust relationship to Role '{administration.rpartition('/')[2]}'."
        )


def _trust(role: str) -> dict[str, Any] | None:
    iam = client("iam", account=get_account_id(), region=get_region())
    try:
        document = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    except ClientError:
        return None
    trust: dict[str, Any] = json.loads(document) if isinstance(document, str) else document
    return trust


def _allows(trust: dict[str, Any], kind: str, who: str) -> bool:
    statements = trust["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        named = statement.get("Principal", {}).get(kind, [])
        if statement["Effect"] == "Allow" and who in ([named] if isinstance(named, str) else named):
            return True
    return False


def _where(properties: Properties) -> list[tuple[str, str]]:
    places = [
        (account, region)
        for group in properties.get("StackInstancesGroup", [])
        for account in group["DeploymentTargets"]["Accounts"]
        for region in group["Regions"]
    ]
    if any(account != get_account_id() for account, _ in places):
        raise StackSetError(
            "The embedded AWS brings up instances in the StackSet's own account only"
        )
    return places


def _place(instance: Instance) -> tuple[str, str]:
    return instance["account"], instance["region"]
