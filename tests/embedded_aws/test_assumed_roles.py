"""Who may assume which role."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError


def make(iam: Any, name: str, principal: dict[str, str], **condition: Any) -> str:
    """A role that lets somebody in; its ARN."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": {**statement, **condition}}
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))
    arn: str = made["Role"]["Arn"]
    return arn


def test_a_role_lets_in_the_accounts_it_trusts(
    new_account: Callable[[], str], client: Callable[..., Any]
) -> None:
    home, friend, stranger = new_account(), new_account(), new_account()
    trusting = make(client("iam", account=home), "trusting", {"AWS": f"arn:aws:iam::{friend}:root"})
    for caller in (home, friend):
        answer = client("sts", account=caller).assume_role(RoleArn=trusting, RoleSessionName="anna")
        assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{home}:assumed-role/trusting/anna"
    service = make(client("iam", account=home), "service", {"Service": "ec2.amazonaws.com"})
    for caller, role in (
        (stranger, trusting),
        (friend, service),
        (home, f"{trusting}-none"),
        (friend, f"arn:aws:iam::{home}:role/other/trusting"),
    ):
        with pytest.raises(ClientError) as error:
            client("sts", account=caller).assume_role(RoleArn=role, RoleSessionName="anna")
        assert error.value.response["Error"] == {
            "Type": "Sender",
            "Code": "AccessDenied",
            "Message": f"User: arn:aws:iam::{caller}:root is not authorized to perform: "
            f"sts:AssumeRole on resource: {role}",
        }


def test_a_session_is_known_by_its_role(
    new_account: Callable[[], str], client: Callable[..., Any]
) -> None:
    home, tools = new_account(), new_account()
    root = {"AWS": f"arn:aws:iam::{tools}:root"}
    builder, other = (make(client("iam", account=tools), name, root) for name in ("build", "other"))
    named = make(client("iam", account=home), "named", {"AWS": builder})
    condition = {"ArnEquals": {"aws:PrincipalArn": [builder]}}
    bound = make(client("iam", account=home), "bound", root, Condition=condition)

    def enter(role: str, caller: Any) -> str:
        answer = caller.assume_role(RoleArn=role, RoleSessionName="anna")
        key: str = answer["Credentials"]["AccessKeyId"]
        return key

    sts = client("sts", account=tools)
    inside = {role: client("sts", account=enter(role, sts)) for role in (builder, other)}
    for role in (named, bound):
        assert enter(role, inside[builder])
        for caller, who in (
            (inside[other], f"arn:aws:sts::{tools}:assumed-role/other/anna"),
            (sts, f"arn:aws:iam::{tools}:root"),
        ):
            with pytest.raises(ClientError) as error:
                enter(role, caller)
            message = (
                f"User: {who} is not authorized to perform: sts:AssumeRole on resource: {role}"
            )
            assert error.value.response["Error"]["Message"] == message
