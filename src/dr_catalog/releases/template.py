"""A CloudFormation template as the checks read it: resources by type, intrinsics as text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

# The property that is a resource's physical name, for the types whose names a tenant meets.
NAME_PROPERTIES: Mapping[str, str] = {
    "AWS::ApiGateway::RestApi": "Name",
    "AWS::Backup::BackupPlan": "BackupPlan.BackupPlanName",
    "AWS::Backup::BackupVault": "BackupVaultName",
    "AWS::CloudFormation::StackSet": "StackSetName",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::CompositeAlarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::DynamoDB::GlobalTable": "TableName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::Events::Rule": "Name",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::KMS::Alias": "AliasName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::RDS::DBCluster": "DBClusterIdentifier",
    "AWS::RDS::DBInstance": "DBInstanceIdentifier",
    "AWS::RDS::GlobalCluster": "GlobalClusterIdentifier",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::SSM::Parameter": "Name",
    "AWS::Scheduler::Schedule": "Name",
    "AWS::SecretsManager::Secret": "Name",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
}
# Types that hold a tenant's data or the key to it; a StackSet holds the peer region's half of both.
DATA_BEARING = frozenset(
    {
        "AWS::Backup::BackupVault",
        "AWS::CloudFormation::StackSet",
        "AWS::DynamoDB::GlobalTable",
        "AWS::DynamoDB::Table",
        "AWS::EFS::FileSystem",
        "AWS::KMS::Key",
        "AWS::KMS::ReplicaKey",
        "AWS::RDS::DBCluster",
        "AWS::RDS::GlobalCluster",
        "AWS::S3::Bucket",
        "AWS::SecretsManager::Secret",
    }
)
_SUB_NAME = re.compile(r"\$\{([^!}][^}]*)\}")
_LITERAL = re.compile(r"\$\{!([^}]*)\}")


@dataclass(frozen=True)
class Resource:
    """One resource of a template."""

    id: str
    body: Mapping[str, Any]

    @property
    def type(self) -> str:
        """Its type, such as ``AWS::S3::Bucket``; empty where cfn-lint would find none."""
        return str(self.body.get("Type", ""))

    @property
    def properties(self) -> Mapping[str, Any]:
        """Its properties, empty where it has none."""
        return _mapping(self.body.get("Properties"))

    def get(self, path: str) -> Any:
        """The property at a dotted path, None where there is none or an intrinsic stands there."""
        return dig(self.properties, path)


@dataclass(frozen=True)
class Template:
    """One template.

    Args:
        role: Such as ``primary``.
        body: The template as JSON has it.
    """

    role: str
    body: Mapping[str, Any]

    @classmethod
    def parse(cls, role: str, content: bytes) -> Template:
        """The template that these bytes hold; ``ValueError`` when they are no JSON object."""
        body = json.loads(content)
        if not isinstance(body, Mapping):
            raise ValueError("a template is a JSON object")
        return cls(role, body)

    @property
    def parameters(self) -> Mapping[str, Mapping[str, Any]]:
        """Its parameters by name."""
        return _entries(self.body.get("Parameters"))

    @property
    def outputs(self) -> Mapping[str, Mapping[str, Any]]:
        """Its outputs by name."""
        return _entries(self.body.get("Outputs"))

    @cached_property
    def by_id(self) -> Mapping[str, Resource]:
        """Its resources by logical id."""
        entries = _entries(self.body.get("Resources"))
        return {name: Resource(name, body) for name, body in entries.items()}

    def resources(self, *types: str) -> Iterator[Resource]:
        """Its resources of these types, or all of them."""
        for resource in self.by_id.values():
            if not types or resource.type in types:
                yield resource

    def name(self, resource: Resource) -> str:
        """The physical name as text; empty where CloudFormation would invent one."""
        path = NAME_PROPERTIES.get(resource.type)
        value = resource.get(path) if path else None
        return "" if value is None else self.text(value)

    def text(self, value: Any) -> str:
        """The value as the text of an ``Fn::Sub``: ``${Parameter}``, ``${Resource.Attribute}``.

        ``Ref`` and ``Fn::Sub`` of a named resource become its name. What can't be known before a
        launch becomes ``${?}``.
        """
        match value:
            case str():
                return value
            case bool():
                return str(value).lower()
            case int() | float():
                return str(value)
            case {"Ref": str(name)}:
                return self._reference(name)
            case {"Fn::GetAtt": [str(name), str(attribute)]}:
                return "${" + f"{name}.{attribute}" + "}"
            case {"Fn::Sub": str(text)}:
                return self._substituted(text, {})
            case {"Fn::Sub": [str(text), dict(variables)]}:
                return self._substituted(text, variables)
            case {"Fn::Join": [str(separator), list(parts)]}:
                return separator.join(self.text(part) for part in parts)
        return "${?}"

    def strings(self) -> Iterator[tuple[str, tuple[str, ...], str]]:
        """Every text value: its owner (logical id, or section), the path to it, and the text.

        Descriptions, metadata and parameters are left out: they say, but do not act.
        """
        for section, entries in self.body.items():
            if section in ("Description", "Metadata", "Parameters", "AWSTemplateFormatVersion"):
                continue
            if not isinstance(entries, Mapping):
                yield from _strings(section, (), entries)
                continue
            for name, entry in entries.items():
                owner = name if section == "Resources" else section
                yield from _strings(owner, (), entry)

    def _reference(self, name: str) -> str:
        named = self.by_id.get(name)
        return (named and self.name(named)) or "${" + name + "}"

    def _substituted(self, text: str, variables: Mapping[str, Any]) -> str:
        def value(found: re.Match[str]) -> str:
            name = found[1]
            return self.text(variables[name]) if name in variables else self._reference(name)

        return _LITERAL.sub(r"${\1}", _SUB_NAME.sub(value, text))


def dig(value: Any, path: str) -> Any:
    """What lies at a dotted path of mappings, None where the path ends early."""
    for step in path.split("."):
        if not isinstance(value, Mapping) or step not in value:
            return None
        value = value[step]
    return value


def as_list(value: Any) -> list[Any]:
    """The list itself, or one entry as a list; nothing as none."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _entries(section: Any) -> Mapping[str, Mapping[str, Any]]:
    """A section's well-formed entries; cfn-lint tells of the others."""
    return {name: body for name, body in _mapping(section).items() if isinstance(body, Mapping)}


def _strings(
    owner: str, path: tuple[str, ...], value: Any
) -> Iterator[tuple[str, tuple[str, ...], str]]:
    if isinstance(value, str):
        yield owner, path, value
    elif isinstance(value, Mapping):
        for key, entry in value.items():
            if key not in ("Description", "Metadata", "Ref", "Fn::GetAtt", "DependsOn"):
                yield from _strings(owner, (*path, str(key)), entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _strings(owner, path, entry)
