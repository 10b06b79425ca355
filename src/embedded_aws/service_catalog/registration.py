"""Where Service Catalog is put into the emulator: its operations, its nine types, its stacks' tags."""

from __future__ import annotations

import json
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.core.router import extract_access_key_id

from .. import extension
from . import resource_types, stacks, state
from .errors import ServiceCatalogError
from .handler import answer
from .identity import caller

TARGET_PREFIX = "AWS242ServiceCatalogService"
_CONTENT_TYPE = "application/x-amz-json-1.1"

Response = tuple[int, dict[str, str], bytes]


def register() -> None:
    """Register everything; once, before the server starts."""
    stacks.install()
    extension.register_service(
        name="servicecatalog", target_prefix=TARGET_PREFIX, handle=_handle, reset=state.reset
    )
    for kind in resource_types.TYPES:
        _register_type(kind)


def _handle(
    method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
) -> Response:
    who = caller(
        access_key=extract_access_key_id(headers, query) or "",
        account=get_account_id(),
        region=get_region(),
    )
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    try:
        return _response(200, answer(operation, json.loads(body or b"{}"), who))
    except ServiceCatalogError as error:
        refusal = {"__type": error.code, "Message": error.message}
        return _response(400, refusal, {"x-amzn-errortype": error.code})


def _response(
    status: int, content: dict[str, Any], headers: dict[str, str] | None = None
) -> Response:
    return status, {"Content-Type": _CONTENT_TYPE, **(headers or {})}, json.dumps(content).encode()


def _register_type(kind: str) -> None:
    def create(logical_id: str, properties: dict[str, Any], stack_name: str) -> resource_types.Made:
        return resource_types.create(kind, _account_root(), logical_id, properties)

    def update(
        physical_id: str,
        old: dict[str, Any],
        new: dict[str, Any],
        stack_name: str,
        logical_id: str,
    ) -> resource_types.Made:
        return resource_types.update(kind, _account_root(), logical_id, physical_id, old, new)

    def delete(physical_id: str, properties: dict[str, Any]) -> None:
        resource_types.delete(kind, _account_root(), physical_id, properties)

    extension.register_type(kind, create=create, update=update, delete=delete)


def _account_root() -> state.Caller:
    """Whom a stack's resources are made by."""
    account = get_account_id()
    root = f"arn:aws:iam::{account}:root"
    return state.Caller(account=account, region=get_region(), arn=root, session_arn=root)
