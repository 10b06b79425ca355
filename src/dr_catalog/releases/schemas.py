"""CloudFormation's resource schemas, as cfn-lint carries them.

https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from ..errors import ReleaseError

REGION = "us-east-1"  # where every type is known first


@cache
def schema(resource_type: str) -> Mapping[str, Any]:
    """The schema of this type; a ``Custom::`` type has that of a custom resource.

    Raises:
        ReleaseError: cfn-lint knows no such type.
    """
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER, ResourceNotFoundError  # slow: 0.5 s

    try:
        found: Mapping[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema(
            REGION, resource_type
        ).schema
    except ResourceNotFoundError:
        raise ReleaseError(
            f"there is no CloudFormation schema of {resource_type}",
            hint="correct the type, or upgrade cfn-lint for a type that is new",
        ) from None
    return found


@cache
def create_only(resource_type: str) -> frozenset[str]:
    """Dotted paths of the properties whose change replaces the resource, always or at times."""
    found = schema(resource_type)
    pointers = (
        *found.get("createOnlyProperties", ()),
        *found.get("conditionalCreateOnlyProperties", ()),
    )
    return frozenset(pointer.removeprefix("/properties/").replace("/", ".") for pointer in pointers)
