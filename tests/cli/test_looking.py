"""describe, plan, events and status: what they print where."""

from __future__ import annotations

import json
from typing import Any

import pytest

import dr_catalog.provisioning as provisioning
from dr_catalog.errors import LaunchError, SetupError
from dr_catalog.provisioning import Drift, Health, Preview
from dr_catalog.provisioning.model import Product
from dr_catalog.provisioning.preview_model import Difference, Drifted
from dr_catalog.provisioning.risk import Change
from tests.provisioning.fakes import PRODUCT, event, launch, record

TEMPLATE = {
    "Resources": {
        "Q": {"Type": "AWS::SQS::Queue"},
        "R": {"Type": "AWS::SQS::Queue", "Condition": "Large"},
    }
}


def change(action: str, resource: str, **more: Any) -> Change:
    return Change(
        region="us-east-1", part="primary", action=action, resource=resource, type="T", **more
    )


CHANGES = (
    change("added", "Queue"),
    change("replaced", "Table", properties=("TableName",), data="lost"),
    change("removed", "Bucket", data="orphaned"),
    change("tags", "Topic"),
)


@pytest.fixture
def planned(aws, monkeypatch):
    """`aws` on which a launch of `demo` can be planned; ``aws.unseen`` is why the peer can't be."""
    aws.plans.return_value = ()
    aws.found, aws.unseen = CHANGES, ""

    def preview(_: Any, step: Any) -> Preview:
        return Preview(
            operation=step.operation,
            suffix=step.suffix,
            product=step.product,
            version=step.version,
            region="us-east-1",
            peer_region="us-west-2",
            changes=aws.found,
            unseen=aws.unseen,
            notes=("a note",),
        )

    monkeypatch.setattr(provisioning, "preview", preview)
    return aws


def test_plan_lists_changes_and_marks_data(planned, run):
    done = run("plan", "warm-standby", "--suffix", "demo")
    assert done.exit_code == 0
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[2:4] for line in lines[1:]] == [
        ["added", "Queue"],
        ["REPLACED", "Table"],
        ["removed", "Bucket"],
    ]
    assert lines[2][-2:] == ["DATA", "LOST"]
    assert "orphaned:" in lines[3]
    assert "a note\n" in done.stderr
    assert (
        "the launch of 'demo' would be: 1 added, 1 replaced, 1 removed, "
        "1 by tags only (not listed); 1 WITH DATA AT RISK"
    ) in done.stderr
    planned.provision.assert_not_called()


def test_plan_as_json_holds_everything(planned, run):
    planned.unseen = "no right"
    done = run("plan", "warm-standby", "--suffix", "demo", "--output", "json")
    plan = json.loads(done.stdout)
    assert [each["action"] for each in plan["changes"]] == ["added", "replaced", "removed", "tags"]
    assert (plan["unseen"], plan["peer_region"]) == ("no right", "us-west-2")
    assert "the peer region's part can't be previewed: no right" in done.stderr


@pytest.mark.parametrize(("found", "code"), [(CHANGES, 3), ((), 0)])
def test_plan_answers_by_exit_code_when_asked(planned, run, found, code):
    planned.found = found
    assert run("plan", "warm-standby", "--suffix", "demo", "--exit-code").exit_code == code
    assert run("plan", "warm-standby", "--suffix", "demo").exit_code == 0


def test_plan_without_a_product_is_of_an_upgrade(planned, run):
    planned.launch.return_value = launch()
    done = run("plan", "--suffix", "demo", "--version", "1.1.0", "--output", "json")
    assert json.loads(done.stdout)["operation"] == "upgrade"
    same = run("plan", "--suffix", "demo", "--version", "1.0.0", "--exit-code")
    assert (same.exit_code, same.stdout) == (0, "")
    assert "nothing would change" in same.stderr
    assert run("plan", "--suffix", "demo", "--tag", "a=b").exit_code == 2


def test_plan_of_what_runs_is_refused(planned, run):
    planned.launch.return_value = launch(status="UNDER_CHANGE")
    planned.record.return_value = record(status="IN_PROGRESS")
    done = run("plan", "warm-standby", "--suffix", "demo")
    assert done.exit_code == 1
    assert "events --suffix demo --follow" in done.stderr


def test_describe(aws, run):
    aws.product.return_value = Product(
        id=PRODUCT.id,
        name=PRODUCT.name,
        support=("Ask us", "dr@example.com"),
        versions=PRODUCT.versions,
        paths=PRODUCT.paths,
    )
    aws.template_url.return_value = "https://t"
    aws.read_url.return_value = json.dumps(TEMPLATE).encode()
    text = run("describe", "warm-standby").stdout
    assert "Ask us, dr@example.com" in text
    assert "1.0.0    default" in text
    rows = [line.split() for line in text.splitlines()]
    assert ["Size", "small", "small,", "large", "How", "big"] in rows
    assert ["launch", "region", "1", "to", "2", "AWS::SQS::Queue"] in rows
    found = json.loads(run("describe", "warm-standby", "--output", "json").stdout)
    assert found["builds"] == [
        {"part": "primary", "type": "AWS::SQS::Queue", "count": 2, "conditional": 1}
    ]
    assert found["parameters"][0]["pattern"].startswith("^")


def test_describe_without_a_right_to_the_template_reads_the_repository_or_says_so(
    aws, run, tmp_path
):
    aws.template_url.side_effect = SetupError("these credentials may not call it")
    words = ("describe", "warm-standby", "--root", str(tmp_path))
    done = run(*words)
    assert done.exit_code == 0
    assert "not all that it builds is shown: these credentials may not call it" in done.stderr
    folder = tmp_path / "products" / "warm-standby" / "releases" / "1.0.0"
    folder.mkdir(parents=True)
    for role in ("primary", "workload"):
        (folder / f"{role}.template.json").write_text(json.dumps(TEMPLATE))
    rows = [line.split() for line in run(*words).stdout.splitlines()]
    assert ["peer", "region,", "workload", "1", "to", "2", "AWS::SQS::Queue"] in rows


def test_events(aws, run):
    aws.launch.return_value = launch()
    found = [event("B", "CREATE_FAILED", at=2, reason="no\n key"), event("A", "CREATE_COMPLETE")]
    aws.events.side_effect = lambda *_, **__: iter(found)
    first, second = run("events", "--suffix", "demo").stdout.splitlines()
    assert first.split()[1:4] == ["us-east-1", "CREATE_COMPLETE", "A"]
    assert second.endswith("B  AWS::SSM::Parameter  no key")
    listed = json.loads(run("events", "--suffix", "demo", "--output", "json").stdout)
    assert [each["resource"] for each in listed] == ["A", "B"]
    lines = run("events", "--suffix", "demo", "--follow", "--output", "json").stdout.splitlines()
    assert [json.loads(line)["resource"] for line in lines] == ["A", "B"]
    assert run("events", "--suffix", "demo", "--follow", "--all").exit_code == 2


def test_status_shows_drift_and_health(aws, run, monkeypatch):
    aws.launch.return_value = launch()
    drifted = Drifted(
        region="us-west-2",
        stack="s",
        resource="Q",
        type="T",
        physical_id="q",
        status="MODIFIED",
        differences=(Difference(path="/Delay", expected="0", actual="5"),),
    )
    drifts = (Drift(region="us-west-2", stack="s", status="DRIFTED", resources=(drifted,)),)
    healths = (
        Health(region="us-west-2", healthy=True, ready=False, role="standby", failing={"lag": "x"}),
        Health(region="eu-west-1", healthy=False, ready=False, off=True),
    )
    monkeypatch.setattr(provisioning, "drift", lambda *_: drifts)
    monkeypatch.setattr(provisioning, "health", lambda *_, suffix: healths)
    words = ("status", "--suffix", "demo", "--drift", "--health")
    rows = [line.split() for line in run(*words).stdout.splitlines()]
    assert ["us-west-2", "Q", "T", "MODIFIED", "/Delay", "0", "5"] in rows
    assert ["us-west-2", "standby", "yes", "NO", "lag:", "x"] in rows
    assert ["eu-west-1", "-", "off", "off", "-"] in rows
    found = json.loads(run(*words, "--output", "json").stdout)
    assert found["drift"][0]["status"] == "DRIFTED"
    assert found["health"][0]["role"] == "standby"
    assert found["status"]["recommended"] == "1.0.0"


def test_drift_of_all_launches_at_once_is_refused(aws, run):
    done = run("status", "--drift")
    assert done.exit_code == 2
    assert "--suffix" in done.stderr


def test_a_stack_that_can_not_be_looked_at_is_an_error(aws, run):
    aws.launch.return_value = launch()
    aws.detect_drift.side_effect = LaunchError("AWS refused DetectStackDrift", why="it is changing")
    done = run("status", "--suffix", "demo", "--drift")
    assert (done.exit_code, "it is changing" in done.stderr) == (1, True)
