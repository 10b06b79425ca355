"""Executions: each name once, stopped for good, and task tokens that answer once.

ministack lets a stopped execution go on to its next retry, or fail afterwards; lets the second of two
answers to a token overwrite the first, leaves a task whose function failed waiting for its token, and
knows no ``TimeoutSecondsPath``.

    POST /_embedded/executions {"arn": ..., "expire": true}    the token it waits for times out now
    POST /_embedded/pace {"waits": 0.01}                       waits and retries take a hundredth

See https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from ministack.core.responses import (
    error_response_json,
    get_region,
    json_response,
    request_scope,
)
from ministack.services import stepfunctions

from .. import controls, extension
from ..extension import Response, require
from ..regions import state

Record = dict[str, Any]

_start = require(stepfunctions, "_start_execution")
_stop = require(stepfunctions, "_stop_execution")
_task = require(stepfunctions, "_execute_task")
_invoke = require(stepfunctions, "_invoke_resource")
_callback = require(stepfunctions, "_invoke_with_callback")
_call_lambda = require(stepfunctions, "_call_lambda")
_succeed_task = require(stepfunctions, "_send_task_success")
_fail_task = require(stepfunctions, "_send_task_failure")
_heartbeat = require(stepfunctions, "_send_task_heartbeat")
_executions = require(stepfunctions, "_executions")
_tokens = require(stepfunctions, "_task_tokens")
_resolve_machine = require(stepfunctions, "_resolve_state_machine_arn")
_resolve_path = require(stepfunctions, "_resolve_path_or_ctx")
_Error = require(stepfunctions, "_ExecutionError")
require(stepfunctions, "_SFN_WAIT_SCALE")

_RUNNING = "RUNNING"
_lock = threading.RLock()
_current: ContextVar[Record | None] = ContextVar("execution", default=None)
_waits_for_token: ContextVar[bool] = ContextVar("waits_for_token", default=False)
_over: set[str] = set()
"""Tokens that were answered, or whose execution or time is over."""


class _FunctionFailedError(Exception):
    """The function of a task that waits for a token failed; not what ministack overlooks."""


def install() -> None:
    """Once, before the server starts."""
    stepfunctions._start_execution = start
    stepfunctions._stop_execution = stop
    stepfunctions._execute_task = _task_of_execution
    stepfunctions._invoke_resource = _while_running(_invoke)
    stepfunctions._invoke_with_callback = _while_running(_until_answered)
    stepfunctions._call_lambda = _called
    stepfunctions._send_task_success = _once(_succeed_task)
    stepfunctions._send_task_failure = _once(_fail_task)
    stepfunctions._send_task_heartbeat = _once(_heartbeat)
    controls.register("executions", control)
    controls.register("pace", pace)
    extension.on_reset(_reset)


def start(data: Mapping[str, Any]) -> Response:
    """StartExecution; the same name and input again is the execution that runs."""
    with _lock:
        running = _of_name(data)
        if running and (running["status"], running["input"]) == (_RUNNING, data.get("input", "{}")):
            found = {name: running[name] for name in ("executionArn", "startDate")}
            answer: Response = json_response(found)
        else:
            answer = _start(data)
        return answer


def _of_name(data: Mapping[str, Any]) -> Record | None:
    machine = _resolve_machine(data.get("stateMachineArn", ""))
    if not (machine and data.get("name")):
        return None
    arn = f"{machine.replace(':stateMachine:', ':execution:')}:{data['name']}"
    found: Record | None = _executions.get(arn)
    return found


def stop(data: Mapping[str, Any]) -> Response:
    """StopExecution; what it waits for is over."""
    answer: Response = _stop(data)
    if answer[0] < 300:
        _end_tokens(data["executionArn"], error="States.Aborted")
    return answer


def _task_of_execution(step: Record, given: Any, execution: Record, context: Record) -> Any:
    path = step.get("TimeoutSecondsPath")
    if path:
        step = {**step, "TimeoutSeconds": _resolve_path(path, given, context)}
    before = _current.set(execution)
    try:
        return _task(step, given, execution, context)
    finally:
        _current.reset(before)


def _while_running(invoke: Any) -> Any:
    """A task's call, made and heeded only while its execution runs."""

    def run(*arguments: Any) -> Any:
        _still()
        try:
            return invoke(*arguments)
        finally:
            _still()

    return run


def _still() -> None:
    """Stand still while the region is gone; end with an execution that was ended."""
    state.wait_until_there(get_region())
    execution = _current.get()
    if execution is not None and execution["status"] != _RUNNING:
        raise SystemExit  # ends its thread, and nothing else


def _until_answered(resource: str, given: Any, token: str, step: Record) -> Any:
    with _lock:
        execution = _current.get() or {}
        execution.setdefault("_tokens", []).append(token)
    waiting = _waits_for_token.set(True)
    try:
        return _callback(resource, given, token, step)
    except _FunctionFailedError as failed:
        _tokens.pop(token, None)
        raise failed.args[0] from None
    finally:
        _waits_for_token.reset(waiting)
        _over.add(token)


def _called(function: str, event: Any) -> Any:
    try:
        return _call_lambda(function, event)
    except _Error as error:
        if _waits_for_token.get():
            raise _FunctionFailedError(error) from error
        raise


def _once(answer: Any) -> Any:
    """An answer to a token; the first one counts."""

    def run(data: Mapping[str, Any]) -> Response:
        token = data.get("taskToken", "")
        with _lock:
            known = _tokens.get(token)
            if token in _over or (known is not None and known["event"].is_set()):
                message = "Task Timed Out: 'Provided task does not exist anymore'"
                told = error_response_json("TaskTimedOut", message, 400)
            elif known is None:
                told = error_response_json("InvalidToken", "Invalid Token: 'Invalid token'", 400)
            else:
                told = answer(data)
        given: Response = told
        return given

    return run


def _end_tokens(arn: str, *, error: str) -> int:
    """End the wait for the execution's tokens; how many there were."""
    ended = 0
    with _lock:
        for token in _executions[arn].get("_tokens", ()):
            waiting = _tokens.get(token)
            if waiting is not None and not waiting["event"].is_set():
                waiting["error"] = {"Error": error, "Cause": "Task timed out waiting for callback"}
                waiting["event"].set()
                ended += 1
    return ended


def control(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Let the token that an execution waits for time out now.

    Raises:
        ValueError: There is no such execution, or it waits for no token.
    """
    arn = str(asked["arn"])
    if not asked["expire"]:
        raise ValueError("expire is true")
    _, _, _, region, account, *_ = arn.split(":")
    with request_scope(account, region):
        if arn not in _executions or not _end_tokens(arn, error="States.Timeout"):
            raise ValueError(f"{arn} waits for no token")
    return {"arn": arn, "expired": True}


def pace(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Let waits and retries' pauses take a part of their time; time-outs keep theirs.

    Raises:
        ValueError: ``waits`` is no number from 0 to 1.
    """
    part = float(asked["waits"])
    if not 0 <= part <= 1:
        raise ValueError("waits is the part of their time that waits take, 0 to 1")
    stepfunctions._SFN_WAIT_SCALE = part
    return {"waits": part}


def _reset() -> None:
    _over.clear()
    stepfunctions._SFN_WAIT_SCALE = 1.0
