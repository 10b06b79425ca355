"""What the local simulation's accounts hold before the catalog comes, as an organisation's would.

AWS Organizations makes ``OrganizationAccountAccessRole`` in each account; a team brings the role its
people sign in with. Here both are made when they are asked for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

ACCESS_ROLE = "OrganizationAccountAccessRole"


def make_role(*, endpoint: str, account: str, role: str, trusted: tuple[str, ...]) -> None:
    """Make the role in ``account``, trusting these accounts; one that is there learns to trust them."""
    iam = _client("iam", endpoint, account)
    try:
        there = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    except iam.exceptions.NoSuchEntityException:
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=_trust(trusted))
        return
    if any(f":{each}:" not in json.dumps(there) for each in trusted):
        known = {
            arn.split(":")[4]
            for statement in there["Statement"]
            for arn in _listed(statement["Principal"].get("AWS", []))
        }
        policy = _trust(tuple(sorted({*known, *trusted})))
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=policy)


def _trust(accounts: tuple[str, ...]) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": [f"arn:aws:iam::{each}:root" for each in accounts]},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def assume(*, endpoint: str, account: str, role: str) -> Mapping[str, str]:
    """The credentials of someone who has assumed the role, as environment variables."""
    answer = _client("sts", endpoint, account).assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/{role}", RoleSessionName="local"
    )["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": answer["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": answer["SecretAccessKey"],
        "AWS_SESSION_TOKEN": answer["SessionToken"],
    }


def _client(service: str, endpoint: str, account: str) -> Any:
    import boto3

    return boto3.session.Session(
        aws_access_key_id=account, aws_secret_access_key="test", region_name="us-east-1"
    ).client(service, endpoint_url=endpoint)
