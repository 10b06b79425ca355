"""Taking a region away, or a part of it, and giving it back: ``POST /_embedded/regions``.

state.py: what is away, and who is told when it changes
-> requests.py (what front lets through), management.py (the control plane), functions.py (code that runs there), and each service that replicates: it
asks `state.held`, keeps what does not get through, and catches up when it is told of the change
"""

from __future__ import annotations


def register() -> None:
    """Put the control and the stops in place."""
    from . import functions, management, state

    state.install()
    functions.install()
    management.install()
