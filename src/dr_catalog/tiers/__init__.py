"""What is offered: compositions of layers with a recovery objective.

A tier is any class with ``name`` and three methods, ``primary``, ``foundation`` and ``workload``, perhaps ``witness``, each
of which takes the app and an id and returns the stack of that template.

A tier is imported when it is asked for: publishing synthesises none, and a tier loads much of CDK.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .pilot_light import PilotLight
    from .warm_standby import WarmStandby

__all__ = ["PilotLight", "WarmStandby"]

_MODULES = {"PilotLight": ".pilot_light", "WarmStandby": ".warm_standby"}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__} has no attribute {name}")
    return getattr(import_module(_MODULES[name], __name__), name)
