"""``AWS::CloudFormation::StackSet`` with self-managed permissions: what a template says of one.

Its properties become a `Definition` and a list of places; `engine` does the rest. A StackSet that
can't be brought up is taken down again, as CloudFormation does when a stack rolls back.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cloudformation-stackset.html
"""

from __future__ import annotations

import re
import uuid
from typing import Any
from urllib.parse import unquote, urlparse

from ministack.core.responses import get_account_id, get_region
from ministack.services import s3

from .. import extension
from ..extension import Made, require
from ..resource_types.context import Properties, known, refuse_replacement
from .engine import OperationError, operate
from .state import Definition, Instance, StackSet, stack_sets

TYPE = "AWS::CloudFormation::StackSet"
PROPERTIES = (
    "AdministrationRoleARN",
    "Capabilities",
    "Description",
    "ExecutionRoleName",
    "ManagedExecution",
    "OperationPreferences",
    "Parameters",
    "PermissionModel",
    "StackInstancesGroup",
    "StackSetName",
    "Tags",
    "TemplateBody",
    "TemplateURL",
)
# How many at once, and in which order: one after the other is within all of them.
PREFERENCES = (
    "ConcurrencyMode",
    "MaxConcurrentCount",
    "MaxConcurrentPercentage",
    "RegionConcurrencyType",
)
NAME = r"[a-zA-Z][-a-zA-Z0-9]*"
NAME_LIMIT = 128
_DEFAULT_ADMINISTRATION = "AWSCloudFormationStackSetAdministrationRole"
_DEFAULT_EXECUTION = "AWSCloudFormationStackSetExecutionRole"
# ``https://s3.us-east-1.amazonaws.com/bucket/key``: the one form that the emulator itself reads.
_S3_HOST = re.compile(r"s3(?:[.-](?P<region>[a-z]{2}-[a-z]+-\d))?\.amazonaws\.com")

_bucket_owner = require(s3, "_bucket_owner_account")
_buckets = require(s3, "_buckets")
require(s3, "_get_object_data")

Place = tuple[str, str]


class StackSetError(ValueError):
    """CloudFormation refuses the StackSet."""


def register() -> None:
    """Register the type."""
    extension.register_type(TYPE, create=create, update=update, delete=delete, tags="Tags")


def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
    """Create the StackSet and bring its instances up; a failure leaves neither behind."""
    name = _name(properties)
    definition, places = _definition(properties), _places(properties)
    if name in stack_sets:
        raise StackSetError(
            f"Resource of type '{TYPE}' with identifier '{name}' already exists. "
            "(NameAlreadyExistsException)"
        )
    identifier = f"{name}:{uuid.uuid4()}"
    stack_set = StackSet(
        name=name,
        id=identifier,
        arn=f"arn:aws:cloudformation:{get_region()}:{get_account_id()}:stackset/{identifier}",
        definition=definition,
        instances=[_instance(place) for place in places],
        operations=[],
    )
    stack_sets[name] = stack_set
    try:
        if places:
            operate(stack_set, "CREATE", stack_set["instances"])
    except OperationError as error:
        try:
            _take_down(stack_set)
        except OperationError as left:
            raise StackSetError(f"{error}; what was made is still there: {left}") from error
        raise
    return identifier, {"StackSetId": identifier}


def update(
    physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
) -> Made:
    """Update every instance, delete those no longer listed, create those that are new.

    Half done, it is undone by the same function with the old properties: CloudFormation does so.
    """
    if _name(new) != physical_id.partition(":")[0]:
        refuse_replacement(TYPE, physical_id)
    definition, places = _definition(new), _places(new)
    stack_set: StackSet = stack_sets[_name(new)]
    stack_set["definition"] = definition
    gone = [each for each in stack_set["instances"] if _place(each) not in places]
    kept = [each for each in stack_set["instances"] if _place(each) in places]
    added = [_instance(place) for place in places if place not in map(_place, kept)]
    if kept:
        operate(stack_set, "UPDATE", kept)
    if gone:
        operate(stack_set, "DELETE", gone)
        stack_set["instances"] = kept
    if added:
        stack_set["instances"] = [*kept, *added]
        operate(stack_set, "CREATE", added)
    return physical_id, {"StackSetId": physical_id}


def delete(physical_id: str, properties: dict[str, Any]) -> None:
    """Delete the instances, then the StackSet; when an instance fails, both stay."""
    stack_set = stack_sets.get(physical_id.partition(":")[0])
    if stack_set is not None and stack_set["id"] == physical_id:
        _take_down(stack_set)


def _take_down(stack_set: StackSet) -> None:
    if stack_set["instances"]:
        operate(stack_set, "DELETE", stack_set["instances"])
    del stack_sets[stack_set["name"]]


def _name(properties: Properties) -> str:
    known(properties, PROPERTIES)
    name = str(properties["StackSetName"])
    if len(name) > NAME_LIMIT or not re.fullmatch(NAME, name):
        raise StackSetError(
            f"1 validation error detected: Value '{name}' at 'stackSetName' failed to satisfy "
            f"constraint: Member must satisfy regular expression pattern: {NAME}"
        )
    return name


def _definition(properties: Properties) -> Definition:
    if properties["PermissionModel"] != "SELF_MANAGED":
        raise StackSetError(
            f"PermissionModel {properties['PermissionModel']} is not in the embedded AWS; "
            "SELF_MANAGED is"
        )
    if ("TemplateBody" in properties) == ("TemplateURL" in properties):
        raise StackSetError("Either TemplateBody or TemplateURL must be specified, and not both")
    return Definition(
        description=properties.get("Description", ""),
        template=properties.get("TemplateBody") or _fetch(properties["TemplateURL"]),
        url=properties.get("TemplateURL", ""),
        administration_role=properties.get(
            "AdministrationRoleARN",
            f"arn:aws:iam::{get_account_id()}:role/{_DEFAULT_ADMINISTRATION}",
        ),
        execution_role=properties.get("ExecutionRoleName", _DEFAULT_EXECUTION),
        capabilities=list(properties.get("Capabilities", [])),
        parameters={
            each["ParameterKey"]: each["ParameterValue"]
            for each in properties.get("Parameters", [])
        },
        tags={
            each["Key"]: each["Value"]
            for each in properties.get("Tags", [])
            if not each["Key"].startswith("aws:")
        },
    )


def _places(properties: Properties) -> list[Place]:
    groups = properties.get("StackInstancesGroup", [])
    known(properties.get("OperationPreferences", {}), PREFERENCES)
    for group in groups:
        known(group, ("DeploymentTargets", "Regions"))
        known(group["DeploymentTargets"], ("Accounts",))
    places = [
        (account, region)
        for group in groups
        for region in group["Regions"]
        for account in group["DeploymentTargets"].get("Accounts", [])
    ]
    if len(set(places)) < len(places):
        raise StackSetError("StackInstancesGroup names the same account and region twice")
    return places


def _instance(place: Place) -> Instance:
    account, region = place
    return Instance(account=account, region=region, stack_id="", status="OUTDATED", reason="")


def _place(instance: Instance) -> Place:
    return instance["account"], instance["region"]


def _fetch(url: str) -> str:
    """The template behind a path-style S3 URL, whose region must be the bucket's."""
    parts = urlparse(url)
    host = _S3_HOST.fullmatch(parts.hostname or "")
    bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
    if host is None or not key:
        raise StackSetError(f"TemplateURL must be a path-style S3 URL: {url}")
    found = s3._get_object_data(bucket, key)
    if found is None:
        raise StackSetError(f"S3 error: Access Denied or no such object: {url}")
    region = (_buckets.get_scoped(_bucket_owner(bucket), None, bucket) or {}).get("region")
    if host["region"] and region and host["region"] != region:
        raise StackSetError(
            f"S3 error: The bucket you are attempting to access must be addressed using the "
            f"specified endpoint: {bucket} is in {region}, not in {host['region']}"
        )
    text: str = found.decode()
    return text
