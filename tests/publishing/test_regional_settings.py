"""AWS Backup's settings: only what is off is switched on, and nothing else is told."""

from __future__ import annotations

from typing import Any

import pytest

from dr_catalog.publishing import regional_settings

from .conftest import Stubs

OPT_IN, MANAGEMENT = "ResourceTypeOptInPreference", "ResourceTypeManagementPreference"
OTHERS = {"EBS": False, "EFS": True}
ON = {"Aurora": True, "DynamoDB": True, "S3": True}


@pytest.mark.parametrize(
    ("found", "sent", "told"),
    [
        ({OPT_IN: {**ON, **OTHERS}, MANAGEMENT: {"DynamoDB": True, "EFS": False}}, None, ()),
        (
            {OPT_IN: {**ON, **OTHERS, "S3": False}, MANAGEMENT: {"DynamoDB": True}},
            {OPT_IN: {"S3": True}},
            ("AWS Backup opted in to S3",),
        ),
        (
            {OPT_IN: ON, MANAGEMENT: {"DynamoDB": False, "EFS": False}},
            {MANAGEMENT: {"DynamoDB": True}},
            ("AWS Backup's advanced features for DynamoDB",),
        ),
        (
            {},
            {OPT_IN: ON, MANAGEMENT: {"DynamoDB": True}},
            (
                "AWS Backup opted in to Aurora",
                "AWS Backup opted in to DynamoDB",
                "AWS Backup opted in to S3",
                "AWS Backup's advanced features for DynamoDB",
            ),
        ),
    ],
)
def test_settings(
    stubs: Stubs, found: dict[str, Any], sent: dict[str, Any] | None, told: tuple[str, ...]
) -> None:
    stubs("backup").add_response("describe_region_settings", found, {})
    if sent is not None:
        stubs("backup").add_response("update_region_settings", {}, sent)
    assert regional_settings.reconcile(stubs.client("backup")) == told
