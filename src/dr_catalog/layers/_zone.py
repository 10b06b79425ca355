"""What is made only when a parent zone is given.

A zone's id comes as a plain string, because an AWS-specific parameter type can't be empty; the
condition is the template's, so that one template serves launches with and without a zone.
"""

from __future__ import annotations

import aws_cdk as cdk
from constructs import Construct, IConstruct


def given(scope: Construct, *, zone_id: str) -> cdk.CfnCondition:
    """True when a zone is given."""
    return cdk.CfnCondition(
        scope,
        "ZoneGiven",
        expression=cdk.Fn.condition_not(cdk.Fn.condition_equals(zone_id, "")),
    )


def only_if(condition: cdk.CfnCondition, scope: IConstruct) -> None:
    """Put everything that ``scope`` holds by now under the condition."""
    for child in scope.node.find_all():
        if cdk.CfnResource.is_cfn_resource(child):
            child.cfn_options.condition = condition  # type: ignore[attr-defined]
