"""Policy documents as the rules read them: statements, actions, principals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..template import Resource, Template, as_list, dig

Statement = Mapping[str, Any]

# Where a type keeps the documents that say what an identity may do, and those that say who may come.
_IDENTITY = {
    "AWS::IAM::ManagedPolicy": "PolicyDocument",
    "AWS::IAM::Policy": "PolicyDocument",
    "AWS::IAM::RolePolicy": "PolicyDocument",
}
_RESOURCE = {
    "AWS::ApiGateway::RestApi": "Policy",
    "AWS::Events::EventBusPolicy": "Statement",
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
    "AWS::SQS::QueuePolicy": "PolicyDocument",
    "AWS::SecretsManager::ResourcePolicy": "ResourcePolicy",
}


def identity_statements(template: Template) -> Iterator[tuple[Resource, Statement]]:
    """Every statement that says what an identity may do."""
    for role in template.resources("AWS::IAM::Role"):
        for policy in as_list(role.get("Policies")):
            for statement in statements_of(dig(policy, "PolicyDocument")):
                yield role, statement
    for resource in template.resources(*_IDENTITY):
        for statement in statements_of(resource.get(_IDENTITY[resource.type])):
            yield resource, statement


def resource_statements(template: Template) -> Iterator[tuple[Resource, Statement]]:
    """Every statement on a resource that says who may come, apart from a key's."""
    for resource in template.resources(*_RESOURCE):
        found = resource.get(_RESOURCE[resource.type])
        for statement in [found] if "Effect" in (found or {}) else statements_of(found):
            yield resource, statement


def statements_of(document: Any) -> list[Statement]:
    """The statements of a policy document."""
    return [entry for entry in as_list(dig(document, "Statement")) if isinstance(entry, Mapping)]


def actions(statement: Statement) -> list[str]:
    """The actions that a statement names."""
    return [str(action) for action in as_list(statement.get("Action"))]


def principals(template: Template, statement: Statement) -> Iterator[str]:
    """The principals that a statement names, as ``Service:...`` or ``AWS:...``."""
    principal = statement.get("Principal")
    if isinstance(principal, str):
        yield f"AWS:{principal}"
    elif isinstance(principal, Mapping):
        for kind, values in principal.items():
            for value in as_list(values):
                yield f"{kind}:{template.text(value)}"
