"""``pipeline deploy`` on the embedded AWS: the roles of each stage's account, and who may enter them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from dr_catalog.cli.organisation import ACCESS_ROLE, assume, make_role
from dr_catalog.publishing import assembly
from dr_catalog.publishing.pipeline_stacks import PipelineDeployment as Deployment

from .catalogs import ROOT
from .conftest import Identity

PIPELINE, STRANGER = "555555555555", "999999999999"
STAGES = {"dev": "111111111111", "staging": "333333333333", "prod": "444444444444"}
ROLES = {
    "dev": {"dr-catalog-publish", "dr-catalog-canary", "dr-catalog-reader"},
    "staging": {"dr-catalog-publish", "dr-catalog-canary", "dr-catalog-reader"},
    "prod": {"dr-catalog-publish", "dr-catalog-reader"},  # whose gates ask for no canary
}
DEPLOY = ("pipeline", "deploy", "--root", str(ROOT))


@pytest.fixture(autouse=True)
def as_tenant() -> None:
    """These tests need no tenant."""


@pytest.fixture(scope="module", autouse=True)
def once(synthesised: Mapping[str, str]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assembly, "synthesise", lambda root: synthesised)
        yield


@pytest.fixture(scope="module")
def engineer(person: Callable[..., Identity]) -> Identity:
    """Someone of the pipeline's account, whom the organisation lets into the stages' accounts."""
    found = person(PIPELINE)
    for account in STAGES.values():
        endpoint = found.settings["AWS_ENDPOINT_URL"]
        make_role(endpoint=endpoint, account=account, role=ACCESS_ROLE, trusted=(PIPELINE,))
    return found


@pytest.fixture(scope="module")
def deployed(engineer: Identity) -> Any:
    """What the first deployment printed, and what a run before it did without a yes."""
    refused = engineer.run(*DEPLOY)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "create  dr-catalog-access in 333333333333 us-east-1" in refused.stderr
    assert f"dr-catalog pipeline deploy --role {ACCESS_ROLE} --root {ROOT} --yes" in refused.stderr
    return engineer.ok(*DEPLOY, "--yes")


def roles_of(person: Callable[..., Identity], account: str) -> dict[str, Any]:
    found = person(account).client("iam").list_roles()["Roles"]
    known = set.union(*ROLES.values())
    return {each["RoleName"]: each for each in found if each["RoleName"] in known}


def test_each_stages_account_has_its_roles(deployed: Any, person: Callable[..., Identity]) -> None:
    assert deployed.stdout.splitlines() == [
        f"{account}  us-east-1  dr-catalog-access  created" for account in STAGES.values()
    ]
    assert "local simulation: the pipeline runs by `dr-catalog pipeline run`" in deployed.stderr
    for stage, account in STAGES.items():
        assert set(roles_of(person, account)) == ROLES[stage]
    assert roles_of(person, PIPELINE) == {}


def test_a_second_run_has_nothing_to_do(deployed: Any, engineer: Identity) -> None:
    client = engineer.client("cloudformation")
    assert engineer.json(*DEPLOY) == [  # and needs no yes
        {
            "account": account,
            "region": "us-east-1",
            "stack": "dr-catalog-access",
            "source": f"StageAccess-{stage}",
            "change": "",
        }
        for stage, account in STAGES.items()
    ]
    assert client.describe_stacks()["Stacks"] == []  # nothing in the pipeline's account either


@pytest.mark.usefixtures("deployed")
def test_gates_that_change_change_the_roles(
    engineer: Identity,
    person: Callable[..., Identity],
    synthesised: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    template = json.loads(synthesised["StageAccess-staging"])
    (canary,) = (
        key
        for key, each in template["Resources"].items()
        if each["Properties"]["RoleName"] == "dr-catalog-canary"
    )
    del template["Resources"][canary]
    changed = {**synthesised, "StageAccess-staging": json.dumps(template)}
    monkeypatch.setattr(assembly, "synthesise", lambda root: changed)
    *_, without, _ = engineer.ok(*DEPLOY, "--yes").stdout.splitlines()
    assert without == "333333333333  us-east-1  dr-catalog-access  updated"
    assert set(roles_of(person, STAGES["staging"])) == ROLES["staging"] - {"dr-catalog-canary"}
    monkeypatch.setattr(assembly, "synthesise", lambda root: synthesised)
    engineer.ok(*DEPLOY, "--yes")
    assert set(roles_of(person, STAGES["staging"])) == ROLES["staging"]


@pytest.mark.usefixtures("deployed")
def test_an_account_that_can_t_be_entered_is_named_before_anything_is_changed(
    engineer: Identity, person: Callable[..., Identity], monkeypatch: pytest.MonkeyPatch
) -> None:
    iam = person(STAGES["prod"]).client("iam")
    iam.delete_role(RoleName=ACCESS_ROLE)
    monkeypatch.setattr(Deployment, "run", lambda *_: pytest.fail("something was changed"))
    refused = engineer.run(*DEPLOY, "--yes")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert f"arn:aws:iam::{STAGES['prod']}:role/{ACCESS_ROLE} can't be assumed" in refused.stderr
    endpoint = engineer.settings["AWS_ENDPOINT_URL"]
    make_role(endpoint=endpoint, account=STAGES["prod"], role=ACCESS_ROLE, trusted=(PIPELINE,))


ENTER = [
    ("dev", "dr-catalog-publish", "dev-assets", True),
    ("dev", "dr-catalog-publish", "dev-digests", True),
    ("dev", "dr-catalog-publish", "dev-canary", False),
    ("dev", "dr-catalog-publish", "staging-assets", False),
    ("dev", "dr-catalog-canary", "dev-canary", True),
    ("dev", "dr-catalog-canary", "dev-assets", False),
    ("dev", "dr-catalog-reader", "staging-assets", True),
    ("dev", "dr-catalog-reader", "prod-assets", False),
    ("prod", "dr-catalog-publish", "prod-portfolio", True),
    ("prod", "dr-catalog-reader", "staging-changes", True),
    ("prod", "dr-catalog-reader", "verify", False),
    ("prod", "dr-catalog-publish", "", False),  # the pipeline account's administrator
]


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize(("stage", "role", "build", "may"), ENTER)
def test_a_role_lets_in_the_builds_that_work_as_it(
    person: Callable[..., Identity], stage: str, role: str, build: str, may: bool
) -> None:
    caller = person(PIPELINE)
    if build:
        name, endpoint = f"dr-catalog-build-{build}", caller.settings["AWS_ENDPOINT_URL"]
        make_role(endpoint=endpoint, account=PIPELINE, role=name, trusted=(PIPELINE,))
        session = dict(assume(endpoint=endpoint, account=PIPELINE, role=name))
        caller = person(session.pop("AWS_ACCESS_KEY_ID"), **session)
    assert enters(caller, f"arn:aws:iam::{STAGES[stage]}:role/{role}") == may


@pytest.mark.usefixtures("deployed")
def test_a_stranger_enters_no_role(person: Callable[..., Identity]) -> None:
    endpoint = person(STRANGER).settings["AWS_ENDPOINT_URL"]
    name = "dr-catalog-build-dev-assets"  # a role of the same name in another account
    make_role(endpoint=endpoint, account=STRANGER, role=name, trusted=(STRANGER,))
    session = dict(assume(endpoint=endpoint, account=STRANGER, role=name))
    for caller in (person(STRANGER), person(session.pop("AWS_ACCESS_KEY_ID"), **session)):
        for stage, roles in ROLES.items():
            for role in roles:
                assert not enters(caller, f"arn:aws:iam::{STAGES[stage]}:role/{role}")


def enters(caller: Identity, arn: str) -> bool:
    try:
        caller.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDenied":
            raise
        return False
    return True
