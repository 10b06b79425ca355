"""Previews: what is made is deleted, whatever happens, and what can't be seen is said."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dr_catalog.errors import LaunchError, SetupError, UsageError
from dr_catalog.provisioning import clear_left_plans, preview
from dr_catalog.provisioning.model import PLAN_IN_PROGRESS, StackInstance
from dr_catalog.provisioning.preview_model import ChangeSet, ResourceChange
from dr_catalog.provisioning.steps import Provision, Update

from .fakes import PRODUCT, TWO, fake_aws, launch, stack

STACK_SET = "AWS::CloudFormation::StackSet"
PRIMARY = {
    "Parameters": {"EnvironmentSuffix": {"Type": "String"}, "Size": {"Default": "small"}},
    "Resources": {
        "Table": {"Type": "AWS::DynamoDB::GlobalTable", "UpdateReplacePolicy": "Retain"},
        "Peer": {
            "Type": STACK_SET,
            "Properties": {
                "StackSetName": {"Fn::Sub": "dr-workload-${EnvironmentSuffix}"},
                "TemplateURL": {"Fn::Sub": "https://s3.${AWS::Region}.${AWS::URLSuffix}/b/w.json"},
                "Parameters": [
                    {"ParameterKey": "Size", "ParameterValue": {"Ref": "Size"}},
                    {"ParameterKey": "Key", "ParameterValue": {"Fn::GetAtt": ["Table", "Arn"]}},
                    {"ParameterKey": "Vpc", "ParameterValue": {"Fn::GetAtt": ["Net", "Id"]}},
                ],
            },
        },
    },
}
WORKLOAD = {
    "Parameters": {"Size": {}, "Key": {}, "Vpc": {"AllowedPattern": "^vpc-[0-9a-f]+$"}},
    "Conditions": {"Large": {"Fn::Equals": [{"Ref": "Size"}, "large"]}},
    "Resources": {
        "Queue": {"Type": "AWS::SQS::Queue"},
        "Extra": {"Type": "AWS::SQS::Queue", "Condition": "Large"},
    },
}
FILES = {"https://t/primary": PRIMARY, "https://s3.us-east-1.amazonaws.com/b/w.json": WORKLOAD}
REPLACED = ResourceChange(
    action="MODIFY", resource="Table", type="AWS::DynamoDB::GlobalTable", replacement="TRUE"
)
MADE = ChangeSet(status="CREATE_SUCCESS", changes=(REPLACED,))
PEER = stack(
    id="arn:w", name="StackSet-w", region="us-west-2", parameters={"Size": "small", "Key": "k"}
)

LAUNCH = Provision(
    operation="launch",
    suffix="demo",
    product="warm-standby",
    version="1.1.0",
    product_id=PRODUCT.id,
    target=TWO,
    path_id="",
    parameters={"EnvironmentSuffix": "demo", "Size": "small"},
    tags={},
)
UPGRADE = Update(
    operation="upgrade",
    suffix="demo",
    product="warm-standby",
    version="1.1.0",
    launch=launch(),
    target=TWO,
    path_id="",
    parameters={"EnvironmentSuffix": None, "Size": "large"},
)


def denied_call(*_: Any, **__: Any) -> Any:
    try:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "CreateChangeSet")
    except ClientError as error:
        raise SetupError("these credentials may not call CreateChangeSet") from error


@pytest.fixture
def aws() -> Any:
    """A catalog whose templates can be read; what a plan makes is listed in ``aws.left``."""
    fake = fake_aws()
    left: set[str] = set()
    fake.left = left
    fake.template_url.return_value = "https://t/primary"
    fake.read_url.side_effect = lambda url: json.dumps(FILES[url]).encode()
    fake.stack_template.side_effect = lambda name, *, region="": json.dumps(
        WORKLOAD if region else PRIMARY
    ).encode()
    fake.make_plan.side_effect = lambda _: left.add("plan-1") or "plan-1"
    fake.plan.return_value = MADE
    fake.delete_plan.side_effect = left.discard
    fake.make_change_set.side_effect = lambda *_, **__: left.add("cs-1") or "cs-1"
    fake.change_set.return_value = ChangeSet(
        status="CREATE_COMPLETE",
        changes=(ResourceChange(action="ADD", resource="Extra", type="AWS::SQS::Queue"),),
    )
    fake.delete_change_set.side_effect = lambda name, **_: left.discard(name)
    fake.stack.side_effect = lambda name, *, region="": PEER if region else stack()
    fake.stack_sets.return_value = ("dr-workload-demo:1",)
    fake.stack_instances.return_value = (StackInstance(region="us-west-2", stack_id="arn:w"),)
    return fake


def test_a_launch_shows_the_plan_and_the_peers_templates(aws):
    found = preview(aws, LAUNCH)
    shown = [(change.region, change.part, change.resource) for change in found.changes]
    assert shown == [
        ("us-east-1", "primary", "Table"),
        ("us-west-2", "workload", "Queue"),  # Extra stands under a condition that does not hold
    ]
    assert (found.unseen, aws.left) == ("", set())
    aws.make_change_set.assert_not_called()


def test_an_upgrade_hands_the_peer_what_the_new_primary_would(aws):
    found = preview(aws, UPGRADE)
    sent = aws.make_change_set.call_args.kwargs
    assert sent["url"] == "https://s3.us-east-1.amazonaws.com/b/w.json"
    assert sent["region"] == "us-west-2"
    # Set now; kept as it is; known by nobody yet.
    assert sent["parameters"] == {"Size": "large", "Key": None, "Vpc": "vpc-00000000000000000"}
    assert any("only the upgrade itself will know Vpc" in note for note in found.notes)
    assert [(each.part, each.action, each.data) for each in found.changes] == [
        ("primary", "replaced", "orphaned"),
        ("workload", "added", ""),
    ]
    assert aws.left == set()


def test_who_may_not_make_change_sets_is_told_what_is_missing(aws):
    aws.make_change_set.side_effect = denied_call
    found = preview(aws, UPGRADE)
    assert [change.part for change in found.changes] == ["primary"]
    assert "cloudformation:CreateChangeSet" in found.unseen
    assert "stack/StackSet-dr-*" in found.unseen
    assert aws.left == set()


def test_without_the_template_the_peers_part_is_not_guessed(aws):
    aws.read_url.side_effect = denied_call
    found = preview(aws, UPGRADE)
    assert "these credentials may not call CreateChangeSet" in found.unseen
    aws.make_change_set.assert_not_called()


@pytest.mark.parametrize("where", ["plan", "change_set"])
def test_an_interruption_leaves_nothing(aws, where):
    first = iter([KeyboardInterrupt])

    def interrupted(*_: Any, **__: Any) -> Any:
        for error in first:
            raise error
        return MADE

    getattr(aws, where).side_effect = interrupted
    with pytest.raises(KeyboardInterrupt):
        preview(aws, UPGRADE)
    assert aws.left == set()


def test_a_plan_that_can_not_be_made_is_an_error_and_is_deleted(aws):
    aws.plan.return_value = ChangeSet(status="CREATE_FAILED", message="no such role")
    with pytest.raises(LaunchError, match="can't be planned") as caught:
        preview(aws, LAUNCH)
    assert caught.value.why == "no such role"
    assert aws.left == set()


def test_no_changes_are_no_failure(aws):
    nothing = "The submitted information didn't contain changes. Submit different information"
    aws.plan.return_value = ChangeSet(status="CREATE_FAILED", message=nothing)
    aws.change_set.return_value = ChangeSet(status="FAILED", message=nothing)
    assert preview(aws, UPGRADE).changes == ()


def test_a_new_products_plan_is_gone_when_the_preview_ends(aws):
    aws.local = True
    held = launch(status=PLAN_IN_PROGRESS)
    aws.launch.side_effect = [held, held, None]
    pauses: list[float] = []
    preview(aws, LAUNCH, sleep=pauses.append)
    assert len(pauses) == 2


def test_a_product_that_a_plan_leaves_is_an_error(aws):
    aws.launch.return_value = launch(status=PLAN_IN_PROGRESS)
    with pytest.raises(LaunchError, match="still holds dr-demo") as caught:
        preview(aws, LAUNCH, sleep=lambda _: None)
    assert "terminate-provisioned-product" in caught.value.hint


def test_a_plan_left_behind_is_cleared_and_anothers_is_not(aws):
    aws.launch.return_value = launch()
    aws.plans.return_value = (("plan-0", "dr-catalog-0f"),)
    clear_left_plans(aws, "demo")
    aws.delete_plan.assert_called_once_with("plan-0")
    aws.plans.return_value = (("plan-9", "mine"),)
    with pytest.raises(LaunchError, match="another tool made") as caught:
        clear_left_plans(aws, "demo")
    assert "--plan-id plan-9" in caught.value.hint
    with pytest.raises(UsageError):
        clear_left_plans(aws, "Not A Suffix")


def test_a_stack_set_that_goes_is_said(aws):
    aws.stack_sets.return_value = ("dr-workload-demo:1", "dr-old-demo:1")
    notes = preview(aws, replace(UPGRADE, parameters={})).notes
    assert any("dr-old-demo is no longer part" in note for note in notes)
