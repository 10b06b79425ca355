"""Change sets of a stack that is not there yet: one is executed, and the others are gone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError


def test_of_two_that_would_create_a_stack_one_does(
    client: Callable[..., Any], account: str
) -> None:
    cloudformation = client("cloudformation", account=account)

    def prepared(topic: str, kind: str = "AWS::SNS::Topic") -> str:
        resource = {"Type": kind, "Properties": {"TopicName": topic}}
        made = cloudformation.create_change_set(
            StackName="once",
            ChangeSetName=f"make-{topic}",
            ChangeSetType="CREATE",
            TemplateBody=json.dumps({"Resources": {"Topic": resource}}),
        )
        return str(made["Id"])

    first, second = prepared("first"), prepared("second")
    for each in (first, second):
        found = cloudformation.describe_change_set(ChangeSetName=each)
        assert found["Status"] == "CREATE_COMPLETE"
    cloudformation.execute_change_set(ChangeSetName=second)
    with pytest.raises(ClientError, match="ChangeSetNotFound"):
        cloudformation.execute_change_set(ChangeSetName=first)
    waiter = cloudformation.get_waiter("stack_create_complete")
    waiter.wait(StackName="once", WaiterConfig={"Delay": 0.1, "MaxAttempts": 50})
    topics = client("sns", account=account).list_topics()["Topics"]
    assert [each["TopicArn"].rpartition(":")[2] for each in topics] == ["second"]
    with pytest.raises(ClientError, match="already exists"):
        prepared("third")


def test_one_that_is_refused_leaves_the_other(client: Callable[..., Any], account: str) -> None:
    cloudformation = client("cloudformation", account=account)
    given = {"StackName": "left", "ChangeSetType": "CREATE"}
    body = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    first = cloudformation.create_change_set(
        ChangeSetName="good", TemplateBody=json.dumps(body), **given
    )["Id"]
    with pytest.raises(ClientError):
        cloudformation.create_change_set(ChangeSetName="bad", TemplateBody="{", **given)
    cloudformation.execute_change_set(ChangeSetName=first)
    waiter = cloudformation.get_waiter("stack_create_complete")
    waiter.wait(StackName="left", WaiterConfig={"Delay": 0.1, "MaxAttempts": 50})
