"""Plans: what they show, that they change nothing, and what is refused."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from embedded_aws.repairs.change_sets import recreation

from .service_catalog_estate import LAUNCH_ROLE, Estate


@pytest.fixture(scope="module")
def estate(endpoint: str) -> Estate:
    """A catalog that is ready to launch from, with one launch, `here`."""
    made = Estate(endpoint).declare()
    made.publish()
    made.onboard()
    made.launched("here", parameters={"Suffix": "here"})
    return made


def gone(estate: Estate, name: str) -> bool:
    """Whether a provisioned product is no longer there, a moment later."""
    for _ in range(500):
        try:
            estate.user.describe_provisioned_product(Name=name)
        except ClientError:
            return True
        time.sleep(0.01)
    return False


def test_a_plan_of_a_launch_shows_it_and_leaves_nothing(estate: Estate) -> None:
    before = {each["StackName"] for each in estate.tenant_stacks.describe_stacks()["Stacks"]}
    plan = estate.planned("new", parameters={"Suffix": "new"})
    assert plan["Status"] == "CREATE_SUCCESS", plan["StatusMessage"]
    shown = {change["LogicalResourceId"]: change["Action"] for change in plan["Changes"]}
    assert shown == {"Queue": "ADD", "Setting": "ADD"}
    assert estate.status("new") == "PLAN_IN_PROGRESS"
    name = f"SC-{estate.tenant}-{plan['ProvisionProductId']}"
    (stack,) = estate.tenant_stacks.describe_stacks(StackName=name)["Stacks"]
    assert stack["StackStatus"] == "REVIEW_IN_PROGRESS"
    estate.user.delete_provisioned_product_plan(PlanId=plan["PlanId"])
    assert gone(estate, "new")
    after = {each["StackName"] for each in estate.tenant_stacks.describe_stacks()["Stacks"]}
    assert after == before


def test_a_plan_of_an_update_shows_what_is_replaced_and_changes_nothing(estate: Estate) -> None:
    plan = estate.planned("here", parameters={"Suffix": "there", "Size": "large"})
    changes = {change["LogicalResourceId"]: change for change in plan["Changes"]}
    assert (changes["Queue"]["Action"], changes["Queue"]["Replacement"]) == ("MODIFY", "TRUE")
    (name,) = [
        each["Target"]
        for each in changes["Queue"]["Details"]
        if each["Target"].get("Name") == "QueueName" and each["Evaluation"] == "STATIC"
    ]
    assert (name["Attribute"], name["RequiresRecreation"]) == ("PROPERTIES", "ALWAYS")
    assert estate.status("here") == "AVAILABLE"
    stack = f"SC-{estate.tenant}-{plan['ProvisionProductId']}"
    sets = estate.tenant_stacks.list_change_sets(StackName=stack)["Summaries"]
    assert [each["ChangeSetName"] for each in sets] == [plan["PlanId"]]
    estate.user.delete_provisioned_product_plan(PlanId=plan["PlanId"])
    for _ in range(500):
        if not estate.tenant_stacks.list_change_sets(StackName=stack)["Summaries"]:
            break
        time.sleep(0.01)
    else:
        raise AssertionError("the change set is still there")


def test_a_plan_without_changes_fails_and_says_so(estate: Estate) -> None:
    plan = estate.planned("here", parameters={"Suffix": None, "Size": None})
    assert (plan["Status"], plan["Changes"]) == ("CREATE_FAILED", [])
    assert "didn't contain changes" in plan["StatusMessage"]
    estate.user.delete_provisioned_product_plan(PlanId=plan["PlanId"])


def test_one_plan_at_a_time_and_a_repeat_is_the_same(estate: Estate) -> None:
    given: dict[str, Any] = {
        "parameters": {"Suffix": "here", "Size": "large"},
        "IdempotencyToken": "the-one",
    }
    key = estate.planned("here", **given)["PlanId"]
    assert estate.plan("here", **given) == key
    with pytest.raises(ClientError, match=r"InvalidStateException.*already has a plan"):
        estate.plan("here")
    with pytest.raises(ClientError, match="used before with different parameters"):
        estate.plan("here", IdempotencyToken="the-one", version="1.1.0")
    listed = estate.user.list_provisioned_product_plans()["ProvisionedProductPlans"]
    assert [each["PlanId"] for each in listed] == [key]
    estate.user.delete_provisioned_product_plan(PlanId=key)
    with pytest.raises(ClientError, match=f"Plan {key} not found"):
        estate.user.describe_provisioned_product_plan(PlanId=key)


def test_what_a_launch_may_not_do_a_plan_may_not(estate: Estate) -> None:
    plan = estate.planned("bad", parameters={"Suffix": "bad", "Colour": "red"})
    assert plan["StatusMessage"] == "Parameters: [Colour] do not exist in the template"
    estate.user.delete_provisioned_product_plan(PlanId=plan["PlanId"])
    assert gone(estate, "bad")
    with pytest.raises(ClientError, match="NotificationArns"):
        estate.plan("bad", NotificationArns=["arn:aws:sns:us-east-1:1:x"])


def test_the_launch_role_needs_the_right_to_plan(endpoint: str) -> None:
    estate = Estate(endpoint).declare()
    estate.publish()
    estate.onboard()
    deny = {"Effect": "Deny", "Action": "cloudformation:CreateChangeSet", "Resource": "*"}
    estate.client("iam", estate.tenant).put_role_policy(
        RoleName=LAUNCH_ROLE,
        PolicyName="no-plans",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [deny]}),
    )
    plan = estate.planned("denied")
    assert plan["Status"] == "CREATE_FAILED"
    assert "not authorized to perform: cloudformation:CreateChangeSet" in plan["StatusMessage"]


@pytest.mark.parametrize(
    ("kind", "name", "said"),
    [
        ("AWS::DynamoDB::GlobalTable", "TableName", "Always"),
        ("AWS::DynamoDB::GlobalTable", "Replicas", "Never"),
        ("AWS::Backup::BackupVault", "EncryptionKeyArn", "Always"),
        ("Custom::Anything", "Path", "Conditionally"),
    ],
)
def test_the_schema_says_what_a_change_replaces(kind: str, name: str, said: str) -> None:
    assert recreation(kind, name) == said
