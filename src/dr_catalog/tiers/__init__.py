"""What is offered: compositions of layers with a recovery objective.

A tier is any class with ``name`` and three methods, ``primary``, ``foundation`` and ``workload``, each
of which takes the app and an id and returns the stack of that template.
"""

from .warm_standby import WarmStandby

__all__ = ["WarmStandby"]
