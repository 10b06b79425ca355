"""The tenant's commands: words in, data on stdout, everything else on stderr."""

from __future__ import annotations

import json
from dataclasses import replace
from unittest.mock import create_autospec

import pytest

import dr_catalog.provisioning as provisioning
import dr_catalog.publishing as publishing
from dr_catalog.definitions import Stage
from dr_catalog.provisioning.model import UPDATE
from tests.provisioning.fakes import TERMS, event, launch, record, stack

UNPROTECTED = {"DeletionProtection": "false", "OnTermination": "retain"}


@pytest.fixture
def launchable(aws):
    """`aws` on which a launch begins, and ends well."""
    aws.provision.return_value = record(status="CREATED")
    aws.launch.side_effect = [None, launch()]
    return aws


@pytest.fixture
def launched(aws):
    """`aws` on which `demo` is launched."""
    aws.launch.return_value = launch()
    aws.launches.return_value = (launch(),)
    aws.update.return_value = record(kind=UPDATE)
    aws.terminate.return_value = record()
    return aws


def test_products(aws, run):
    done = run("products", "--region", "us-west-2")
    assert aws.asked == "us-west-2"
    header, row = done.stdout.splitlines()
    assert header.split() == ["PORTFOLIO", "PRODUCT", "DEFAULT", "VERSIONS", "DESCRIPTION"]
    assert row.split()[:4] == ["Recovery", "tiers", "warm-standby", "1.0.0"]
    assert "0.9.0 (deprecated, ends 2027-03-31: too slow)" in row


def test_products_as_json(aws, run):
    (product,) = json.loads(run("products", "--output", "json").stdout)
    assert (product["name"], product["default"]) == ("warm-standby", "1.0.0")
    assert [version["name"] for version in product["versions"]] == ["0.9.0", "1.0.0", "1.1.0"]


def test_nothing_to_launch_is_said_on_stderr(aws, run):
    aws.products.return_value = ()
    done = run("products")
    assert (done.stdout, done.exit_code) == ("", 0)
    assert "no portfolio" in done.stderr


def test_launch(launchable, run):
    done = run("launch", "warm-standby", "--suffix", "demo")
    assert done.exit_code == 0
    assert done.stdout == "demo: warm-standby 1.0.0 AVAILABLE in us-east-1\n"
    assert "next: dr-catalog outputs --suffix demo" in done.stderr


def test_launch_streams_plain_lines_where_there_is_no_terminal(launchable, run):
    launchable.local = True
    happened = [
        event("Queue", "CREATE_FAILED", reason="no\n key"),
        event("SC-1", "CREATE_COMPLETE", type="AWS::CloudFormation::Stack"),
    ]
    launchable.events.side_effect = lambda *_, **__: iter(happened)
    lines = run("launch", "warm-standby", "--suffix", "demo").stderr.splitlines()
    assert lines[0] == "launching 'demo' (warm-standby 1.0.0) in us-east-1, local simulation"
    assert lines[1].split()[1:4] == ["us-east-1", "CREATE_COMPLETE", "SC-1"]
    assert lines[2].endswith("us-east-1  CREATE_FAILED  Queue  AWS::SSM::Parameter: no key")


def test_launch_as_json(launchable, run):
    done = run("launch", "warm-standby", "--suffix", "demo", "--output", "json")
    assert json.loads(done.stdout) == {
        "operation": "launch",
        "suffix": "demo",
        "product": "warm-standby",
        "version": "1.0.0",
        "region": "us-east-1",
        "status": "AVAILABLE",
        "record": "rec-1",
    }


def test_launch_takes_values_from_file_and_words(launchable, run, tmp_path):
    launchable.terms.side_effect = None
    launchable.terms.return_value = replace(TERMS, tag_options={"team": ("a", "b")})
    file = tmp_path / "values.yaml"
    file.write_text("Size: small\nDeletionProtection: false\n")
    words = ("--parameters", str(file), "--set", "Size=large", "--tag", "team=a")
    assert run("launch", "warm-standby", "--suffix", "demo", *words).exit_code == 0
    sent = launchable.provision.call_args.kwargs
    assert sent["tags"] == {"team": "a"}
    assert sent["parameters"] == {
        "EnvironmentSuffix": "demo",
        "Size": "large",
        "DeletionProtection": "false",
    }


def test_launch_returns_at_once_when_told_so(launchable, run):
    done = run("launch", "warm-standby", "--suffix", "demo", "--no-wait")
    assert done.stdout == "demo: warm-standby 1.0.0 UNDER_CHANGE in us-east-1\n"
    launchable.record.assert_not_called()


def test_an_interrupted_wait_says_that_the_launch_goes_on(launchable, run, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(provisioning, "wait", interrupted)
    done = run("launch", "warm-standby", "--suffix", "demo")
    assert (done.exit_code, done.stdout) == (130, "")
    assert "the launch of 'demo' goes on" in done.stderr
    assert "same command again" in done.stderr


def test_a_rerun_follows_what_runs(launchable, run):
    launchable.launch.side_effect = [launch(status="UNDER_CHANGE"), launch()]
    launchable.record.side_effect = [
        record(status="IN_PROGRESS"),
        record(status="IN_PROGRESS"),
        record(),
    ]
    done = run("launch", "warm-standby", "--suffix", "demo")
    assert (done.exit_code, "as begun before" in done.stderr) == (0, True)
    launchable.provision.assert_not_called()


def test_a_rerun_after_success_writes_nothing(launched, run):
    done = run("launch", "warm-standby", "--suffix", "demo", "--version", "1.0.0")
    assert done.exit_code == 0
    assert "launched already" in done.stderr
    launched.provision.assert_not_called()


def test_a_failed_launch_is_an_error(launchable, run):
    launchable.record.return_value = record(status="FAILED", errors=("no such role",))
    launchable.launch.side_effect = [None, launch(status="ERROR")]
    done = run("launch", "warm-standby", "--suffix", "demo")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "error: the launch of 'demo' failed\n  why:  no such role\n" in done.stderr


def test_upgrade(launched, run):
    done = run("upgrade", "--suffix", "demo", "--version", "1.1.0", "--set", "Size=large")
    assert done.stdout == "demo: warm-standby 1.1.0 AVAILABLE in us-east-1\n"
    assert launched.update.call_args.kwargs["parameters"]["Size"] == "large"


def test_upgrade_to_the_same_is_nothing_to_do(launched, run):
    done = run("upgrade", "--suffix", "demo", "--version", "1.0.0")
    assert done.exit_code == 0
    assert done.stderr == "nothing to do: 'demo' is at warm-standby 1.0.0\n"
    launched.update.assert_not_called()


def test_status_is_a_row_a_launch(launched, run):
    header, row = run("status").stdout.splitlines()
    assert header.startswith("SUFFIX  PRODUCT")
    assert row.split() == [
        *("demo", "warm-standby", "1.0.0", "1.1.0", "1.0.0", "AVAILABLE"),
        *("us-east-1", "us-west-2", "rec-1"),
    ]


def test_status_of_nothing(aws, run):
    done = run("status")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "nothing is launched in us-east-1" in done.stderr
    assert json.loads(run("status", "--output", "json").stdout) == []


def test_status_in_detail(launched, run):
    text = run("status", "--suffix", "demo").stdout
    assert "parameter Size                small" in text
    assert "us-east-1  SC-222222222222-pp-1  CREATE_COMPLETE" in text
    one = json.loads(run("status", "--suffix", "demo", "--output", "json").stdout)
    assert one["record"]["created"] == "2026-01-05T12:00:00.400000+00:00"
    assert [stack["region"] for stack in one["stacks"]] == ["us-east-1"]


def test_outputs(launched, run):
    launched.stack.return_value = stack(outputs={"Endpoint": "https://x"})
    assert run("outputs", "--suffix", "demo").stdout.splitlines()[1] == (
        "us-east-1  Endpoint  https://x"
    )
    found = json.loads(run("outputs", "--suffix", "demo", "--output", "json").stdout)
    assert found == {"us-east-1": {"Endpoint": "https://x"}}


def test_terminate_needs_a_yes(launched, run):
    launched.stack.return_value = stack(parameters=UNPROTECTED)
    done = run("terminate", "--suffix", "demo")
    assert done.exit_code == 2
    assert "hint: `dr-catalog terminate --suffix demo --yes`" in done.stderr
    launched.terminate.assert_not_called()


@pytest.mark.parametrize(
    ("setting", "says"),
    [("retain", "are kept in us-east-1 and us-west-2"), ("purge", "all data is deleted in")],
)
def test_terminate_says_what_becomes_of_the_data(launched, run, setting, says):
    launched.stack.return_value = stack(parameters={**UNPROTECTED, "OnTermination": setting})
    done = run("terminate", "--suffix", "demo", "--yes")
    assert done.stdout == "demo: warm-standby 1.0.0 TERMINATED in us-east-1\n"
    assert says in done.stderr


def test_terminate_refuses_a_protected_launch(launched, run):
    done = run("terminate", "--suffix", "demo", "--yes")
    assert done.exit_code == 1
    assert "--set DeletionProtection=false" in done.stderr
    launched.terminate.assert_not_called()


@pytest.mark.parametrize(("answer", "terminates"), [("y\n", True), ("n\n", False)])
def test_terminate_asks_at_a_terminal(launched, monkeypatch, answer, terminates):
    from click.testing import CliRunner

    from dr_catalog.cli import question, terminate

    launched.stack.return_value = stack(parameters=UNPROTECTED)
    monkeypatch.setattr(question, "terminal", lambda: True)
    done = CliRunner().invoke(terminate.command, ["--suffix", "demo"], input=answer)
    assert "Terminate 'demo'?" in done.stderr
    assert done.exit_code == (0 if terminates else 1)
    assert launched.terminate.called == terminates


class Plan:
    """What offboarding would take, for the command alone."""

    account, stage, nothing = (
        "222222222222",
        Stage("dev", "1" * 12, ("us-east-1", "us-west-2")),
        False,
    )


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1)])
def test_offboard_asks_at_a_terminal(monkeypatch, answer, code):
    from click.testing import CliRunner

    from dr_catalog.cli import offboard, question

    made = create_autospec(publishing.Offboarding, instance=True)
    made.plan.return_value = Plan
    made.run.return_value = (publishing.Offboarded("222222222222", "us-east-1", ("share",)),)
    monkeypatch.setattr(publishing, "Offboarding", lambda **_: made)
    monkeypatch.setattr(question, "terminal", lambda: True)
    words = ["--account", "222222222222", "--stage", "dev"]
    done = CliRunner().invoke(offboard.command, words, input=answer)
    assert "Offboard 222222222222?" in done.stderr
    assert "AWS Backup stay as they are" in done.stderr
    assert (done.exit_code, made.run.called) == (code, code == 0)
