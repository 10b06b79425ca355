"""Data that outlives a mistake."""

from __future__ import annotations

from ..template import DATA_BEARING, Template, as_list, dig
from .rule import Violations, rule

# A StackSet holds no data itself: what it brings up in the peer is retained by the peer's template.
_RETAINED = DATA_BEARING - {"AWS::CloudFormation::StackSet"}


@rule(
    "DR060",
    "A table recovers to any point in time, in every region it is in",
    source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html",
)
def table_recovers(template: Template) -> Violations:
    path = "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled"
    for table in template.resources("AWS::DynamoDB::GlobalTable"):
        for number, replica in enumerate(as_list(table.get("Replicas")), start=1):
            if dig(replica, path) is not True:
                yield table.id, f"replica {number} has no point-in-time recovery"
    for table in template.resources("AWS::DynamoDB::Table"):
        if table.get(path) is not True:
            yield table.id, "has no point-in-time recovery"


@rule(
    "DR061",
    "A table is protected from deletion, in every region it is in",
    source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.Basics.html",
)
def table_protected(template: Template) -> Violations:
    for table in template.resources("AWS::DynamoDB::GlobalTable"):
        for number, replica in enumerate(as_list(table.get("Replicas")), start=1):
            if dig(replica, "DeletionProtectionEnabled") is not True:
                yield table.id, f"replica {number} is not protected from deletion"
    for table in template.resources("AWS::DynamoDB::Table"):
        if table.get("DeletionProtectionEnabled") is not True:
            yield table.id, "is not protected from deletion"


@rule(
    "DR062",
    "What holds data or the key to it stays when the stack or the resource goes",
    source="https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html",
)
def data_retained(template: Template) -> Violations:
    for resource in template.resources(*_RETAINED):
        deletion = resource.body.get("DeletionPolicy")
        if deletion not in ("Retain", "RetainExceptOnCreate"):
            yield resource.id, f"DeletionPolicy is {deletion or 'not set'}"
        replacement = resource.body.get("UpdateReplacePolicy")
        if replacement != "Retain":
            yield resource.id, f"UpdateReplacePolicy is {replacement or 'not set'}"
