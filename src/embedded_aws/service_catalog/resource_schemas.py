"""The properties of the nine resource types, and what CloudFormation says when they are off.

Each schema holds what the public resource schema states: properties with their limits, which are
required, which can't change without a replacement. Nothing else is accepted.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ServiceCatalog.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Property:
    """One property.

    Args:
        kind: String, Boolean, Array or Object (a JSON text counts as an object).
        limit: The longest string, or the most items.
        least: The shortest string.
        pattern: What a string must match.
        values: The strings allowed.
        items: What the items of an array look like.
        members: What an object holds; None where any member will do.
        required: The members an object must hold.
    """

    kind: str = "String"
    limit: int | None = None
    least: int = 0
    pattern: str | None = None
    values: tuple[str, ...] = ()
    items: Property | None = None
    members: Mapping[str, Property] | None = None
    required: tuple[str, ...] = ()


@dataclass(frozen=True)
class Schema:
    """A resource type's properties.

    Args:
        properties: All that are accepted.
        required: Those that must be there.
        fixed: Those whose change replaces the resource.
        one_of: Exactly one of these must be there.
    """

    properties: Mapping[str, Property]
    required: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    one_of: tuple[str, ...] = field(default=())


class PropertyError(ValueError):
    """Properties that the schema refuses, in CloudFormation's words."""


def check(logical_id: str, schema: Schema, properties: Mapping[str, Any]) -> None:
    """Refuse properties that break the schema.

    Raises:
        PropertyError: With a line for each break.
    """
    whole = Property(kind="Object", members=schema.properties, required=schema.required)
    problems = _problems(whole, properties, "#")
    if schema.one_of and sum(name in properties for name in schema.one_of) != 1:
        problems.append(f"#: exactly one of [{', '.join(schema.one_of)}] is required")
    if problems:
        raise PropertyError(
            f"Properties validation failed for resource {logical_id} with message:\n"
            + "\n".join(problems)
        )


def _problems(rule: Property, value: Any, path: str) -> list[str]:
    checks = {"Object": _object_problems, "Array": _array_problems, "Boolean": _boolean_problems}
    return checks.get(rule.kind, _string_problems)(rule, value, path)


def _object_problems(rule: Property, value: Any, path: str) -> list[str]:
    if rule.members is None:
        return [] if isinstance(value, (dict, str)) else [_expected("JSONObject", value, path)]
    if not isinstance(value, Mapping):
        return [_expected("JSONObject", value, path)]
    problems = [f"{path}: required key [{n}] not found" for n in rule.required if n not in value]
    for name, item in value.items():
        if name in rule.members:
            problems += _problems(rule.members[name], item, f"{path}/{name}")
        else:
            problems.append(f"{path}: extraneous key [{name}] is not permitted")
    return problems


def _array_problems(rule: Property, value: Any, path: str) -> list[str]:
    if not isinstance(value, list):
        return [_expected("JSONArray", value, path)]
    problems = []
    if rule.limit is not None and len(value) > rule.limit:
        problems.append(f"{path}: expected maximum item count: {rule.limit}, found: {len(value)}")
    if rule.items is not None:
        for index, item in enumerate(value):
            problems += _problems(rule.items, item, f"{path}/{index}")
    return problems


def _boolean_problems(rule: Property, value: Any, path: str) -> list[str]:
    if isinstance(value, bool) or str(value).lower() in ("true", "false"):
        return []
    return [_expected("Boolean", value, path)]


def _string_problems(rule: Property, value: Any, path: str) -> list[str]:
    if isinstance(value, (dict, list)):
        return [_expected("String", value, path)]
    text = str(value)
    problems = []
    if rule.limit is not None and len(text) > rule.limit:
        problems.append(f"{path}: expected maxLength: {rule.limit}, actual: {len(text)}")
    if len(text) < rule.least:
        problems.append(f"{path}: expected minLength: {rule.least}, actual: {len(text)}")
    if rule.pattern is not None and not re.fullmatch(rule.pattern, text):
        problems.append(f"{path}: string [{text}] does not match pattern {rule.pattern}")
    if rule.values and text not in rule.values:
        problems.append(f"{path}: {text} is not a valid enum value")
    return problems


def _expected(kind: str, value: Any, path: str) -> str:
    found = {dict: "JSONObject", list: "JSONArray", bool: "Boolean"}.get(type(value), "String")
    return f"{path}: expected type: {kind}, found: {found}"


_TEXT = Property()
_FLAG = Property(kind="Boolean")
_LANGUAGE = Property(limit=100)
_ID = Property(limit=100, least=1, pattern=r"[a-zA-Z0-9_\-]*")
_TAG_KEY = Property(limit=128, least=1, pattern=r"[\w\s.:/=+\-@]*")
_TAG_VALUE = Property(limit=256, least=1, pattern=r"[\w\s.:/=+\-@]*")
_TAGS = Property(
    kind="Array",
    limit=20,
    items=Property(
        kind="Object",
        members={"Key": _TAG_KEY, "Value": _TAG_VALUE},
        required=("Value", "Key"),
    ),
)
_ARTIFACT = Property(
    kind="Object",
    members={
        "Description": Property(limit=8192),
        "DisableTemplateValidation": _FLAG,
        "Info": Property(kind="Object"),
        "Name": Property(limit=8192),
        "Type": Property(values=("CLOUD_FORMATION_TEMPLATE",)),
    },
    required=("Info",),
)
_CONSTRAINT = {
    "AcceptLanguage": _LANGUAGE,
    "Description": Property(limit=2000),
    "PortfolioId": _ID,
    "ProductId": _ID,
}
_PAIR = ("PortfolioId", "ProductId")

PORTFOLIO = Schema(
    properties={
        "AcceptLanguage": _LANGUAGE,
        "Description": Property(limit=2000),
        "DisplayName": Property(limit=100, least=1),
        "ProviderName": Property(limit=50, least=1),
        "Tags": _TAGS,
    },
    required=("DisplayName", "ProviderName"),
)
PRODUCT = Schema(
    properties={
        "AcceptLanguage": _LANGUAGE,
        "Description": Property(limit=8191),
        "Distributor": Property(limit=8191),
        "Name": Property(limit=8191),
        "Owner": Property(limit=8191),
        "ProductType": Property(values=("CLOUD_FORMATION_TEMPLATE",)),
        "ProvisioningArtifactParameters": Property(kind="Array", items=_ARTIFACT),
        "ReplaceProvisioningArtifacts": _FLAG,
        "SupportDescription": Property(limit=8191),
        "SupportEmail": Property(limit=254),
        "SupportUrl": Property(limit=2083),
        "Tags": _TAGS,
    },
    required=("Owner", "Name", "ProvisioningArtifactParameters"),
)
PRODUCT_ASSOCIATION = Schema(
    properties={"AcceptLanguage": _LANGUAGE, "PortfolioId": _ID, "ProductId": _ID},
    required=_PAIR,
    fixed=("AcceptLanguage", *_PAIR),
)
LAUNCH_ROLE = Schema(
    properties={
        **_CONSTRAINT,
        "LocalRoleName": Property(limit=64, least=1, pattern=r"[\w+=,.@-]+"),
        "RoleArn": Property(pattern=r"arn:(aws|aws-cn|aws-us-gov):iam::[0-9]*:(role)\/.*"),
    },
    required=_PAIR,
    fixed=_PAIR,
    one_of=("LocalRoleName", "RoleArn"),
)
LAUNCH_TEMPLATE = Schema(
    properties={**_CONSTRAINT, "Rules": _TEXT},
    required=("Rules", *_PAIR),
    fixed=_PAIR,
)
PRINCIPAL_ASSOCIATION = Schema(
    properties={
        "AcceptLanguage": _LANGUAGE,
        "PortfolioId": _ID,
        "PrincipalARN": Property(
            pattern=r"arn:(aws|aws-cn|aws-us-gov):iam::[0-9]*:(role|user|group)\/.*"
        ),
        "PrincipalType": Property(values=("IAM", "IAM_PATTERN")),
    },
    required=("PrincipalType", "PortfolioId", "PrincipalARN"),
    fixed=("AcceptLanguage", "PortfolioId", "PrincipalARN", "PrincipalType"),
)
SHARE = Schema(
    properties={
        "AcceptLanguage": _LANGUAGE,
        "AccountId": Property(pattern=r"[0-9]{12}"),
        "PortfolioId": _ID,
        "ShareTagOptions": _FLAG,
    },
    required=("AccountId", "PortfolioId"),
    fixed=("AccountId", "PortfolioId"),
)
TAG_OPTION = Schema(
    properties={"Active": _FLAG, "Key": _TAG_KEY, "Value": _TAG_VALUE},
    required=("Value", "Key"),
    fixed=("Value", "Key"),
)
TAG_OPTION_ASSOCIATION = Schema(
    properties={"ResourceId": _ID, "TagOptionId": _ID},
    required=("TagOptionId", "ResourceId"),
    fixed=("TagOptionId", "ResourceId"),
)
