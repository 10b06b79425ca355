"""What counts as a change, what breaks, and how it reads."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dr_catalog.releases import Contract, compare
from dr_catalog.releases.template import DATA_BEARING

from .conftest import samples
from .test_policies import GONE, change


def contract(role: str, path: str, value: Any, *, after: str = "1.1.0") -> Contract:
    old, new = samples(), samples()
    change(new, role, path, value)
    return compare(before="1.0.0", after=after, old=_bytes(old), new=_bytes(new))


def _bytes(templates: dict[str, Any]) -> dict[str, bytes]:
    return {role: json.dumps(body).encode() for role, body in templates.items()}


NAME = {"Fn::Sub": "dr-new-${EnvironmentSuffix}"}
SUFFIX, PROTECTION = ".Parameters.EnvironmentSuffix", ".Parameters.DeletionProtection"
REQUIRED = {"Type": "String", "AllowedPattern": "a"}
# template, path, new value, what is said, breaking, holds data
ROWS: list[tuple[str, str, Any, str, bool, bool]] = [
    ("primary", PROTECTION, GONE, "DeletionProtection: removed", True, False),
    ("primary", ".Parameters.New", REQUIRED, "New: added, and a launch must give", True, False),
    (
        "primary",
        ".Parameters.New",
        {**REQUIRED, "Default": "a"},
        "New: added, with a",
        False,
        False,
    ),
    ("primary", f"{PROTECTION}.Default", GONE, "lost its default", True, False),
    ("primary", f"{PROTECTION}.Default", "false", "default true became false", False, False),
    ("primary", f"{PROTECTION}.AllowedValues", ["true"], "no longer allows false", True, False),
    ("primary", f"{PROTECTION}.AllowedValues", ["true", "false", "x"], "more", False, False),
    ("primary", f"{PROTECTION}.AllowedValues", GONE, "allows any value", False, False),
    ("primary", f"{SUFFIX}.AllowedValues", ["dev"], "only listed values", True, False),
    ("primary", f"{SUFFIX}.AllowedPattern", "^[a-z]+$", "pattern became ^[a-z]+$", True, False),
    ("primary", f"{SUFFIX}.AllowedPattern", GONE, "pattern became none", False, False),
    ("primary", f"{SUFFIX}.MaxLength", 10, "MaxLength 20 became 10", True, False),
    ("primary", f"{SUFFIX}.MaxLength", 30, "MaxLength 20 became 30", False, False),
    ("primary", f"{SUFFIX}.MinLength", 3, "MinLength 2 became 3", True, False),
    ("primary", f"{SUFFIX}.MinLength", GONE, "MinLength 2 became None", False, False),
    ("primary", f"{PROTECTION}.MaxLength", 9, "MaxLength None became 9", True, False),
    ("primary", f"{SUFFIX}.Type", "Number", "type String became Number", True, False),
    ("primary", ".Outputs.BucketName", GONE, "output BucketName: removed", True, False),
    ("primary", ".Outputs.New", {"Value": "a"}, "output New: added", False, False),
    ("primary", "Table", GONE, "AWS::DynamoDB::GlobalTable removed", True, True),
    ("foundation", "ReplicaKey", GONE, "AWS::KMS::ReplicaKey removed", True, True),
    ("primary", "Endpoint", GONE, "AWS::SSM::Parameter removed", True, False),
    ("primary", "Deployment", GONE, "AWS::ApiGateway::Deployment removed", False, False),
    ("primary", "New", {"Type": "AWS::SQS::Queue"}, "AWS::SQS::Queue added", False, False),
    ("primary", "Table.Type", "AWS::DynamoDB::Table", "Table added in its place", True, True),
    ("primary", "Table.Properties.TableName", NAME, "since TableName changed", True, True),
    ("primary", "Table.Properties.KeySchema.0.KeyType", "RANGE", "since KeySchema", True, True),
    ("foundation", "Bucket.Properties.BucketName", NAME, "since BucketName", True, True),
    ("foundation", "ReplicaKey.Properties.PrimaryKeyArn", "a", "since PrimaryKeyArn", True, True),
    ("primary", "Workload.Properties.StackSetName", NAME, "since StackSetName", True, True),
    ("workload", "Function.Properties.FunctionName", NAME, "since FunctionName", True, False),
]


@pytest.mark.parametrize(
    ("role", "path", "value", "says", "breaking", "data"), ROWS, ids=[row[3] for row in ROWS]
)
def test_a_change_is_seen_and_judged(
    role: str, path: str, value: Any, says: str, breaking: bool, data: bool
) -> None:
    found = contract(role, path, value)
    (entry,) = found.changes
    assert says in str(entry)
    assert entry.template == role
    assert (entry.breaking, entry.data_bearing) == (breaking, data)
    assert found.refused == ((entry,) if breaking else ())


def test_a_new_major_version_may_break() -> None:
    found = contract("primary", "Table", GONE, after="2.0.0")
    assert found.breaking
    assert found.refused == ()


@pytest.mark.parametrize(
    ("role", "path", "value"),
    [
        ("primary", ".Description", "other"),
        ("primary", f"{SUFFIX}.Description", "other"),
        ("primary", "Function.Properties.MemorySize", 512),
        ("workload", ".Parameters.KeyId", GONE),  # the primary alone fills it
    ],
)
def test_what_a_tenant_cannot_meet_is_no_change(role: str, path: str, value: Any) -> None:
    assert contract(role, path, value).changes == ()


def test_a_contract_prints_its_breaking_changes_first() -> None:
    old, new = samples(), samples()
    change(new, "primary", "Added", {"Type": "AWS::SQS::Queue"})
    change(new, "primary", "Table", GONE)
    text = str(compare(before="1.0.0", after="1.1.0", old=_bytes(old), new=_bytes(new)))
    assert text.splitlines() == [
        "1.0.0 -> 1.1.0: 2 changes, 1 breaking",
        "  primary: resource Table: AWS::DynamoDB::GlobalTable removed [breaking, holds data]",
        "  primary: resource Added: AWS::SQS::Queue added",
    ]


def test_a_lost_peer_template_loses_its_resources() -> None:
    old, new = samples(), samples()
    del new["foundation"]
    found = compare(before="1.0.0", after="1.1.0", old=_bytes(old), new=_bytes(new))
    assert {entry.name for entry in found.refused} == {"ReplicaKey", "Bucket", "BucketPolicy"}


def test_every_data_bearing_type_is_known() -> None:
    from dr_catalog.releases.schemas import create_only

    for resource_type in DATA_BEARING - {"AWS::KMS::Key"}:  # a key has no name to replace
        assert create_only(resource_type), resource_type
