"""An account that is as it must be, of which each test breaks one thing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dr_catalog.doctor import CHECKS, Finding, Surroundings
from dr_catalog.doctor.run import examine
from dr_catalog.translation import translated

REGION, PEER, ACCOUNT = "us-east-1", "us-west-2", "222222222222"
ADMINISTRATION = f"arn:aws:iam::{ACCOUNT}:role/dr-catalog-stackset-administration"
PORTFOLIO = {"Id": "port-1", "DisplayName": "Recovery tiers"}
BLOCKS = {"Id": "port-2", "DisplayName": "Building blocks"}


def role(name: str, kind: str, who: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {kind: who}, "Action": "sts:AssumeRole"}
    return {
        "Role": {
            "RoleName": name,
            "Arn": f"arn:aws:iam::{ACCOUNT}:role/{name}",
            "AssumeRolePolicyDocument": {"Statement": [statement]},
        }
    }


def healthy() -> dict[tuple[str, ...], Any]:
    """Answers by operation and, where it matters, region or name."""
    return {
        ("get_caller_identity",): {
            "Account": ACCOUNT,
            "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/dr-tenant/me",
        },
        ("get_parameter", REGION, "/dr-catalog/peer-region"): parameter(PEER),
        ("get_parameter", PEER, "/dr-catalog/peer-region"): parameter(REGION),
        ("get_parameter", REGION, "/dr-catalog/asset-bucket-prefix"): parameter("assets-1"),
        ("get_parameter", PEER, "/dr-catalog/asset-bucket-prefix"): parameter("assets-1"),
        ("get_role", "dr-catalog-stackset-administration"): role(
            "dr-catalog-stackset-administration", "Service", "cloudformation.amazonaws.com"
        ),
        ("get_role", "dr-catalog-stackset-execution"): role(
            "dr-catalog-stackset-execution", "AWS", ADMINISTRATION
        ),
        ("get_role", "dr-catalog-launch-warm-standby"): role(
            "dr-catalog-launch-warm-standby", "Service", "servicecatalog.amazonaws.com"
        ),
        ("get_policy",): {},
        ("list_portfolios",): {"PortfolioDetails": []},
        ("list_accepted_portfolio_shares", REGION, "IMPORTED"): {"PortfolioDetails": [PORTFOLIO]},
        ("list_accepted_portfolio_shares", PEER, "IMPORTED"): {"PortfolioDetails": [PORTFOLIO]},
        ("list_accepted_portfolio_shares",): {"PortfolioDetails": []},
        ("list_principals_for_portfolio", REGION): principals("dr-tenant"),
        ("list_principals_for_portfolio", PEER): principals("dr-tenant"),
        ("search_products",): {"ProductViewSummaries": [{"Name": "warm-standby"}]},
    }


def parameter(value: str) -> dict[str, Any]:
    return {"Parameter": {"Value": value}}


def principals(*roles: str) -> dict[str, Any]:
    return {"Principals": [{"PrincipalARN": f"arn:aws:iam:::role/{each}"} for each in roles]}


@dataclass
class Account(Surroundings):
    """Surroundings whose calls are answered from a table; a text there is an error's code."""

    answers: dict[tuple[str, ...], Any] = field(default_factory=healthy)

    def call(self, service: str, operation: str, region: str = "", **arguments: Any) -> Any:
        told = (arguments.get(key) for key in ("RoleName", "Name", "PortfolioShareType"))
        name = next(filter(None, told), arguments.get("PortfolioId"))
        where = region or self.region
        keys = [(operation, where, name), (operation, where), (operation, name), (operation,)]
        answer = next(self.answers[key] for key in keys if key in self.answers)
        if isinstance(answer, str):
            with translated(endpoint=None):
                raise ClientError({"Error": {"Code": answer, "Message": answer}}, operation)
        return answer


@pytest.fixture
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    """An onboarded account, seen by its tenant."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN", "JSII_NODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCOUNT)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    return Account(root=tmp_path)


Look = Callable[..., Finding]


@pytest.fixture
def look(account: Account) -> Look:
    """What one check finds, with those that it needs."""

    def find(name: str) -> Finding:
        wanted = {name}
        for check in reversed(CHECKS):
            if check.name in wanted:
                wanted |= set(check.needs)
        some = [check for check in CHECKS if check.name in wanted]
        return next(f for f in examine(some, account) if f.check == name)

    return find
