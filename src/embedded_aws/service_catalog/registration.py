"""Where Service Catalog is put into the emulator: its operations, its nine types, its stacks' tags."""

from __future__ import annotations

import json

from ministack.core.responses import get_account_id, get_region
from ministack.core.router import extract_access_key_id

from .. import extension
from . import resource_types, stacks, state
from .errors import ServiceCatalogError
from .handler import answer
from .identity import caller

TARGET_PREFIX = "AWS242ServiceCatalogService"
_JSON = "application/x-amz-json-1.1"


def register() -> None:
    """Register everything; once, before the server starts."""
    stacks.install()
    extension.register_service(
        name="servicecatalog", target_prefix=TARGET_PREFIX, handle=_handle, reset=state.reset
    )
    for kind in resource_types.TYPES:
        _register_type(kind)


def _handle(method, path, headers, body, query_params) -> tuple[int, dict[str, str], bytes]:
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    who = caller(
        access_key=extract_access_key_id(headers, query_params) or "",
        account=get_account_id(),
        region=get_region(),
    )
    try:
        content, status = answer(operation, json.loads(body or b"{}"), who), 200
        extra: dict[str, str] = {}
    except ServiceCatalogError as error:
        content, status = {"__type": error.code, "Message": error.message}, 400
        extra = {"x-amzn-errortype": error.code}
    return status, {"Content-Type": _JSON, **extra}, json.dumps(content).encode()


def _caller():
    account = get_account_id()
    root = f"arn:aws:iam::{account}:root"
    return state.Caller(account=account, region=get_region(), arn=root, session_arn=root)


def _register_type(kind: str) -> None:
    def create(logical_id, props, stack_name):
        return resource_types.create(kind, _caller(), logical_id, props)

    def update(physical_id, old, new, stack_name, logical_id):
        return resource_types.update(kind, _caller(), logical_id, physical_id, old, new)

    def delete(physical_id, props):
        resource_types.delete(kind, _caller(), physical_id, props)

    extension.register_type(kind, create=create, update=update, delete=delete)
