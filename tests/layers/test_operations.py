"""The layers that watch, back up, route and recover make templates that hold what a release must hold."""

from __future__ import annotations

import json

import pytest

from dr_catalog.releases import lint, policies
from dr_catalog.releases.template import Template as Checked

from .operations import KINDS, ROLES, templates

TESTED_ONLY = {"DR091"}  # labels of parameters are the tier's matter, not a layer's
ACCEPTED = {
    ("DR031", "allows tag:GetResources on every resource"),
    ("DR031", "allows cloudwatch:GetMetricData, events:ListRules on every resource"),
    ("DR031", "allows cloudwatch:PutMetricData on every resource"),  # its namespace is named
    ("DR031", "allows xray:PutTraceSegments, xray:PutTelemetryRecords on every resource"),
    ("DR031", "allows cloudwatch:GetMetricData on every resource"),
    (
        "DR031",
        "allows ec2:AssignPrivateIpAddresses, ec2:CreateNetworkInterface, "
        "ec2:DeleteNetworkInterface, ec2:DescribeNetworkInterfaces, ec2:DescribeSubnets, "
        "ec2:UnassignPrivateIpAddresses on every resource",  # and denied to the function's own code
    ),
    (
        "DR031",
        "allows logs:CreateLogDelivery, logs:DeleteLogDelivery, logs:DescribeLogGroups, "
        "logs:DescribeResourcePolicies, logs:GetLogDelivery, logs:ListLogDeliveries, "
        "logs:PutResourcePolicy, logs:UpdateLogDelivery on every resource",
    ),
    # The state of a recovery lives and ends with its launch: products/warm-standby/product.yaml.
    ("DR061", "replica 1 is not protected from deletion"),
    ("DR062", "DeletionPolicy is not set"),
    ("DR062", "UpdateReplacePolicy is not set"),
}
CONSTANT = "W8003"  # a literal value makes a condition that is always the same


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("kind", KINDS)
def test_cfn_lint_finds_nothing(kind: str, role: str) -> None:
    content = json.dumps(templates()[kind, role]).encode()
    found = lint.findings(product="", version="", role="primary", content=content)
    assert [each for each in found if kind == "neutral" or each.rule != CONSTANT] == []


@pytest.mark.parametrize(("role", "template"), [("launch", "primary"), ("peer", "workload")])
def test_the_policies_find_only_what_has_a_reason(role: str, template: str) -> None:
    checked = Checked(template, templates()["neutral", role])
    found = {
        (each.rule, each.message)
        for each in policies.findings(product="", version="", template=checked)
        if each.rule not in TESTED_ONLY
    }
    assert found <= ACCEPTED
