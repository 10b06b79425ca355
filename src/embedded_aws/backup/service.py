"""From a request to its operation; which operations there are is OPERATIONS.md's to say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..extension import Response
from . import copies, jobs, plans, points, protocol, restores, settings, tagging, testing, vaults
from .errors import RefusedError
from .state import Answer, Params

_operations: dict[str, Callable[[Params], Answer]] = {
    name: operation
    for module in (vaults, plans, testing, jobs, copies, restores, points, tagging, settings)
    for name, operation in module.OPERATIONS.items()
}


def handle(
    method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
) -> Response:
    """Answer a request to AWS Backup."""
    try:
        name, params = protocol.read(_operations, method, path, body, query)
        return protocol.answer(name, _operations[name](params))
    except RefusedError as refused:
        return protocol.refusal(refused)
