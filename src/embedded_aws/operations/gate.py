"""The gate: the first thing behind the emulator's own paths, before any service sees a request."""

from __future__ import annotations

from typing import Any

from ministack import app

from ..extension import require
from . import document
from .identify import Request, identify
from .refusal import refuse

_parse_execute_api_url = require(app, "_parse_execute_api_url")
_parse_lambda_url = require(app, "_parse_lambda_url")
_resolve_custom_domain = require(app, "_resolve_custom_domain_request")
_answer = require(app, "_handle_special_data_plane_request")


def install() -> None:
    """Read the document and put the gate in place."""
    document.listed()
    app._handle_special_data_plane_request = _gated


async def _gated(
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    query_params: dict[str, Any],
    request_id: str,
    *,
    raw_path: str | None = None,
    **rest: Any,
) -> Any:
    """The emulator's first handler of requests with a body; ``None`` sends them on to a service."""
    if not is_data_plane(headers.get("host", ""), path):
        request = Request(method, raw_path or path, headers, body, query_params)
        operation = identify(request)
        if operation.name not in document.listed().get(operation.service, ()):
            status, answer_headers, answer = refuse(operation, request)
            return status, {**answer_headers, "x-amzn-requestid": request_id}, answer
    return await _answer(
        method, path, headers, body, query_params, request_id, raw_path=raw_path, **rest
    )


def is_data_plane(host: str, path: str) -> bool:
    """An API's own address, a function URL, or the emulator's own paths."""
    return (
        path.startswith("/_ministack/")
        or _parse_execute_api_url(host, path) is not None
        or _parse_lambda_url(host, path) is not None
        or _resolve_custom_domain(host, path) is not None
    )
