"""The one place where this package takes hold of ministack.

Services and resource types are registered before the server starts. Everything private that is used
goes through ``require``, so that another version of ministack fails at start-up with its name, not
in the middle of a stack.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

from ministack import app
from ministack.core import router
from ministack.core.responses import AccountRegionScopedDict
from ministack.services.cloudformation import provisioners, stacks

PINNED = "1.5.33"

Handler = Callable[
    [str, str, dict[str, str], bytes, dict[str, Any]], tuple[int, dict[str, str], bytes]
]
"""Method, path, headers, body and query in; status, headers and body out."""


class IncompatibleEmulator(RuntimeError):
    """The installed ministack is not the one this package was written for."""


def require(module: Any, name: str) -> Any:
    """The private ``name`` of a ministack module.

    Raises:
        IncompatibleEmulator: It is not there.
    """
    try:
        return getattr(module, name)
    except AttributeError:
        raise IncompatibleEmulator(
            f"{module.__name__} has no {name}: embedded_aws is written for ministack {PINNED}, "
            f"and {version('ministack')} is installed; pip install ministack=={PINNED}"
        ) from None


_service_handlers = require(app, "SERVICE_HANDLERS")
_service_registry = require(app, "SERVICE_REGISTRY")
_loaded_modules = require(app, "_loaded_modules")
_patterns = require(router, "SERVICE_PATTERNS")
_types = require(provisioners, "_RESOURCE_HANDLERS")
_own_types: set[str] = set()
_runs_elsewhere = require(stacks, "_runs_on_worker_thread")


def register_service(
    *, name: str, target_prefix: str, handle: Handler, reset: Callable[[], None]
) -> None:
    """Answer the JSON service whose ``X-Amz-Target`` begins with ``target_prefix``.

    ``handle`` runs on a worker thread with the request's account and region, so it may call the
    emulator back.
    """

    async def answer(method, path, headers, body, query):  # type: ignore[no-untyped-def]
        return await asyncio.to_thread(handle, method, path, headers, body, query)

    _service_handlers[name] = answer
    _patterns[name] = {"target_prefixes": [target_prefix], "credential_scope": name}
    register_reset(name, reset)


def register_reset(name: str, reset: Callable[[], None]) -> None:
    """Run ``reset`` whenever the emulator is reset."""
    # Reset asks each registered module that is loaded.
    _service_registry[name] = {"module": f"embedded_{name}"}
    _loaded_modules[f"embedded_{name}"] = SimpleNamespace(reset=reset)


def register_type(
    resource_type: str,
    *,
    create: Callable[[str, dict[str, Any], str], tuple[str, dict[str, Any]]],
    update: Callable[..., tuple[str, dict[str, Any]]],
    delete: Callable[[str, dict[str, Any]], None],
) -> None:
    """Make CloudFormation know a resource type.

    All three run on a worker thread and may call the emulator back.

    Args:
        create: Logical id, properties, stack name in; physical id and attributes out.
        update: Physical id, old and new properties, stack name, logical id in; as ``create`` out.
        delete: Physical id and properties in.
    """
    _types[resource_type] = {
        "create": create,
        "update": update,
        "update_with_logical_id": True,
        "delete": delete,
    }
    _own_types.add(resource_type)


def account_region_store() -> AccountRegionScopedDict:
    """A dictionary that holds, for each account and region of a request, its own entries."""
    return AccountRegionScopedDict()


def install() -> None:
    """Let the registered types run on worker threads; once, before the server starts."""
    stacks._runs_on_worker_thread = lambda kind: kind in _own_types or _runs_elsewhere(kind)
