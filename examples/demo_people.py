"""Who appears in the demo: each account's administrator, and the tenant in the role that may launch."""

from __future__ import annotations

import boto3
from demo_terminal import run

HUB, PIPELINE, PROD, TENANT = "111111111111", "555555555555", "444444444444", "222222222222"
REGION, PEER = "us-east-1", "us-west-2"
Person = dict[str, str]
"""Someone's environment variables."""


def identity(account: str) -> Person:
    """The environment of an account's administrator: in the simulation, the key is the account."""
    return {
        "AWS_ACCESS_KEY_ID": account,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
    }


def credentials(environment: Person) -> dict[str, str]:
    """The same for a boto3 client."""
    return {
        "aws_access_key_id": environment["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
        "region_name": environment["AWS_DEFAULT_REGION"],
    }


def sign_in(port: str, role: str) -> Person:
    """The environment of someone of the tenant team in their role."""
    exports = run(
        *("local", "env", "--account", "tenant", "--role", role, "--port", port), show=False
    )
    return dict(
        line.removeprefix("export ").split("=", 1)
        for line in exports.splitlines()
        if line.startswith("export ")
    )


def in_the_peer(person: Person) -> Person:
    """The same person, whose commands begin with the peer region."""
    return {**person, "AWS_DEFAULT_REGION": PEER}


def session_of(person: Person) -> boto3.Session:
    """The same for boto3, in no region of its own."""
    return boto3.Session(
        person["AWS_ACCESS_KEY_ID"], person["AWS_SECRET_ACCESS_KEY"], person["AWS_SESSION_TOKEN"]
    )
