"""A stack does not take over what is there under the name it asks for, nor delete it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from .stack_runner import Runner

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def named(account: str, name: str) -> dict[str, dict[str, Any]]:
    """A resource of each type that ministack writes over, called ``name``."""
    key = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
    return {
        "Role": resource("IAM::Role", RoleName=name, AssumeRolePolicyDocument=TRUST),
        "Function": resource(
            "Lambda::Function",
            FunctionName=name,
            Role={"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/any"},
            Runtime="python3.13",
            Handler="index.handler",
            Code={"ZipFile": "def handler(event, context): pass"},
        ),
        "Log": resource("Logs::LogGroup", LogGroupName=name),
        "Rule": resource("Events::Rule", Name=name, ScheduleExpression="rate(1 hour)"),
        "Key": resource("KMS::Key", KeyPolicy=key),
        "Alias": resource("KMS::Alias", AliasName=f"alias/{name}", TargetKeyId={"Ref": "Key"}),
        "Dashboard": resource(
            "CloudWatch::Dashboard",
            DashboardName=name,
            DashboardBody=json.dumps({"widgets": []}),
        ),
    }


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


@pytest.fixture(scope="module")
def taken(new_account: Callable[[], str], runner: Callable[..., Runner]) -> Runner:
    """Runs stacks in an account whose name ``mine`` is taken for each type."""
    account = new_account()
    stacks = runner(account=account)
    assert stacks.create("first", named(account, "mine")).status == "CREATE_COMPLETE"
    return stacks


@pytest.mark.parametrize("logical_id", ["Role", "Function", "Log", "Rule", "Alias", "Dashboard"])
def test_a_name_that_is_taken_is_refused(taken: Runner, logical_id: str) -> None:
    asked = named(taken.account, "mine")
    wanted = {logical_id, *(["Key"] if logical_id == "Alias" else [])}
    result = taken.create(
        f"second-{logical_id}", {each: asked[each] for each in asked if each in wanted}
    )
    assert result.status == "ROLLBACK_COMPLETE"
    assert "mine' already exists." in result.reasons[-1]


def test_what_was_there_stays_and_can_be_changed_by_its_own_stack(
    taken: Runner, client: Callable[..., Any]
) -> None:
    logs = client("logs", account=taken.account)
    assert [each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]] == ["mine"]
    changed = named(taken.account, "mine")
    changed["Log"]["Properties"]["RetentionInDays"] = 30
    changed["Rule"]["Properties"]["ScheduleExpression"] = "rate(2 hours)"
    changed["Role"]["Properties"]["Description"] = "changed"
    assert taken.update("first", changed).status == "UPDATE_COMPLETE"
    (group,) = logs.describe_log_groups()["logGroups"]
    assert group["retentionInDays"] == 30
