"""RTO: each term by itself, from small templates."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dr_catalog.handlers.recovery import procedures
from dr_catalog.objectives import Objective

from .small import (
    DURATIONS,
    MACHINE,
    Templates,
    drop,
    figure,
    losses,
    properties,
    resource,
    templates,
)
from .test_data_loss import Change, changed, setting, stores, without

TAIL = 60 + figure("dns_answers") + figure("alias_ttl")
STEPS = sum(step.seconds for step in DURATIONS.steps.values())
DETECTION = 60 + 30 + 5 * 60 + figure("silence_is_seen") + figure("alarm_starts_machine")
APPROVAL = 3600
WHOLE = DETECTION + STEPS + APPROVAL + TAIL


def machine(**changes: Any) -> Change:
    states = {**MACHINE["States"], **changes}
    kept = {name: state for name, state in states.items() if state is not None}
    return setting("workload", "Machine", DefinitionString=json.dumps({"States": kept}))


def terms(objective: Objective) -> dict[str, int]:
    return {line.term: line.seconds for line in objective.worst.lines}


def test_a_machine_takes_detection_decision_steps_and_dns() -> None:
    rto = changed()["region"].rto
    assert stores(rto) == {"all": WHOLE}
    assert rto.worst.dominant is not None
    assert rto.worst.dominant.term == "a person approves, or else the run ends"
    assert rto.worst.dominant.source == (
        "workload Machine.DefinitionString States.approval.TimeoutSeconds"
    )
    sources = {line.term: line.source for line in rto.worst.lines}
    assert sources["until the probe's next look"] == "workload EveryMinute.ScheduleExpression"
    assert sources["time-out of that look"] == "workload Probe.Timeout"
    assert sources["probe periods in a row without an answer"] == "workload Vote.EvaluationPeriods"
    assert sources["step await_writer"].startswith("reviewed figure, not measured on AWS: ")


def test_every_step_until_the_traffic_has_moved_is_counted_in_order() -> None:
    """The machine's own table of steps and the reviewed figures are of the same failover."""
    failover = [step.name for step in procedures.PROCEDURES[procedures.FAILOVER]]
    moved = failover.index(procedures.MOVE.name) + 1
    assert list(DURATIONS.steps) == failover[:moved]
    assert {*DURATIONS.steps, *DURATIONS.elsewhere} == {*procedures.STEPS}
    for name, step in DURATIONS.steps.items():
        assert step.seconds <= procedures.STEPS[name].patience


def parameters(**values: str) -> dict[str, int | None]:
    return stores(losses(templates(), **values)["region"].rto)


def test_a_launchs_own_parameters_count() -> None:
    assert parameters(FailoverMode="automatic") == {"all": WHOLE - APPROVAL}
    assert parameters(DetectionMinutes="30") == {"all": WHOLE + 25 * 60}


def test_where_nobody_knows_the_lag_a_person_decides_in_either_mode() -> None:
    bodies = templates()
    drop(bodies, "workload", "Instance")
    rto = losses(bodies, FailoverMode="automatic")["region"].rto
    assert stores(rto) == {"all": WHOLE + figure("instance.database")}


# What is changed, and by how much the sum is longer; None where nothing bounds it.
ROWS: list[tuple[Change, int | None]] = [
    (setting("workload", "EveryMinute", ScheduleExpression="rate(5 minutes)"), 240),
    (setting("workload", "Probe", Timeout=10), -20),
    (setting("workload", "Vote", Period=120), 300),
    (setting("workload", "Vote", TreatMissingData="ignore"), -figure("silence_is_seen")),
    (setting("workload", "Vote", EvaluationPeriods={"Fn::GetAtt": ["A", "B"]}), None),
    (setting("workload", "EveryMinute", Targets=[]), None),
    (without("workload", "Probe"), None),
    (without("workload", "Down"), figure("person_decides") - DETECTION),
    (machine(approval={"Type": "Task", "TimeoutSeconds": 60}), 60 - APPROVAL),
    (machine(approval={"Type": "Task"}), None),
    (machine(fence=None), -60),
    (machine(novel={"Type": "Task"}), None),
    (machine(novel={"Type": "Wait"}), 0),
    (setting("workload", "Machine", DefinitionString="{"), None),
    (without("workload", "Machine"), None),
    (without("workload", "Instance"), figure("instance.database")),
    (setting("workload", "Task", ReservedConcurrentExecutions=0), figure("switch_on")),
    (setting("workload", "Task", ReservedConcurrentExecutions=5), 0),
    (setting("workload", "Serving", EvaluationPeriods=3), 120),
    (without("primary", "Record"), -TAIL),
    (
        lambda bodies: drop(bodies, "primary", "Database"),
        -DURATIONS.steps["promote"].seconds - DURATIONS.steps["await_writer"].seconds,
    ),
]


@pytest.mark.parametrize(("change", "more"), ROWS)
def test_each_term_of_the_machines_way(change: Change, more: int | None) -> None:
    rto = changed(change)["region"].rto
    assert stores(rto) == {"all": None if more is None else WHOLE + more}
    assert bool(rto.worst.unbounded) is (more is None)


def endpoint_checks(bodies: Templates) -> None:
    properties(bodies, "primary", "Check")["HealthCheckConfig"] = {
        "Type": "HTTPS",
        "RequestInterval": 10,
        "FailureThreshold": 3,
    }


def test_where_both_regions_serve_only_the_database_waits_for_a_promotion() -> None:
    rto = changed(endpoint_checks)["region"].rto
    checked = 30 + figure("endpoint_checks_agree") + figure("dns_answers") + figure("alias_ttl")
    assert stores(rto) == {"database": WHOLE - TAIL, "table": checked, "documents": checked}
    assert rto.worst.store == "database"


def restore(bodies: Templates) -> None:
    drop(bodies, "workload", "Machine", "Database", "Instance")
    bodies["restore"] = {"Resources": {"Record": resource("Route53::RecordSet")}}


def test_what_is_restored_by_a_template_takes_its_jobs_and_its_stack() -> None:
    found = changed(restore)
    made = figure("person_decides") + figure("stack.restore") + figure("verify.restore") + TAIL
    expected = {
        "database": made + figure("restore.database") + figure("instance.database"),
        "table": made + figure("restore.table"),
        "documents": made + figure("restore.documents"),
    }
    assert stores(found["region"].rto) == stores(found["corruption"].rto) == expected


def test_without_a_template_a_person_connects_what_was_restored() -> None:
    rto = changed()["corruption"].rto
    more = figure("person_connects") - figure("stack.restore")
    by_template = changed(restore)["corruption"].rto
    assert [entry.seconds for entry in rto.sums] == [
        (entry.seconds or 0) + more for entry in by_template.sums
    ]
    assert "a person connects it, by hand" in terms(rto)
