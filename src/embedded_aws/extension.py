"""The one place where this package takes hold of ministack.

Services and resource types are registered before the server starts; `install` then puts the last
pieces in place. Everything private that is used goes through `require`, so that another version of
ministack fails at start-up with its name, not in the middle of a stack.
"""

from __future__ import annotations

import copy
import functools
import sys
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

from ministack import app
from ministack.core import router
from ministack.core.concurrency import run_reentrant
from ministack.core.responses import AccountRegionScopedDict
from ministack.services.cloudformation import provisioners, stacks

from . import clients

PINNED = "1.5.33"

Response = tuple[int, dict[str, str], bytes]
Handler = Callable[[str, str, dict[str, str], bytes, dict[str, Any]], Response]
"""Method, path, headers, body and query in; status, headers and body out."""

Made = tuple[str, dict[str, Any]]
"""A resource's physical id (Ref) and its attributes (Fn::GetAtt)."""


class IncompatibleEmulatorError(RuntimeError):
    """The installed ministack is not the one this package was written for."""


def require(module: Any, name: str) -> Any:
    """The private ``name`` of a ministack module.

    Raises:
        IncompatibleEmulatorError: It is not there.
    """
    try:
        return getattr(module, name)
    except AttributeError:
        raise IncompatibleEmulatorError(
            f"{module.__name__} has no {name}: embedded_aws is written for ministack {PINNED}, "
            f"and {version('ministack')} is installed; pip install ministack=={PINNED}"
        ) from None


application = app.app
"""The ASGI application."""

_service_handlers = require(app, "SERVICE_HANDLERS")
_service_registry = require(app, "SERVICE_REGISTRY")
_state_map = require(app, "_state_map")
_loaded_modules = require(app, "_loaded_modules")
_data_plane = require(app, "_handle_special_data_plane_request")
_patterns = require(router, "SERVICE_PATTERNS")
_types = require(provisioners, "_RESOURCE_HANDLERS")
_runs_elsewhere = require(stacks, "_runs_on_worker_thread")
_goes_back = require(stacks, "_sends_back_failed_update")
_tagged = require(stacks, "_with_stack_tags")

_STATE = "embedded_aws"
_own_types: set[str] = set()
_own_tags: dict[str, str] = {}
_tag_maps: set[str] = set()
_stores: list[AccountRegionScopedDict] = []
_on_reset: list[Callable[[], None]] = []


def register_service(
    *, name: str, target_prefix: str, handle: Handler, reset: Callable[[], None]
) -> None:
    """Answer the JSON service whose ``X-Amz-Target`` begins with ``target_prefix``.

    ``handle`` runs on a thread of its own with the request's account and region, so it may call the
    emulator back. ``reset`` forgets what `account_region_store` does not hold.
    """

    module = f"embedded_{name}"
    _service_handlers[name] = _answering(handle)
    _service_registry[name] = {"module": module}
    _patterns[name] = {"target_prefixes": [target_prefix], "credential_scope": name}
    # Reset asks each loaded module in turn.
    _loaded_modules[module] = SimpleNamespace(reset=reset)


def replace_service(*, name: str, handle: Handler) -> None:
    """Answer a service of ministack's in its place; which requests are its own stays as it is.

    Raises:
        IncompatibleEmulatorError: ministack has no such service.
    """
    if name not in _service_registry:
        raise IncompatibleEmulatorError(
            f"ministack has no service {name}: embedded_aws is written for ministack {PINNED}"
        )
    _service_handlers[name] = _answering(handle)


def _answering(handle: Handler) -> Callable[..., Awaitable[Response]]:
    async def answer(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Response:
        # Not the shared pool: a call back needs a thread as well, and would wait for this one.
        status, answer_headers, content = await run_reentrant(
            handle, method, path, headers, body, query
        )
        return status, dict(answer_headers), content  # the emulator changes the headers

    return answer


def register_type(
    resource_type: str,
    *,
    create: Callable[[str, dict[str, Any], str], Made],
    update: Callable[..., Made] | None = None,
    delete: Callable[[str, dict[str, Any]], None],
    tags: str = "",
    tag_map: bool = False,
) -> None:
    """Make CloudFormation know a resource type.

    All three run on a thread of their own and may call the emulator back; an exception's text is the
    resource's status reason.

    Args:
        create: Logical id, properties, stack name in; physical id and attributes out.
        update: Physical id, old and new properties, stack name, logical id in; as ``create`` out.
            Another physical id is a replacement: the old resource is deleted once the update has
            succeeded. One that failed is called again with the properties swapped, to undo what it
            did. Without an update, any change makes the resource anew.
        delete: Physical id and properties in.
        tags: The property, a list of Key and Value, that the stack's tags are added to.
        tag_map: That property is a map instead.
    """
    handlers: dict[str, Any] = {"create": create, "delete": delete}
    if update is not None:
        handlers |= {"update": update, "update_with_logical_id": True}
    _types[resource_type] = handlers
    if tags:
        _own_tags[resource_type] = tags
    if tag_map:
        _tag_maps.add(resource_type)
    _own_types.add(resource_type)


def account_region_store() -> AccountRegionScopedDict:
    """A dictionary that holds, for each account and region of a request, its own entries.

    Reset empties it. Bind it to a global of its module, and put JSON values into it: that name is
    what it is saved under.
    """
    store = AccountRegionScopedDict()
    _stores.append(store)
    return store


def on_reset(forget: Callable[[], None]) -> None:
    """Call ``forget`` at each reset, for what `account_region_store` does not hold."""
    _on_reset.append(forget)


def install() -> None:
    """Put everything registered to work; once, after all, before the server starts."""
    stacks._runs_on_worker_thread = lambda kind: kind in _own_types or _runs_elsewhere(kind)
    # An update of ours that failed may be half done: as on AWS, the rollback sends it back.
    stacks._sends_back_failed_update = lambda kind: kind in _own_types or _goes_back(kind)
    stacks._with_stack_tags = _with_stack_tags
    app._handle_special_data_plane_request = _own_calls_first(
        require(app, "_handle_special_data_plane_request")
    )
    _service_registry[_STATE] = {"module": _STATE}
    _state_map[_STATE] = _STATE
    _loaded_modules[_STATE] = SimpleNamespace(
        reset=_reset, get_state=_get_state, load_persisted_state=_load_state
    )


def _with_stack_tags(
    resource_type: str, properties: dict[str, Any], stack_tags: list[dict[str, str]], *rest: Any
) -> dict[str, Any]:
    """The properties with the stack's tags; those that AWS reserves are not for a service's API."""
    name = _own_tags.get(resource_type)
    if name is None:
        tagged: dict[str, Any] = _tagged(resource_type, properties, stack_tags, *rest)
        return tagged
    if resource_type in _tag_maps:
        free = {tag["Key"]: tag["Value"] for tag in stack_tags if not tag["Key"].startswith("aws:")}
        tags = {**free, **properties.get(name, {})}
        return {**properties, name: tags} if tags else properties
    own = properties.get(name, [])
    present = {tag["Key"] for tag in own}
    added = [
        {"Key": tag["Key"], "Value": tag["Value"]}
        for tag in stack_tags
        if tag["Key"] not in present and not tag["Key"].startswith("aws:")
    ]
    return {**properties, name: [*own, *added]} if added else properties


def _own_calls_first(gate: Callable[..., Any]) -> Callable[..., Any]:
    """What resource types and services call is the inside of AWS: no gate stands before it."""

    @functools.wraps(gate)
    async def first(
        method: str, path: str, headers: dict[str, str], *rest: Any, **named: Any
    ) -> Any:
        handler = _data_plane if clients.is_own(headers) else gate
        return await handler(method, path, headers, *rest, **named)

    return first


def _reset() -> None:
    for store in _stores:
        store.clear()
    for forget in _on_reset:
        forget()


def _named_stores() -> dict[str, AccountRegionScopedDict]:
    """The stores by the globals they are bound to."""
    modules = [name for name in sys.modules if name.startswith(f"{__package__}.")]
    return {
        f"{module}.{name}": value
        for module in sorted(modules)
        for name, value in vars(sys.modules[module]).items()
        if any(value is store for store in _stores)
    }


def _get_state() -> dict[str, Any]:
    return {name: copy.deepcopy(store) for name, store in _named_stores().items()}


def _load_state(saved: dict[str, Any]) -> None:
    for name, store in _named_stores().items():
        if name in saved:
            store._data.update(saved[name]._data)
