"""Errors of the embedded AWS itself, in the protocol that the request was made in."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from xml.sax.saxutils import escape

from .identify import Operation, Request

Response = tuple[int, dict[str, str], bytes]
Shaped = tuple[dict[str, str], bytes]
"""Headers and body."""


def refuse(operation: Operation, request: Request) -> Response:
    """An error that names the operation and where to list it.

    The code is ``InvalidAction`` in the query protocol and ``NotImplemented`` elsewhere.
    """
    asked = f"{operation.service}:{operation.name}"
    if not operation.name:
        asked = f"{request.method} {request.path} of {operation.service}"
    return error(
        operation,
        code="InvalidAction" if operation.protocol == "query" else "NotImplemented",
        message=f"{asked} is not an operation of the embedded AWS; see OPERATIONS.md",
        status=501 if operation.protocol == "rest-xml" else 400,
    )


def error(operation: Operation, *, code: str, message: str, status: int) -> Response:
    """An error in the operation's protocol."""
    headers, body = _SHAPES[operation.protocol](operation, code, message)
    return status, headers, body


def _query(operation: Operation, code: str, message: str) -> Shaped:
    if operation.service == "ec2":
        error = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
        body = (
            f"<Response><Errors><Error>{error}</Error></Errors>"
            f"<RequestID>{uuid.uuid4()}</RequestID></Response>"
        )
    else:
        error = f"<Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message>"
        body = (
            f"<ErrorResponse><Error>{error}</Error>"
            f"<RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
        )
    return {"Content-Type": "text/xml"}, body.encode()


def _rest_xml(_operation: Operation, code: str, message: str) -> Shaped:
    error = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error>{error}<RequestId>{uuid.uuid4()}</RequestId></Error>"
    )
    return {"Content-Type": "application/xml"}, body.encode()


def _json(_operation: Operation, code: str, message: str) -> Shaped:
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-errortype": code}
    return headers, json.dumps({"__type": code, "message": message}).encode()


def _cbor(_operation: Operation, code: str, message: str) -> Shaped:
    headers = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
    members = ("__type", code, "message", message)
    return headers, b"\xa2" + b"".join(_cbor_text(member) for member in members)


def _cbor_text(text: str) -> bytes:
    """A text of up to 65,535 bytes (RFC 8949, major type 3)."""
    data = text.encode()
    return b"\x79" + len(data).to_bytes(2, "big") + data


_SHAPES: dict[str, Callable[[Operation, str, str], Shaped]] = {
    "json": _json,
    "query": _query,
    "rest-json": _json,
    "rest-xml": _rest_xml,
    "rpc-v2-cbor": _cbor,
}
