"""State machines: what Step Functions refuses of a definition, its role and its log, and what it keeps.

ministack takes any definition and drops the tracing.

See https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ministack.core.responses import error_response_json, get_account_id, get_region
from ministack.services import cloudwatch_logs, stepfunctions

from ..extension import Response, require
from ..permissions import accounts
from ..trust import trusts

_create = require(stepfunctions, "_create_state_machine")
_update = require(stepfunctions, "_update_state_machine")
_machines = require(stepfunctions, "_state_machines")
_log_groups = require(cloudwatch_logs, "_log_groups")
_TRACING = "tracingConfiguration"
_ENDS = ("Succeed", "Fail")
UNSUPPORTED = ("HeartbeatSeconds", "HeartbeatSecondsPath")
"""Fields of a state that have no effect here, and are refused."""


class RefusedError(Exception):
    """Step Functions refuses the machine."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def install() -> None:
    """Once, before the server starts."""
    stepfunctions._create_state_machine = create
    stepfunctions._update_state_machine = update


def create(data: dict[str, Any]) -> Response:
    """CreateStateMachine."""
    try:
        _check(data)
    except RefusedError as refused:
        return _refused(refused)
    answer: Response = _create(data)
    if answer[0] < 300:
        kept = _machines[json.loads(answer[2])["stateMachineArn"]]
        kept.setdefault(_TRACING, data.get(_TRACING, {"enabled": False}))
    return answer


def update(data: dict[str, Any]) -> Response:
    """UpdateStateMachine."""
    try:
        _check(data)
    except RefusedError as refused:
        return _refused(refused)
    answer: Response = _update(data)
    if answer[0] < 300 and _TRACING in data:
        _machines[data["stateMachineArn"]][_TRACING] = data[_TRACING]
    return answer


def _refused(refused: RefusedError) -> Response:
    answer: Response = error_response_json(refused.code, str(refused), 400)
    return answer


def _check(data: Mapping[str, Any]) -> None:
    if "definition" in data:
        for problem in problems(data["definition"]):
            raise RefusedError(
                "InvalidDefinition", f"Invalid State Machine Definition: '{problem}'"
            )
    if "roleArn" in data:
        _check_role(data["roleArn"])
    if "loggingConfiguration" in data:
        _check_log(data["loggingConfiguration"])


def _check_role(arn: str) -> None:
    role = accounts.role(get_account_id(), arn.rpartition("/")[2])
    if role is None or not trusts(
        role,
        "Service",
        "states.amazonaws.com",
        {
            "aws:sourceaccount": get_account_id(),
            "aws:sourcearn": f"arn:aws:states:{get_region()}:{get_account_id()}:stateMachine:*",
        },
    ):
        raise RefusedError(
            "AccessDeniedException",
            "Neither the global service principal states.amazonaws.com, nor the regional one is "
            f"authorized to assume the provided role: {arn}",
        )


def _check_log(log: Mapping[str, Any]) -> None:
    destinations = log.get("destinations") or []
    if log.get("level", "OFF") != "OFF" and len(destinations) != 1:
        raise RefusedError(
            "InvalidLoggingConfiguration",
            "Invalid Logging Configuration: Must specify exactly one Log Destination.",
        )
    for destination in destinations:
        arn = destination.get("cloudWatchLogsLogGroup", {}).get("logGroupArn", "")
        if not arn.endswith(":*") or arn.split(":")[6] not in _log_groups:
            raise RefusedError(
                "InvalidLoggingConfiguration",
                "Invalid Logging Configuration: Log Destination must be the ARN of a log group of "
                f"this account and region, with :* at its end; not {arn}",
            )


def problems(definition: str) -> Iterator[str]:
    """What is wrong with a definition."""
    try:
        machine = json.loads(definition)
    except ValueError:
        yield "INVALID_JSON_DESCRIPTION: it is not JSON"
        return
    if machine.get("TimeoutSeconds"):
        yield "The embedded AWS ends no execution by a machine's TimeoutSeconds"
    yield from _of_states(machine, "")


def _of_states(machine: Mapping[str, Any], path: str) -> Iterator[str]:
    states: Mapping[str, Any] = machine.get("States") or {}
    if machine.get("StartAt") not in states:
        yield f"MISSING_TRANSITION_TARGET: Missing 'Next' target: {machine.get('StartAt')} at {path}/StartAt"
    for name, state in states.items():
        here = f"{path}/States/{name}"
        followers = [state.get("Next"), state.get("Default")]
        followers += [each["Next"] for each in state.get("Choices") or ()]
        followers += [each["Next"] for each in state.get("Catch") or ()]
        for follower in followers:
            if follower is not None and follower not in states:
                yield f"MISSING_TRANSITION_TARGET: Missing 'Next' target: {follower} at {here}"
        if state.get("Type") not in (*_ENDS, "Choice") and (
            bool(state.get("End")) == ("Next" in state)
        ):
            yield f"SCHEMA_VALIDATION_FAILED: {here} needs either Next or End"
        for field in UNSUPPORTED:
            if field in state:
                yield f"{here}: {field} has no effect in the embedded AWS"
        for branch in state.get("Branches") or ():
            yield from _of_states(branch, here)
        for inner in ("Iterator", "ItemProcessor"):
            if inner in state:
                yield from _of_states(state[inner], here)
