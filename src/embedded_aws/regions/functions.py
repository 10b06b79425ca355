"""Code that runs in a region stops when the region is gone: functions, executions, schedules.

A function's processes end, so that what is under way fails; what the region itself invokes waits. An
execution of a state machine stands still before its next task and goes on when the region is back. A
rule does not fire. Where Lambda is the service that is away, every invocation ends in `UNAVAILABLE`.
"""

from __future__ import annotations

from typing import Any

from ministack.core import lambda_runtime
from ministack.core.responses import get_region
from ministack.services import eventbridge, lambda_svc

from ..extension import require
from . import state

UNAVAILABLE = "Lambda.ServiceException"
_execute = require(lambda_svc, "_execute_function_dispatch")
_workers = require(lambda_runtime, "_workers")
_workers_lock = require(lambda_runtime, "_lock")
_kill = require(lambda_runtime, "kill_workers")
_invoke_target = require(eventbridge, "_invoke_target")


def install() -> None:
    """Once, before the server starts."""
    lambda_svc._execute_function_dispatch = execute
    eventbridge._invoke_target = target
    state.on_change(changed)


def execute(function: dict[str, Any], config: dict[str, Any], *rest: Any) -> dict[str, Any]:
    """Run a function once its region is there; nobody in another region waits for that."""
    region = get_region()
    state.wait_until_there(region)
    if "lambda" in state.outage(region).services:
        told = f"Lambda in {region} does not answer"
        return {"error": True, "body": {"errorType": UNAVAILABLE, "errorMessage": told}}
    result: dict[str, Any] = _execute(function, config, *rest)
    return result


def target(*arguments: Any) -> None:
    """Tell a rule's target, where the rule's region is."""
    if not state.gone(get_region()):
        _invoke_target(*arguments)


def changed(region: str, before: state.Outage, after: state.Outage) -> None:
    """End the processes of a region's functions when it goes."""
    if after.mode != state.GONE:
        return
    with _workers_lock:
        keys = [key for key in _workers if key.split(":")[1] == region]
        doomed = [worker for key in keys for worker in _workers.pop(key) or ()]
    _kill(doomed)
