"""What a change set's entries mean for data."""

from __future__ import annotations

from typing import Any

import pytest

from dr_catalog.provisioning.preview_model import ResourceChange
from dr_catalog.provisioning.risk import judged
from dr_catalog.releases.template import Template

TABLE = "AWS::DynamoDB::GlobalTable"


def template(**body: Any) -> Template:
    return Template("primary", {"Resources": {"Data": {"Type": TABLE, **body}}})


def change(action: str, replacement: str = "", kind: str = TABLE, **more: Any) -> ResourceChange:
    return ResourceChange(
        action=action, resource="Data", type=kind, replacement=replacement, **more
    )


KEPT = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
GONE = {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}


@pytest.mark.parametrize(
    ("given", "old", "new", "action", "data"),
    [
        (change("ADD"), None, template(), "added", ""),
        (change("MODIFY", "FALSE"), template(), template(), "changed", ""),
        (change("MODIFY", "FALSE", tags_only=True), template(), template(), "tags", ""),
        (change("MODIFY", "TRUE"), template(**KEPT), template(**GONE), "replaced", "lost"),
        (change("MODIFY", "TRUE"), template(**GONE), template(**KEPT), "replaced", "orphaned"),
        (change("MODIFY", "CONDITIONAL"), None, template(), "perhaps replaced", "lost"),
        (change("MODIFY", "CONDITIONAL", "Custom::X"), None, template(), "changed", ""),
        (change("REMOVE"), template(**KEPT), template(), "removed", "orphaned"),
        (change("REMOVE"), template(**GONE), template(**KEPT), "removed", "lost"),
        (change("REMOVE"), template(DeletionPolicy="Snapshot"), None, "removed", "snapshot"),
        (change("REMOVE"), None, template(**KEPT), "removed", "unknown"),
        (change("REMOVE", kind="AWS::SQS::Queue"), template(), None, "removed", ""),
    ],
)
def test_what_becomes_of_data(
    given: ResourceChange, old: Template | None, new: Template | None, action: str, data: str
) -> None:
    found = judged(given, region="us-east-1", part="primary", old=old, new=new)
    assert (found.action, found.data) == (action, data)
