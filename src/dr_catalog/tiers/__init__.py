"""What is offered: compositions of layers with a recovery objective.

A tier is any class with ``name`` and the method ``primary``, perhaps ``foundation``, ``workload``, ``witness`` and
``restore``, each of which takes the app and an id and returns the stack of that template. Each tier here is one
short module that says what its templates are composed of; ``parts`` has what they share.

A tier is imported when it is asked for: publishing synthesises none, and a tier loads much of CDK.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .active_active import ActiveActive
    from .backup_restore import BackupRestore
    from .pilot_light import PilotLight
    from .warm_standby import WarmStandby

__all__ = ["ActiveActive", "BackupRestore", "PilotLight", "WarmStandby"]

_MODULES = {
    "ActiveActive": ".active_active",
    "BackupRestore": ".backup_restore",
    "PilotLight": ".pilot_light",
    "WarmStandby": ".warm_standby",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module(_MODULES[name], __name__), name)
