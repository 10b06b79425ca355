"""RTO: how long until it is served again.

    region      detection, decision and the machine's steps, then DNS; where both regions serve, health
                checks alone for what needs no promotion; without a machine, restoring in the peer
    corruption  a person chooses a point, and the stores are restored side by side

The loss of a region counts from the moment it stops answering. Corruption counts from when it is noticed,
which nothing bounds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..releases.template import as_list, dig
from .durations import Durations
from .estate import PEER, PRIMARY, RESTORE, Estate, Place
from .model import ALL, DATABASE, Line, Objective, Sum, Unbounded
from .schedule import longest_gap

PROBE_METRIC, CONTROL_METRIC = "LaunchRegionAnswers", "Serving"
"""What the probes publish, and what the DNS records' health checks follow."""
APPROVAL, APPROVE, READY = "approval", "approve", "ready"
AUTOMATIC = "automatic"
_ENDPOINT_CHECKS = ("HTTP", "HTTPS", "TCP")


def region(estate: Estate, durations: Durations) -> Objective:
    """How long the loss of the launch region stays."""
    machine = next(estate.find("AWS::StepFunctions::StateMachine", roles=PEER), None)
    if machine is None:
        return _restored(estate, durations) if estate.restores else _nothing()
    checks = [
        place
        for place in estate.find("AWS::Route53::HealthCheck", roles=(PRIMARY,))
        if place.resource.get("HealthCheckConfig.Type") in _ENDPOINT_CHECKS
    ]

    def recovered() -> list[Line]:
        return [*_detection(estate, durations), *_steps(estate, durations, machine)]

    def moved() -> list[Line]:
        return [*recovered(), *_dns(estate, durations)]

    def checked() -> list[Line]:
        return _checked(estate, durations, checks)

    if not checks:
        return Objective((_sum(ALL, moved),))
    # The name has long left the lost region when its writer is replaced.
    ways = {store: recovered if store == DATABASE else checked for store in estate.stores}
    return Objective(tuple(_sum(store, way) for store, way in ways.items()))


def corruption(estate: Estate, durations: Durations) -> Objective:
    """How long a restore takes, from the decision."""
    return _restored(estate, durations)


def _sum(store: str, way: Callable[[], list[Line]]) -> Sum:
    try:
        return Sum(store, tuple(way()))
    except Unbounded as error:
        return Sum(store, (), unbounded=str(error))


def _nothing() -> Objective:
    missing = (
        "neither a state machine nor a template of the release brings it up in the peer region"
    )
    return Objective((Sum(ALL, (), unbounded=missing),))


# -- by the machine ----------------------------------------------------------------------------------


def _detection(estate: Estate, durations: Durations) -> Iterator[Line]:
    """From the last answer to the start of the machine."""
    alarms = [
        place
        for place in estate.find("AWS::CloudWatch::Alarm", roles=PEER)
        if place.resource.get("MetricName") == PROBE_METRIC
        and place.resource.get("Statistic") == "Maximum"
    ]
    if not alarms or not any(estate.find("AWS::CloudWatch::CompositeAlarm", roles=PEER)):
        yield durations.line("a person learns of it and decides", "person_decides")
        return
    probe = _probe(estate)
    rule = _rule_of(estate, probe)
    yield Line(
        "until the probe's next look",
        longest_gap(rule.text("ScheduleExpression")),
        rule.source("ScheduleExpression"),
    )
    timeout = probe.number("Timeout")
    yield Line("time-out of that look", timeout.seconds(), timeout.source)
    periods, period = max(
        ((place.number("EvaluationPeriods"), place.number("Period")) for place in alarms),
        key=lambda found: found[0].value * found[1].value,
    )
    yield Line(
        "probe periods in a row without an answer", periods.seconds(period.value), periods.source
    )
    if any(place.resource.get("TreatMissingData") == "breaching" for place in alarms):
        yield durations.line("until silence counts", "silence_is_seen")
    yield durations.line("until the alarm starts the machine", "alarm_starts_machine")


def _probe(estate: Estate) -> Place:
    for place in estate.find("AWS::Lambda::Function", roles=PEER):
        if place.resource.get("Environment.Variables.METRIC") == PROBE_METRIC:
            return place
    raise Unbounded(f"no function of the peer region publishes {PROBE_METRIC}")


def _rule_of(estate: Estate, function: Place) -> Place:
    arn = {"Fn::GetAtt": [function.resource.id, "Arn"]}
    for rule in estate.find("AWS::Events::Rule", roles=(function.template.role,)):
        if any(dig(target, "Arn") == arn for target in as_list(rule.resource.get("Targets"))):
            return rule
    raise Unbounded(f"no schedule calls {function.resource.id}")


def _steps(estate: Estate, durations: Durations, machine: Place) -> Iterator[Line]:
    states = _states(machine)
    for name, state in states.items():
        known = (*durations.steps, *durations.elsewhere, APPROVAL)
        if dig(state, "Type") == "Task" and name not in known:
            raise Unbounded(f"the machine's step {name} has no reviewed figure")
    for name, duration in durations.steps.items():
        if name not in states or (duration.database and DATABASE not in estate.stores):
            continue
        if name == APPROVE:
            yield from _approval(estate, machine, states)
            continue
        yield durations.step(name)
        if name == READY:
            yield from _switching_on(estate, durations)


def _approval(estate: Estate, machine: Place, states: Mapping[str, Any]) -> Iterator[Line]:
    modes = [
        place
        for place in estate.find("AWS::Lambda::Function", roles=PEER)
        if place.resource.get("Environment.Variables.FAILOVER_MODE") is not None
    ]
    automatic = modes and modes[0].text("Environment.Variables.FAILOVER_MODE") == AUTOMATIC
    if automatic and not _headless(estate):  # whose lag nobody knows: a person accepts the loss
        return
    source = machine.source(f"DefinitionString States.{APPROVAL}.TimeoutSeconds")
    seconds = dig(states, f"{APPROVAL}.TimeoutSeconds")
    if not isinstance(seconds, int):
        raise Unbounded(f"{source} is not there: the wait for a person never ends")
    yield Line("a person approves, or else the run ends", seconds, source)


def _switching_on(estate: Estate, durations: Durations) -> Iterator[Line]:
    """What is off at rest: the database's instance, and functions without concurrency."""
    if _headless(estate):
        yield durations.line("an instance is made", "instance", store=DATABASE)
    if any(
        place.resource.get("ReservedConcurrentExecutions") == 0
        for place in estate.find("AWS::Lambda::Function", roles=PEER)
    ):
        yield durations.line("the functions are switched on", "switch_on")


def _headless(estate: Estate) -> bool:
    """Whether the peer's cluster has no instance at rest."""
    return DATABASE in estate.stores and not any(estate.find("AWS::RDS::DBInstance", roles=PEER))


def _states(machine: Place) -> Mapping[str, Any]:
    text = machine.template.text(machine.resource.get("DefinitionString"))
    try:
        states: Mapping[str, Any] = dict(json.loads(text)["States"])
    except (ValueError, KeyError, TypeError):
        raise Unbounded(f"{machine.source('DefinitionString')} can't be read") from None
    return states


# -- by DNS ------------------------------------------------------------------------------------------


def _dns(estate: Estate, durations: Durations) -> Iterator[Line]:
    """From the control metric's change to the last caller; nothing where no record is made."""
    if not any(estate.find("AWS::Route53::RecordSet", roles=(PRIMARY, RESTORE))):
        return
    if alarm := estate.alarm(CONTROL_METRIC, Statistic="Minimum"):
        periods, period = alarm.number("EvaluationPeriods"), alarm.number("Period")
        yield Line("periods of the control metric", periods.seconds(period.value), periods.source)
    yield durations.line("DNS answers with the other region", "dns_answers")
    yield durations.line("TTL of the record", "alias_ttl")


def _checked(estate: Estate, durations: Durations, checks: list[Place]) -> list[Line]:
    """Both regions serve: health checks take the lost one's record out."""
    interval, failures = max(
        (
            (
                place.number("HealthCheckConfig.RequestInterval"),
                place.number("HealthCheckConfig.FailureThreshold"),
            )
            for place in checks
        ),
        key=lambda found: found[0].value * found[1].value,
    )
    return [
        Line("health checks in a row that fail", failures.seconds(interval.value), failures.source),
        durations.line("health checkers agree", "endpoint_checks_agree"),
        durations.line("DNS answers with the other region", "dns_answers"),
        durations.line("TTL of the record", "alias_ttl"),
    ]


# -- by restoring ------------------------------------------------------------------------------------


def _restored(estate: Estate, durations: Durations) -> Objective:
    """The stores are restored side by side; by the release's own template where it has one."""

    def lines(store: str) -> Iterator[Line]:
        yield durations.line("a person decides and chooses the point", "person_decides")
        yield durations.line("restore job", "restore", store=store)
        if store == DATABASE:
            yield durations.line("an instance is made", "instance", store=store)
        if estate.restores:
            yield durations.line("network, functions and API are made", "stack", store=RESTORE)
        else:
            yield durations.line("a person connects it, by hand", "person_connects")
        yield durations.line("verification", "verify", store=RESTORE)
        yield from _dns(estate, durations)

    return Objective(tuple(Sum(store, tuple(lines(store))) for store in estate.stores))
