"""A function that raises is answered with the exception's own type, as a state machine's Catch needs it.

ministack's process tells only an exception's text, and every error arrives as `Runtime.HandlerError`.
Here the process tells its type and stack as well, and they stand in the answer.

See https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
"""

from __future__ import annotations

import threading
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from ..extension import IncompatibleEmulatorError, require

_TOLD = '"error": str(e), "trace"'
_TELLS = '"error": str(e), "error_type": type(e).__name__, "trace"'

_script = require(lambda_runtime, "_PYTHON_WORKER_SCRIPT")
_invoke = require(lambda_runtime.Worker, "invoke")
_execute = require(lambda_svc, "_execute_function_warm")
_last = threading.local()  # an invocation and its answer are on one thread


def install() -> None:
    """Once, before the server starts.

    Raises:
        IncompatibleEmulatorError: The process's script tells errors otherwise.
    """
    if _TOLD not in _script:
        raise IncompatibleEmulatorError("ministack's Python process tells errors in another way")
    lambda_runtime._PYTHON_WORKER_SCRIPT = _script.replace(_TOLD, _TELLS)
    lambda_runtime.Worker.invoke = _noting
    lambda_svc._execute_function_warm = execute


def execute(function: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
    """Run a function; an error's body says which exception it was."""
    _last.answer = {}
    result: dict[str, Any] = _execute(function, event, request_id)
    kind = _last.answer.get("error_type")
    if result.get("error") and kind:
        frames = _last.answer.get("trace", "").split("\n  File ")[1:]
        result["body"] = {
            **result["body"],
            "errorType": kind,
            "requestId": request_id,
            "stackTrace": [f"  File {frame}" for frame in frames],
        }
    return result


def _noting(worker: Any, *arguments: Any, **named: Any) -> Any:
    answer = _invoke(worker, *arguments, **named)
    _last.answer = answer
    return answer
