"""IAM roles and policies."""

from __future__ import annotations

import re

from ..template import Template, as_list
from .documents import (
    actions,
    identity_statements,
    principals,
    resource_statements,
    statements_of,
)
from .rule import Violations, rule

_EVERYTHING = re.compile(r"\*|[a-z0-9-]+:\*+")
# The services that run what a tier brings; anyone else who assumes a role is a way in.
_TRUSTED = frozenset(
    f"Service:{service}.amazonaws.com"
    for service in (
        "apigateway",
        "backup",
        "events",
        "lambda",
        "monitoring.rds",
        "s3",
        "scheduler",
        "states",
        "vpc-flow-logs",
    )
)
_LEAST = (
    "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege"
)


@rule("DR030", "A policy allows named actions, never all or all of a service", source=_LEAST)
def actions_named(template: Template) -> Violations:
    for resource, statement in (*identity_statements(template), *resource_statements(template)):
        if statement.get("Effect") == "Allow":
            for action in actions(statement):
                if _EVERYTHING.fullmatch(action.lower()):
                    yield resource.id, f"allows the action {action}"


@rule("DR031", "An identity's policy names the resources it allows", source=_LEAST)
def resources_named(template: Template) -> Violations:
    for resource, statement in identity_statements(template):
        named = [template.text(value) for value in as_list(statement.get("Resource"))]
        if statement.get("Effect") == "Allow" and "*" in named:
            yield resource.id, f"allows {', '.join(actions(statement))} on every resource"


@rule(
    "DR032",
    "A policy that allows says what, not what not",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html",
)
def allow_says_what(template: Template) -> Violations:
    for resource, statement in (*identity_statements(template), *resource_statements(template)):
        for element in ("NotAction", "NotPrincipal", "NotResource"):
            if statement.get("Effect") == "Allow" and element in statement:
                yield resource.id, f"allows with {element}"


@rule(
    "DR033",
    "A role is assumed by a service that runs it, and by nobody else",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-service.html",
)
def role_trusts_services(template: Template) -> Violations:
    for role in template.resources("AWS::IAM::Role"):
        for statement in statements_of(role.get("AssumeRolePolicyDocument")):
            if statement.get("Effect") != "Allow":
                continue
            if "NotPrincipal" in statement:
                yield role.id, "its trust policy allows with NotPrincipal"
            for principal in principals(template, statement):
                if principal not in _TRUSTED:
                    yield role.id, f"its trust policy lets in {principal}"
