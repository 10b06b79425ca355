"""Layers launched alone: the commands' words for them, and what they print where."""

from __future__ import annotations

import json

import pytest

import dr_catalog.provisioning as provisioning
from dr_catalog.provisioning import Drift, Health
from dr_catalog.provisioning.model import UPDATE
from dr_catalog.provisioning.preview_model import ChangeSet
from tests.provisioning.fakes import NEEDS, block, launch, record, stack, with_blocks


@pytest.fixture
def two(aws):
    """`aws` on which two layers of `demo` are launched."""
    aws.update.return_value = record(kind=UPDATE, launch="dr-demo.kms")
    aws.record.return_value = record(launch="dr-demo.kms")
    aws.terminate.return_value = record()
    return with_blocks(aws, block("vpc"), block("kms"))


def test_products_come_by_portfolio_tiers_first(aws, run):
    lines = run("products").stdout.splitlines()[1:]
    assert len(lines) == 1
    with_blocks(aws)
    done = run("products")
    rows = [line.split()[:3] for line in done.stdout.splitlines()[1:]]
    assert rows[0] == ["Recovery", "tiers", "warm-standby"]
    assert rows[1:] == [["Building", "blocks", layer] for layer in sorted(NEEDS)]
    assert "next: dr-catalog launch warm-standby" in done.stderr
    first = json.loads(run("products", "--output", "json").stdout)[0]
    assert first["portfolios"] == ["Recovery tiers"]


def test_a_layer_says_what_it_needs(two, run):
    text = run("describe", "vpc").stdout
    assert "needs        kms: launched under the same suffix before it" in text
    assert "no other layer" in run("describe", "kms").stdout
    told = json.loads(run("describe", "aurora", "--output", "json").stdout)
    assert (told["kind"], told["needs"]) == ("layer", ["vpc", "kms"])
    tier = json.loads(run("describe", "warm-standby", "--output", "json").stdout)
    assert (tier["kind"], tier["needs"]) == ("tier", [])
    assert "needs" not in run("describe", "warm-standby").stdout


def test_a_launch_names_the_layer(two, run):
    two.provision.return_value = record(launch="dr-demo.dynamodb", status="IN_PROGRESS")
    two.record.return_value = record(launch="dr-demo.dynamodb")
    launched = two.launch.side_effect
    two.launch.side_effect = lambda name: (
        block("dynamodb") if two.provision.called and "dynamodb" in name else launched(name)
    )
    done = run("launch", "dynamodb", "--suffix", "demo")
    assert done.stdout == "demo: dynamodb 1.0.0 AVAILABLE in us-east-1\n"
    assert "launching 'demo.dynamodb' (dynamodb 1.0.0)" in done.stderr
    assert "next: dr-catalog outputs --suffix demo --layer dynamodb" in done.stderr
    assert two.provision.call_args.kwargs["name"] == "dr-demo.dynamodb"


def test_a_launch_without_its_neighbour_begins_nothing(two, run):
    done = run("launch", "compute", "--suffix", "demo")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "error: compute can't be launched under 'demo': aurora and dynamodb are" in done.stderr
    assert "hint: first `dr-catalog launch aurora --suffix demo`, then" in done.stderr
    two.provision.assert_not_called()


def test_status_is_a_row_a_layer_in_the_order_of_their_launches(two, run):
    for words in (("status",), ("status", "--suffix", "demo")):
        done = run(*words)
        rows = [line.split() for line in done.stdout.splitlines()]
        assert [row[:2] for row in rows[1:]] == [["demo", "kms"], ["demo", "vpc"]]
    assert "next: dr-catalog status --suffix demo --layer kms" in done.stderr
    told = json.loads(run("status", "--suffix", "demo", "--output", "json").stdout)
    assert [row["layer"] for row in told["launches"]] == ["kms", "vpc"]


def test_status_of_one_layer_is_in_detail(two, run):
    text = run("status", "--suffix", "demo", "--layer", "vpc").stdout
    assert "layer                         vpc" in text
    assert "parameter DeletionProtection  false" in text
    told = json.loads(
        run("status", "--suffix", "demo", "--layer", "vpc", "--output", "json").stdout
    )
    assert told["status"]["layer"] == "vpc"


def test_status_looks_at_all_layers_at_once(two, run, monkeypatch):
    seen = []
    monkeypatch.setattr(
        provisioning,
        "drift",
        lambda _, stacks: (
            seen.extend(stacks)
            or tuple(Drift(region=s.region, stack=s.name, status="IN_SYNC") for s in stacks)
        ),
    )
    done = run("status", "--suffix", "demo", "--drift", "--health")
    assert [each.name.rpartition("-")[2] for each in seen] == ["kms", "vpc"]
    assert done.stdout.count("IN_SYNC") == 2
    assert "no API to ask is launched under it" in done.stderr
    told = json.loads(
        run("status", "--suffix", "demo", "--drift", "--health", "--output", "json").stdout
    )
    assert (len(told["launches"]), len(told["drift"]), told["health"]) == (2, 2, [])


def test_health_asks_the_layer_that_has_an_api(two, run, monkeypatch):
    two.stack.side_effect = lambda name, *, region="": stack(
        outputs={"Endpoint": "https://x"} if "vpc" in name else {}
    )
    asked = []

    def health(_, outputs, *, suffix):
        asked.append(outputs)
        return (Health(region="us-east-1", healthy=True, ready=True, role="writer"),)

    monkeypatch.setattr(provisioning, "health", health)
    assert "writer" in run("status", "--suffix", "demo", "--health").stdout
    assert asked == [{"us-east-1": {"Endpoint": "https://x"}}]


def test_layer_goes_with_a_suffix(two, run):
    done = run("status", "--layer", "kms")
    assert done.exit_code == 2
    assert "error: --layer looks at one suffix\n  hint: add --suffix SUFFIX" in done.stderr


def test_upgrade_wants_a_layer_where_there_are_several(two, run):
    done = run("upgrade", "--suffix", "demo", "--version", "1.1.0")
    assert done.exit_code == 2
    assert done.stderr == (
        "error: several layers are launched under 'demo'\n"
        "  why:  kms, vpc\n"
        "  hint: name one of them, such as --layer kms\n"
    )
    two.update.assert_not_called()
    done = run("upgrade", "--suffix", "demo", "--layer", "kms", "--version", "1.1.0")
    assert done.stdout == "demo: kms 1.1.0 AVAILABLE in us-east-1\n"
    assert two.update.call_args.kwargs["launch_id"] == "pp-kms"


@pytest.mark.parametrize("command", ["events", "plan"])
def test_events_and_plans_want_a_layer_too(two, run, command):
    two.plans.return_value = ()
    assert "several layers" in run(command, "--suffix", "demo").stderr
    assert run(command, "--suffix", "demo", "--layer", "kms").exit_code == 0


def test_a_plan_of_a_launch_takes_no_layer(two, run):
    done = run("plan", "kms", "--suffix", "demo", "--layer", "kms")
    assert done.exit_code == 2
    assert "--layer goes with an upgrade only" in done.stderr


def test_a_plan_that_was_left_is_cleared_from_the_layer_that_is_meant(aws, run):
    with_blocks(aws, block("kms"))
    aws.plans.return_value = (("plan-1", "dr-catalog-1"),)
    aws.plan.return_value = ChangeSet(status="CREATE_SUCCESS")
    assert run("plan", "--suffix", "demo", "--version", "1.0.0").exit_code == 0
    aws.plans.assert_called_once_with("pp-kms")
    aws.delete_plan.assert_called_once_with("plan-1")


def test_terminate_goes_layer_by_layer(two, run):
    done = run("terminate", "--suffix", "demo", "--yes")
    assert done.exit_code == 2
    assert "they are terminated one at a time" in done.stderr
    assert "each before those that it needs: vpc, kms\n" in done.stderr
    assert "hint: begin with `dr-catalog terminate --suffix demo --layer vpc`" in done.stderr
    done = run("terminate", "--suffix", "demo", "--layer", "kms", "--yes")
    assert done.exit_code == 1
    assert "why:  vpc under 'demo' needs it" in done.stderr
    two.terminate.assert_not_called()
    done = run("terminate", "--suffix", "demo", "--layer", "vpc")
    assert "hint: `dr-catalog terminate --suffix demo --layer vpc --yes`" in done.stderr
    done = run("terminate", "--suffix", "demo", "--layer", "vpc", "--yes")
    assert done.stdout == "demo: vpc 1.0.0 TERMINATED in us-east-1\n"
    assert two.terminate.call_args.kwargs["launch_id"] == "pp-vpc"


def test_a_failure_names_the_layer_and_how_to_clear_it(two, run):
    two.provision.return_value = record(launch="dr-demo.dynamodb", status="IN_PROGRESS")
    two.record.return_value = record(
        launch="dr-demo.dynamodb", status="FAILED", errors=("no such role",)
    )
    done = run("launch", "dynamodb", "--suffix", "demo")
    assert "error: the launch of 'demo.dynamodb' failed" in done.stderr
    assert "`dr-catalog terminate --suffix demo --layer dynamodb`" in done.stderr


def test_a_tier_needs_no_layer(aws, run):
    with_blocks(aws, launch())
    assert run("status", "--suffix", "demo").stdout.startswith("suffix")
    assert "leave --layer out" in run("status", "--suffix", "demo", "--layer", "kms").stderr
