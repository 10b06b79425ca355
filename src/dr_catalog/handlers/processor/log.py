"""Structured logs: one JSON object a line on standard output.

A line says what happened to which request. It never holds a payload, a path or an exception's
message, because all three may carry a tenant's data: an exception is told by its type, its AWS
error code and the places it passed.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class Log:
    """Writes lines at or above a level; an unknown level means INFO."""

    def __init__(self, *, level: str, region: str, suffix: str) -> None:
        self._threshold = LEVELS.index(level if level in LEVELS else "INFO")
        self._always = {"region": region, "suffix": suffix}

    def write(self, level: str, message: str, **fields: Any) -> None:
        """One line; ``None`` fields are left out."""
        if LEVELS.index(level) < self._threshold:
            return
        line = {"level": level, "message": message, **fields, **self._always, "traceId": _trace()}
        text = json.dumps({name: value for name, value in line.items() if value is not None})
        sys.stdout.write(text + "\n")


def describe(error: BaseException) -> dict[str, Any]:
    """An exception without its message: type, AWS error code if any, and stack frames."""
    frames = traceback.extract_tb(error.__traceback__)
    told: dict[str, Any] = {
        "type": type(error).__name__,
        "frames": [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames],
    }
    code = error_code(error)
    return told | ({"code": code} if code else {})


def error_code(error: BaseException) -> str:
    """The AWS error code, such as ``ThrottlingException``; empty for any other exception."""
    response = getattr(error, "response", None)
    if not isinstance(response, dict):
        return ""
    return str(response.get("Error", {}).get("Code", ""))


def _trace() -> str | None:
    """The X-Ray trace id of this invocation; Lambda renews the variable for each.

    See https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    header = os.environ.get("_X_AMZN_TRACE_ID", "")
    parts = dict(part.split("=", 1) for part in header.split(";") if "=" in part)
    return parts.get("Root")
