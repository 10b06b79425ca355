"""CloudFormation's resource schemas, as the installed cfn-lint carries them.

    data/schemas/providers/us-east-1.json (type to hash) -> data/schemas/resources/<hash>.json

The files are read without cfn-lint itself, whose import takes longer than the rest of a synthesis; schemas that
a person has downloaded beside it do not count, so that roles come out the same everywhere.

https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..errors import ReleaseError

REGION = "us-east-1"  # where every type is known first
CUSTOM, CUSTOM_TYPE = "Custom::", "AWS::CloudFormation::CustomResource"


@cache
def schema(resource_type: str) -> Mapping[str, Any]:
    """The schema of this type; a ``Custom::`` type has that of a custom resource.

    Raises:
        ReleaseError: cfn-lint knows no such type.
    """
    known = CUSTOM_TYPE if resource_type.startswith(CUSTOM) else resource_type
    digest = _types().get(known)
    if digest is None:
        raise ReleaseError(
            f"there is no CloudFormation schema of {resource_type}",
            hint="correct the type, or upgrade cfn-lint for a type that is new",
        )
    return _read(f"resources/{digest}.json")


@cache
def _types() -> Mapping[str, str]:
    return _read(f"providers/{REGION}.json")


def _read(name: str) -> Mapping[str, Any]:
    spec = find_spec("cfnlint")  # which imports nothing
    assert spec is not None
    assert spec.origin is not None
    file = Path(spec.origin).parent / "data" / "schemas" / name
    found: Mapping[str, Any] = json.loads(file.read_text(encoding="utf-8"))
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
