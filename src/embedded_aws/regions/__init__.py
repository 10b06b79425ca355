"""Taking a region away, or a part of it, and giving it back: ``POST /_embedded/regions``.

state.py: what is away, and who is told when it changes
-> requests.py (what front lets through), management.py (the control plane), functions.py (code that
runs there), and each service that replicates: it asks `state.held`, leaves what does not get through
with backlog.py, or catches up by itself when it is told of the change
"""

from __future__ import annotations


def register() -> None:
    """Put the control and the stops in place."""
    from . import backlog, functions, management, state

    state.install()
    backlog.install()
    functions.install()
    management.install()
